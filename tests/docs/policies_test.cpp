// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The code of docs/policies.md and docs/choosing_a_scheme.md: what stands between "NAME begins" and "NAME ends" is
/// shown there.
#include <quantkit/observers/percentile.hpp>

#include <doctest/doctest.h>

// headers begins
#include <quantkit/metrics/metric.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/value_runs.hpp>
#include <quantkit/sensitivity/measure_sensitivity.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/types.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace qk = quantkit;
// headers ends

// observer begins
/// mean - 3 sigma to mean + 3 sigma of all values.
struct three_sigma_observer
{
    double count = 0, sum = 0, squares = 0;

    template <qk::tensor_of<float> Tensor>
    void observe(const Tensor& batch)
    {
        qk::for_each_value_run(batch,
                               [&](const float* x, std::size_t n)
                               {
                                   count += static_cast<double>(n);
                                   for (std::size_t i = 0; i < n; ++i)
                                   {
                                       sum += x[i];
                                       squares += static_cast<double>(x[i]) * x[i];
                                   }
                               });
    }

    void merge(const three_sigma_observer& other)
    {
        count += other.count;
        sum += other.sum;
        squares += other.squares;
    }

    void reset() { *this = {}; }

    qk::real_range range() const
    {
        if (count == 0)
            return qk::nothing_observed;
        const double mean = sum / count, sigma = std::sqrt(squares / count - mean * mean);
        return { static_cast<float>(mean - 3 * sigma), static_cast<float>(mean + 3 * sigma) };
    }
};
static_assert(qk::mergeable_observer<three_sigma_observer>);
// observer ends

// rounding begins
/// Cuts the fraction off.
struct toward_zero
{
    float operator()(float x, std::uint64_t /*index*/) const { return std::trunc(x); }
};
static_assert(qk::rounding_policy<toward_zero>);
// rounding ends

// metric begins
/// What the metric reads: it sees pairs of tensors, and unites with what another one saw.
struct seen_signs
{
    std::size_t values = 0, flips = 0;

    void observe(qk::tensor_view<const float> reference, qk::tensor_view<const float> approximation)
    {
        for (std::ptrdiff_t i = 0; i < reference.size(); ++i) // contiguous here; tensor_walk.hpp walks any layout
            flips += std::signbit(reference.data()[i]) != std::signbit(approximation.data()[i]);
        values += static_cast<std::size_t>(reference.size());
    }

    void merge(const seen_signs& other)
    {
        values += other.values;
        flips += other.flips;
    }
};

struct sign_flips
{
    using accumulator = seen_signs;
    static constexpr std::string_view name = "share of changed signs";
    static constexpr bool higher_is_better = false;

    double operator()(const seen_signs& seen) const
    {
        return seen.values == 0 ? 0.0 : static_cast<double>(seen.flips) / static_cast<double>(seen.values);
    }
};
static_assert(qk::pair_metric<sign_flips>);
// metric ends

// runtime begins
/// Two layers that any runtime could compute: y = b * (a * x), each factor in float or as a multiple of 1/16.
struct my_runtime
{
    float a = 0.7123f, b = 1.9f;

    std::vector<qk::layer_facts> layers() const
    {
        return { { "a", qk::layer_kind::feed_forward, 1, 1 }, { "b", qk::layer_kind::output_projection, 1, 1 } };
    }
    std::vector<qk::candidate> candidates() const { return { { "FP32" }, { "sixteenths" } }; }
    bool allows(std::size_t /*layer*/, std::size_t /*candidate*/) const { return true; }
    std::size_t bytes(std::size_t /*layer*/, std::size_t candidate) const { return candidate == 0 ? 4 : 1; }
    std::size_t samples() const { return 64; }
    std::size_t output_size() const { return 1; }

    void run(const qk::choices& plan, std::size_t first, std::size_t count, std::span<float> outputs) const
    {
        const auto chosen = [&](std::size_t layer, float value)
        { return plan[layer] == 0 ? value : std::round(value * 16) / 16; };
        for (std::size_t i = 0; i < count; ++i)
            outputs[i] = chosen(1, b) * (chosen(0, a) * static_cast<float>(first + i));
    }
};
static_assert(qk::evaluated_model<my_runtime>);
// runtime ends

TEST_CASE("docs: an observer and a rounding of one's own")
{
    // use begins
    qk::matrix_f x = qk::matrix_f::Random(64, 64);
    x(3, 5) = 100.0f; // an outlier

    three_sigma_observer observer;
    observer.observe(x);
    const qk::qparams params = qk::choose_qparams<qk::uint8_full>(observer);
    const qk::quantizer<qk::uint8_full, qk::per_tensor, toward_zero> quantize { params };
    const auto codes = quantize(x);

    const double flips = qk::measure<sign_flips>(x, (x.array() - 0.1f).matrix().eval());
    // use ends
    CHECK(params.scale < 0.1f);
    CHECK(codes.size() == x.size());
    CHECK(flips == doctest::Approx(0.05).epsilon(0.2));
}

TEST_CASE("docs: a runtime of one's own")
{
    // sensitivity begins
    const qk::sensitivity_table table = qk::measure_sensitivity(my_runtime {});
    const bool a_is_more_sensitive = table.at(0, 1).error > table.at(1, 1).error;
    // sensitivity ends
    CHECK(a_is_more_sensitive);
    CHECK(table.at(0, 0).error == 0.0);
}

TEST_CASE("docs: choosing a scheme")
{
    const qk::matrix_f weight = qk::matrix_f::Random(32, 64), x = qk::matrix_f::Random(128, 64).cwiseMax(0.0f);
    // scheme begins
    // weights: int8 with one scale an output, or int4 with one for 32 inputs of an output; symmetric, as they are
    // signed
    const auto codes = qk::quantize<qk::int8_narrow>(weight, qk::per_axis { .axis = 0 });
    const auto small = qk::quantize<qk::int4_full>(weight, qk::per_group { 1, 32 });

    // activations: uint8 with one pair for all, from a range that leaves outliers out
    qk::percentile_observer observer { { .percentile = 99.99 } };
    observer.observe(x);
    const qk::qparams input = qk::choose_qparams<qk::uint8_full>(observer);                      // affine
    const qk::qparams shift = qk::choose_qparams<qk::uint8_full>(observer, qk::power_of_two {}); // for shifts
    // scheme ends
    CHECK(codes.scales().size() == 32);
    CHECK(small.scales().size() == 64);
    CHECK(input.scale == doctest::Approx(1.0 / 255).epsilon(0.01));
    CHECK(input.zero_point == 0);
    CHECK(std::log2(shift.scale) == std::round(std::log2(shift.scale)));
}
