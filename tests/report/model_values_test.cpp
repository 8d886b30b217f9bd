// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/report/model_values.hpp>

#include <quantkit/model/model_builder.hpp>
#include <quantkit/observers/constant_range.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;

namespace
{
    /// y = relu(x [1 -2; 0.5 0.25]^T), then a product whose result is the output.
    model small_model()
    {
        weight_set weights;
        weights.add("fc.0.weight", { 2, 2 }, { 1.0f, -2.0f, 0.5f, 0.25f });
        weights.add("fc.0.bias", { 2 }, { 0.0f, 0.0f });
        weights.add("fc.1.weight", { 1, 2 }, { 1.0f, 1.0f });
        weights.add("fc.1.bias", { 1 }, { 0.0f });
        return model_builder({ .features = 2 })
            .linear("fc.0", 2, 2)
            .activation("act", activation_function::relu)
            .linear("fc.1", 2, 1)
            .build(weights);
    }

    report_data report_of_layers()
    {
        report_data report;
        for (const char* name : { "fc.0", "act", "fc.1" })
        {
            report_layer layer;
            layer.name = name;
            layer.error = layer.name == "act" ? 2.0 : 1.0;
            report.layers.push_back(layer);
        }
        return report;
    }

    std::string names_of(const std::vector<report_histogram>& histograms)
    {
        std::string names;
        for (const report_histogram& each : histograms)
            names += (names.empty() ? "" : "; ") + each.name;
        return names;
    }
}

TEST_CASE("add_values: results in codes of their calibrated ranges, histograms of the most sensitive first")
{
    prepared_model prepared = prepare(small_model());
    const matrix_f calibration { { 0.0f, 0.0f }, { 2.0f, 0.0f } }, x { { 1.0f, 0.0f }, { 4.0f, 0.0f } };
    calibrate(prepared, calibration);
    report_data report = report_of_layers();
    add_values(report, prepared, quantized_values_of(prepared, x));

    CHECK(!report.layers[0].error_parts); // runs into the activation
    REQUIRE(report.layers[1].error_parts.has_value());
    // relu: 1 0.5 4 2 in a range up to 2, so 4 saturates and costs (4 - 2)^2 / 4
    CHECK(report.layers[1].error_parts->clipping == doctest::Approx(1.0).epsilon(1e-4));
    CHECK(report.layers[1].error_parts->rounding < 1e-5);
    CHECK(*report.layers[1].saturation_rate == 0.25);
    CHECK(*report.layers[1].dead_codes == 253.0 / 256.0); // 4 and 2 share the last code
    CHECK(names_of(report.histograms) == "input; act, result; fc.0, weights; fc.1, result; fc.1, weights");
    CHECK(report.histograms[0].kind == value_kind::activations);
    CHECK(report.histograms[2].kind == value_kind::weights);
    CHECK(report.histograms[2].clip_high == doctest::Approx(2.0));
    CHECK(report.histograms[2].clip_low == doctest::Approx(-2.0));
}

TEST_CASE("add_values: the observer chooses the range")
{
    qconfig config;
    config.activations = constant_range_observer { { 0.0f, 1.0f } };
    prepared_model prepared = prepare(small_model(), config);
    calibrate(prepared, matrix_f { { 3.0f, 0.0f } });
    report_data report = report_of_layers();
    add_values(report, prepared, quantized_values_of(prepared, matrix_f { { 3.0f, 0.0f } }));
    CHECK(report.histograms[0].clip_high == doctest::Approx(1.0));
    CHECK(*report.layers[2].saturation_rate == 1.0);
}

TEST_CASE("add_values: values and layers of another model")
{
    prepared_model prepared = prepare(small_model());
    report_data report = report_of_layers();
    CHECK_THROWS_WITH_AS(add_values(report, prepared, {}), "quantkit: the model has 3 values, not 0",
                         std::invalid_argument);
    const matrix_f x { { 1.0f, 0.0f } };
    calibrate(prepared, x);
    report.layers[1].name = "other";
    CHECK_THROWS_AS(add_values(report, prepared, quantized_values_of(prepared, x)), std::invalid_argument);
}
