// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/fallback.hpp>

#include <quantkit/observers/constant_range.hpp>

#include "io/temporary_folder.hpp"
#include "support/sample_models.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

using namespace quantkit;
using namespace quantkit::test;

namespace
{
    constexpr double infinity = std::numeric_limits<double>::infinity();

    std::vector<matrix_f> batches_for(const model& network)
    {
        return { random_input(network, 4, 1), random_input(network, 1, 2), random_input(network, 7, 3) };
    }

    /// By hand: all outputs side by side.
    template <class Metric>
    double error_by_definition(const quantized_model& quantized, const std::vector<matrix_f>& batches)
    {
        const session in_float(quantized.network), run(quantized);
        std::vector<float> reference, approximation;
        for (const matrix_f& batch : batches)
        {
            const matrix_f r = in_float(batch), a = run(batch);
            reference.insert(reference.end(), r.data(), r.data() + r.size());
            approximation.insert(approximation.end(), a.data(), a.data() + a.size());
        }
        const auto count = static_cast<Eigen::Index>(reference.size());
        return measure<Metric>(Eigen::Map<const vector_f>(reference.data(), count),
                               Eigen::Map<const vector_f>(approximation.data(), count));
    }

    quantized_model converted(const model& network, const std::vector<matrix_f>& batches)
    {
        prepared_model prepared = prepare(network);
        for (const matrix_f& batch : batches)
            calibrate(prepared, batch);
        return convert(prepared);
    }
}

TEST_CASE("fallback: a loose bound takes the first candidate and tries no other")
{
    const model network = sample_encoder();
    const fallback_result result = quantize_with_fallback(network, batches_for(network), error_bound(1.0));
    REQUIRE(result.accepted);
    CHECK(result.taken() == "INT8 dynamic");
    REQUIRE(result.tried.size() == 1);
    CHECK(result.tried[0].refusal.empty());
    CHECK(result.accepted->plan.otherwise == int8_dynamic);
    CHECK(result.text() == "INT8 dynamic: taken\n");
}

TEST_CASE("fallback: each candidate is measured by definition, and the first within the bound is taken")
{
    const model network = sample_mlp();
    const auto batches = batches_for(network);
    const double int8 = error_by_definition<sqnr_db>(quantize_dynamic(network), batches);
    const double int16 = error_by_definition<sqnr_db>(quantize_dynamic(network, int16_dynamic), batches);
    REQUIRE(int8 < int16);
    const fallback_result result = quantize_with_fallback(network, batches, error_bound((int8 + int16) / 2));
    CHECK(result.taken() == "INT16 dynamic per row");
    REQUIRE(result.tried.size() == 2);
    CHECK(result.tried[0].measured == int8);
    CHECK(result.tried[0].refusal == concat("SQNR [dB] ", int8, ", but the bound is at least ", (int8 + int16) / 2));
    CHECK(result.tried[1].measured == int16);
    CHECK(result.accepted->plan.otherwise == int16_dynamic);
    SUBCASE("a value at the bound is within it")
    {
        CHECK(quantize_with_fallback(network, batches, error_bound(int8)).taken() == "INT8 dynamic");
    }
}

TEST_CASE("fallback: static INT8 is calibrated on the batches, and FP32 is the last resort")
{
    const model network = sample_encoder();
    const auto batches = batches_for(network);
    const fallback_result result = quantize_with_fallback(network, batches, error_bound(infinity));
    REQUIRE(result.tried.size() == 4);
    CHECK(result.tried[2].name == "INT8 static");
    CHECK(result.tried[2].measured == error_by_definition<sqnr_db>(converted(network, batches), batches));
    CHECK(result.taken() == "FP32");
    CHECK(result.tried[3].measured == infinity);
}

TEST_CASE("fallback: a metric of which less is better, and the caller's candidates with their own configuration")
{
    const model network = sample_mlp();
    const auto batches = batches_for(network);
    qconfig far_too_wide;
    far_too_wide.activations = constant_range_observer { { -1e4f, 1e4f } };
    const std::vector<quantization_candidate> candidates { { "wide", { int8_static }, far_too_wide },
                                                           { "fitting", { int8_static } } };
    const fallback_result result = quantize_with_fallback(network, batches, error_bound<mse>(1e-4), candidates);
    CHECK(result.taken() == "fitting");
    REQUIRE(result.tried.size() == 2);
    CHECK(*result.tried[0].measured > 1e-4);
    CHECK(result.tried[0].refusal == concat("MSE ", *result.tried[0].measured, ", but the bound is at most 1e-04"));
    CHECK(result.tried[1].measured == error_by_definition<mse>(converted(network, batches), batches));
}

TEST_CASE("fallback: a candidate that throws is refused with its text, and the next one is tried")
{
    const model network = sample_mlp();
    layer_precision groups_of_7 = int4_weights;
    groups_of_7.granularity = per_group { 1, 7 };
    const std::vector<quantization_candidate> candidates { { "unknown layer", { int8_dynamic, { { "nowhere", {} } } } },
                                                           { "groups of 7", { groups_of_7 } },
                                                           { "no such layer", { { precision::float8_e4m3 } } },
                                                           { "INT8", { int8_dynamic } } };
    const fallback_result result = quantize_with_fallback(network, batches_for(network), error_bound(1.0), candidates);
    CHECK(result.taken() == "INT8");
    REQUIRE(result.tried.size() == 4);
    CHECK(result.tried[0].refusal == "quantkit: the model has no layer 'nowhere'");
    CHECK(result.tried[1].refusal.find("multiple of 8") != std::string::npos);
    CHECK(result.tried[2].refusal.starts_with("quantkit: no layer computes with FP8 E4M3 weights"));
    for (std::size_t i = 0; i < 3; ++i)
        CHECK_FALSE(result.tried[i].measured);
}

TEST_CASE("fallback: where all are refused, the result says so")
{
    const model network = sample_mlp();
    const std::vector<quantization_candidate> candidates { { "INT8", { int8_dynamic } } };
    const fallback_result result =
        quantize_with_fallback(network, batches_for(network), error_bound(500.0), candidates);
    CHECK_FALSE(result.accepted);
    CHECK(result.taken().empty());
    REQUIRE(result.tried.size() == 1);
    CHECK(result.text()
          == concat("INT8: refused, SQNR [dB] ", *result.tried[0].measured,
                    ", but the bound is at least 500\nall candidates were refused\n"));
}

TEST_CASE("fallback: outputs that are NaN are within no bound")
{
    const model network = sample_mlp();
    auto batches = batches_for(network);
    batches[1](0, 0) = std::numeric_limits<float>::quiet_NaN();
    const fallback_result result = quantize_with_fallback(network, batches, error_bound(-infinity));
    CHECK_FALSE(result.accepted);
    REQUIRE(result.tried.size() == 4);
    for (const candidate_outcome& outcome : result.tried)
        CHECK_FALSE(outcome.refusal.empty());
    CHECK_FALSE(error_bound<mse>(infinity).accepts(std::numeric_limits<double>::quiet_NaN()));
}

TEST_CASE("fallback: no batches, no candidates and batches that do not fit are the caller's errors")
{
    const model network = sample_mlp();
    CHECK(error_of([&] { quantize_with_fallback(network, std::vector<matrix_f> {}, error_bound(1.0)); })
          == "quantkit: no batches to measure candidates on");
    CHECK(error_of([&] { quantize_with_fallback(network, batches_for(network), error_bound(1.0), {}); })
          == "quantkit: no candidates to choose from");
    const std::vector<matrix_f> narrow { matrix_f::Zero(2, 8) };
    CHECK(error_of([&] { quantize_with_fallback(network, narrow, error_bound(1.0)); })
              .starts_with("quantkit: the input must have the shape [batch, 1, 9]"));
}
