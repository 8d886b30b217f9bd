// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/preflight.hpp>

#include "model/random_weights.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    using findings = std::vector<finding>;

    constexpr float missing = std::numeric_limits<float>::quiet_NaN();
    constexpr float infinity = std::numeric_limits<float>::infinity();

    model_builder mlp(std::size_t features = 8)
    {
        model_builder builder({ .features = features });
        builder.linear("fc1", features, 16).activation("act", activation_function::relu).linear("fc2", 16, 3);
        return builder;
    }

    /// The builder's model, some of whose random weights a test has changed.
    template <class Change>
    model changed(const model_builder& builder, const std::string& name, const Change& change)
    {
        const weight_set random = random_weights(1).of(builder.layers());
        weight_set weights;
        for (const auto& [each, tensor] : random)
        {
            std::vector<float> values = tensor.values;
            if (each == name)
                change(values);
            weights.add(each, tensor.shape, std::move(values));
        }
        return builder.build(std::move(weights));
    }

    matrix_f samples(Eigen::Index count, Eigen::Index features = 8, std::uint64_t seed = 3)
    {
        const std::vector<float> values = random_floats(static_cast<std::size_t>(count * features), seed);
        return Eigen::Map<const matrix_f>(values.data(), count, features);
    }

    findings of_code(const findings& all, finding_code code)
    {
        findings some;
        std::copy_if(all.begin(), all.end(), std::back_inserter(some),
                     [&](const finding& each) { return each.code == code; });
        return some;
    }

    /// The only one of its code.
    finding only(const findings& all, finding_code code)
    {
        const findings some = of_code(all, code);
        INFO(text_of(all));
        REQUIRE(some.size() == 1);
        return some[0];
    }

    double number(const finding& of, std::string_view meaning)
    {
        for (const finding_number& each : of.numbers)
            if (each.meaning == meaning)
                return each.value;
        FAIL("no number " << std::string(meaning) << " in: " << of.text);
        return 0.0;
    }

    /// Those that say more than what is active and what stays in float.
    findings worth_reading(const findings& all)
    {
        findings some;
        std::copy_if(all.begin(), all.end(), std::back_inserter(some),
                     [](const finding& each) { return each.severity != finding_severity::note; });
        return some;
    }

    preflight_target plan_of(const layer_precision& layers) { return { .plan = { layers } }; }
}

TEST_CASE("a sound model with enough data: no warning, and the ISA in a note")
{
    const model network = with_random_weights(mlp());
    const findings found = preflight(network, samples(200), samples(50, 8, 3));
    INFO(text_of(found));
    CHECK_FALSE(has_errors(found));
    const findings serious = worth_reading(found);
    CHECK(std::all_of(serious.begin(), serious.end(),
                      [](const finding& each) { return each.code == finding_code::only_scalar; }));
    const finding active = only(found, finding_code::instruction_set);
    CHECK(active.severity == finding_severity::note);
    CHECK(active.text.find(isa().micro_kernel) != std::string::npos);
    CHECK(active.text.find(isa().kernels) != std::string::npos);
}

TEST_CASE("no error means that it converts, for every precision; an error that it does not")
{
    const model network = with_random_weights(mlp(32));
    const matrix_f data = samples(120, 32);
    const layer_precision plans[] { fp32_layer,
                                    fp16_layer,
                                    bf16_layer,
                                    int8_static,
                                    int8_dynamic,
                                    int8_dynamic_per_row,
                                    int16_dynamic,
                                    int8_weights,
                                    int4_weights,
                                    int4_weights_int8_dynamic,
                                    { precision::int8, activation_mode::real, per_group { 1, 4 } },
                                    { precision::int8, activation_mode::dynamic_per_row, per_group { 1, 4 } },
                                    { precision::int8, activation_mode::calibrated, per_group { 1, 6 } },
                                    { precision::int8, activation_mode::calibrated, per_group { 0, 8 } },
                                    { precision::int8, activation_mode::calibrated, per_axis { 1 } },
                                    { precision::int8, activation_mode::calibrated, per_tensor {} },
                                    { precision::int4, activation_mode::calibrated, per_axis {} },
                                    { precision::int4, activation_mode::dynamic_per_row, per_group { 1, 12 } },
                                    { precision::int4, activation_mode::dynamic_per_row, per_group { 1, 0 } },
                                    { precision::int16, activation_mode::dynamic_per_row, per_group { 1, 8 } },
                                    { precision::int16, activation_mode::real, per_axis {} },
                                    { precision::float8_e4m3, activation_mode::real, per_axis {} },
                                    { precision::fp16, activation_mode::calibrated, per_axis {} } };
    std::size_t refused = 0;
    for (const layer_precision& layer : plans)
    {
        const findings found = preflight(network, data, plan_of(layer));
        prepared_model prepared = prepare(network);
        calibrate(prepared, data);
        const std::string text = error_of([&] { session(convert(prepared, { layer })); });
        INFO(name_of(layer), ": ", text, "\n", text_of(found));
        CHECK(has_errors(found) == !text.empty());
        CHECK(of_code(found, finding_code::conversion_failed).empty());
        refused += !text.empty();
    }
    CHECK(refused >= 9);
}

TEST_CASE("layers and precisions that do not fit each other")
{
    const model network = with_random_weights(mlp());
    preflight_target target { .plan = { fp32_layer,
                                        { { "fc1", { precision::int4, activation_mode::calibrated, per_axis {} } },
                                          { "act", int8_static },
                                          { "fc3", int8_static } } } };
    const findings found = preflight(network, target);
    CHECK(only(found, finding_code::unsupported_precision).name == "fc1");
    CHECK(only(found, finding_code::unsupported_precision).severity == finding_severity::error);
    CHECK(only(found, finding_code::unknown_layer).name == "fc3");
    CHECK(of_code(found, finding_code::stays_in_float).empty()); // act runs in fc1's epilogue
}

TEST_CASE("layers that stay in float: a note, or a warning where the plan names them")
{
    model_builder builder({ 5, 8 });
    builder.attention("attn", 8, 2).layer_norm("norm", 8).dropout("drop", 0.1f).softmax("soft").linear("fc", 8, 2);
    const model network = with_random_weights(builder);
    const auto names = [&](const precision_plan& plan, finding_severity severity)
    {
        std::set<std::string> found;
        for (const finding& each : of_code(preflight(network, { .plan = plan }), finding_code::stays_in_float))
            if (each.severity == severity)
                found.insert(each.name);
        return found;
    };
    using text_set = std::set<std::string>;
    CHECK(names({ int8_dynamic }, finding_severity::note) == text_set { "norm", "soft" });
    CHECK(names({ int8_dynamic, { { "norm", int8_dynamic } } }, finding_severity::note) == text_set { "soft" });
    CHECK(names({ int8_dynamic, { { "norm", int8_dynamic } } }, finding_severity::warning) == text_set { "norm" });
    CHECK(names({ fp16_layer }, finding_severity::note).empty());
}

TEST_CASE("groups: shorter at the end, longer than k, or not what the kernels take")
{
    const model network = with_random_weights(mlp(12));
    const auto groups = [&](std::ptrdiff_t size, precision weights = precision::int4)
    {
        const layer_precision layer { weights, activation_mode::dynamic_per_row, per_group { 1, size } };
        return preflight(network, { .plan = { fp32_layer, { { "fc1", layer } } } });
    };
    const finding shorter = only(groups(8), finding_code::groups_do_not_fit);
    CHECK(shorter.severity == finding_severity::note);
    CHECK(shorter.text == "the last group of an output has only 4 of 8 weights");
    CHECK(number(shorter, "k") == 12.0);
    const finding longer = only(groups(16), finding_code::groups_do_not_fit);
    CHECK(longer.severity == finding_severity::note);
    CHECK(longer.text == "groups of 16 are longer than the 12 weights of an output");
    const finding odd = only(groups(12), finding_code::groups_do_not_fit);
    CHECK(odd.severity == finding_severity::error);
    CHECK(odd.text == "groups must lie along axis 1 and have a multiple of 8 weights, but have 12 along axis 1");
    CHECK(of_code(groups(12, precision::int8), finding_code::groups_do_not_fit).empty());
    CHECK(only(groups(8, precision::int16), finding_code::groups_do_not_fit).text == "INT16 weights have no groups");
}

TEST_CASE("the longest sums that fit an int32, and the first that do not")
{
    const auto found = [](std::size_t k, const layer_precision& layer)
    {
        model_builder builder({ .features = k });
        builder.linear("fc", k, 1);
        return preflight(with_random_weights(builder), plan_of(layer));
    };
    CHECK(of_code(found(66'311, int8_dynamic), finding_code::accumulator_overflow).empty());
    CHECK_FALSE(has_errors(found(66'311, int8_dynamic)));
    const finding overflow = only(found(66'312, int8_dynamic), finding_code::accumulator_overflow);
    CHECK(overflow.severity == finding_severity::error);
    CHECK(overflow.name == "fc");
    CHECK(number(overflow, "k") == 66'312.0);
    CHECK(number(overflow, "limit") == 66'311.0);
    for (const layer_precision& layer : { int8_weights, int16_dynamic, int4_weights_int8_dynamic, fp32_layer })
        CHECK_FALSE(has_errors(found(66'312, layer)));
}

TEST_CASE("calibration data that are missing or few")
{
    const model network = with_random_weights(mlp());
    const finding none = only(preflight(network), finding_code::no_calibration_data);
    CHECK(none.severity == finding_severity::error);
    CHECK(number(none, "values") == 2.0);
    CHECK(only(preflight(network, matrix_f(0, 8)), finding_code::no_calibration_data).name == "input");
    CHECK_FALSE(has_errors(preflight(network, plan_of(int8_dynamic))));

    const finding few = only(preflight(network, samples(99)), finding_code::few_samples);
    CHECK(few.severity == finding_severity::warning);
    CHECK(few.text == "99 samples may miss values that occur; calibrate with at least 100");
    CHECK(of_code(preflight(network, samples(100)), finding_code::few_samples).empty());
    preflight_target modest;
    modest.limits.samples = 10;
    CHECK(of_code(preflight(network, samples(10), modest), finding_code::few_samples).empty());
    CHECK(of_code(preflight(network, samples(1), plan_of(int8_dynamic)), finding_code::few_samples).empty());
}

TEST_CASE("samples are counted in every shape that a session takes")
{
    model_builder builder({ 5, 4 });
    builder.linear("fc", 4, 2);
    const model network = with_random_weights(builder);
    const std::vector<float> values = random_floats(7 * 20, 1);
    for (const tensor_shape& shape : { tensor_shape { 7, 20 }, tensor_shape { 35, 4 }, tensor_shape { 7, 5, 4 } })
    {
        const findings found = preflight(network, tensor_view<const float>(values.data(), shape));
        CHECK(number(only(found, finding_code::few_samples), "samples") == 7.0);
        CHECK_FALSE(has_errors(found));
    }
}

TEST_CASE("data whose shape or indices do not fit")
{
    const model network = with_random_weights(mlp());
    const finding shape = only(preflight(network, samples(120, 7)), finding_code::data_does_not_fit);
    CHECK(shape.severity == finding_severity::error);
    CHECK(shape.text.find("calibration data") != std::string::npos);
    CHECK(shape.text.find("[120, 7]") == std::string::npos); // of the part that was run
    const finding evaluation = only(preflight(network, samples(120), samples(3, 5)), finding_code::data_does_not_fit);
    CHECK(evaluation.text.find("evaluation data") != std::string::npos);

    model_builder builder({ 3, 1 });
    builder.embedding("table", 4, 8).linear("fc", 8, 2);
    const matrix_f beyond = matrix_f::Constant(10, 3, 4.0f);
    const findings found = preflight(with_random_weights(builder), beyond);
    CHECK(only(found, finding_code::data_does_not_fit).text.find("the embedding has 4 entries") != std::string::npos);
}

TEST_CASE("NaN and infinities in weights and data")
{
    const model network =
        changed(mlp(), "fc1.weight", [](std::vector<float>& values) { values[5] = missing, values[7] = -infinity; });
    const findings found = preflight(network, samples(120));
    const finding weight = only(found, finding_code::non_finite_weight);
    CHECK(weight.severity == finding_severity::error);
    CHECK(weight.name == "fc1.weight");
    CHECK(number(weight, "count") == 2.0);
    CHECK(only(found, finding_code::non_finite_activation).name == "fc1");

    matrix_f data = samples(120);
    data(100, 3) = infinity;
    data(7, 1) = missing;
    const findings in_data = preflight(with_random_weights(mlp()), data);
    CHECK(only(in_data, finding_code::non_finite_data).name == "input");
    CHECK(number(only(in_data, finding_code::non_finite_data), "count") == 2.0);
    CHECK(number(only(in_data, finding_code::non_finite_data), "values") == 960.0);
    CHECK(has_errors(in_data));
}

TEST_CASE("dead and constant outputs of weights, and gains that are 0")
{
    const auto change = [](std::vector<float>& values)
    {
        std::fill_n(values.begin() + 2 * 8, 8, 0.0f);
        std::fill_n(values.begin() + 4 * 8, 16, 0.25f);
    };
    const findings found = preflight(changed(mlp(), "fc1.weight", change), samples(120));
    const finding zeros = only(found, finding_code::zero_channel);
    CHECK(zeros.severity == finding_severity::warning);
    CHECK(zeros.name == "fc1");
    CHECK(zeros.text == "1 of 16 outputs of 'fc1.weight' have only zeros, the first is 2");
    const finding constants = only(found, finding_code::constant_channel);
    CHECK(number(constants, "count") == 2.0);
    CHECK(number(constants, "first") == 4.0);
    CHECK_FALSE(has_errors(found));

    model_builder builder({ .features = 8 });
    builder.layer_norm("norm", 8).linear("fc", 8, 2);
    const model normed = changed(builder, "norm.weight", [](std::vector<float>& gains) { gains[6] = 0.0f; });
    CHECK(only(preflight(normed, samples(120)), finding_code::zero_channel).name == "norm");
}

TEST_CASE("one weight of 8 is no constant output where there is one input")
{
    model_builder builder({ .features = 1 });
    builder.linear("fc", 1, 4);
    CHECK(of_code(preflight(with_random_weights(builder), samples(120, 1)), finding_code::constant_channel).empty());
}

TEST_CASE("outliers of weights and biases")
{
    const auto change = [](std::vector<float>& values)
    {
        std::fill(values.begin(), values.end(), 0.5f);
        for (std::size_t i = 0; i < values.size(); i += 2)
            values[i] = -0.5f;
        values[3 * 8 + 1] = 64.0f;
        values[9 * 8] = 20.0f;
    };
    const model network = changed(mlp(), "fc1.weight", change);
    const finding weights = only(preflight(network, samples(120)), finding_code::weight_outlier);
    CHECK(weights.severity == finding_severity::warning);
    CHECK(weights.name == "fc1");
    CHECK(number(weights, "count") == 2.0);
    CHECK(number(weights, "worst") == 3.0);
    CHECK(number(weights, "ratio") == 128.0);
    CHECK(number(weights, "wasted_bits") == 7.0);
    CHECK(of_code(preflight(network, samples(120), plan_of(fp16_layer)), finding_code::weight_outlier).empty());
    preflight_target lenient;
    lenient.limits.weight_ratio = 128.0;
    CHECK(of_code(preflight(network, samples(120), lenient), finding_code::weight_outlier).empty());

    const model biased = changed(mlp(), "fc2.bias", [](std::vector<float>& bias) { bias = { 0.5f, -0.5f, 100.0f }; });
    const finding bias = only(preflight(biased, samples(120)), finding_code::bias_outlier);
    CHECK(bias.name == "fc2");
    CHECK(number(bias, "ratio") == 200.0);
}

TEST_CASE("the ratio of outliers against a sorted reference")
{
    for (std::uint64_t seed = 0; seed < 50; ++seed)
    {
        std::vector<float> values = floats_with_outliers(2 + seed, seed);
        std::vector<double> magnitudes;
        for (const float value : values)
            magnitudes.push_back(std::abs(static_cast<double>(value)));
        std::sort(magnitudes.begin(), magnitudes.end());
        values.insert(values.begin() + 1, { 0.0f, -0.0f, 0.0f }); // which do not count
        REQUIRE(quantkit::detail::outlier_ratio(values) == magnitudes.back() / magnitudes[magnitudes.size() / 2]);
    }
    CHECK(quantkit::detail::outlier_ratio({}) == 0.0);
    CHECK(quantkit::detail::outlier_ratio(std::vector { 0.0f, 3.0f }) == 0.0);
}

TEST_CASE("inputs and activations that are dead or constant")
{
    matrix_f data = samples(120);
    data.col(2).setConstant(0.75f);
    data.col(5).setZero();
    const finding input = only(preflight(with_random_weights(mlp()), data), finding_code::constant_input);
    CHECK(input.severity == finding_severity::warning);
    CHECK(number(input, "count") == 2.0);
    CHECK(number(input, "features") == 8.0);

    const auto below = [](std::vector<float>& bias) { bias[0] = bias[4] = bias[5] = -100.0f; };
    const finding dead =
        only(preflight(changed(mlp(), "fc1.bias", below), samples(120)), finding_code::dead_activation);
    CHECK(dead.severity == finding_severity::note);
    CHECK(dead.name == "fc1");
    CHECK(number(dead, "count") == 3.0);

    const auto all_below = [](std::vector<float>& bias) { std::fill(bias.begin(), bias.end(), -100.0f); };
    const findings all = preflight(changed(mlp(), "fc1.bias", all_below), samples(120));
    CHECK(only(all, finding_code::dead_activation).severity == finding_severity::warning);
    const finding constant = only(all, finding_code::constant_activation); // fc2 returns its bias
    CHECK(constant.name == "fc2");
    CHECK(constant.severity == finding_severity::warning);
    CHECK(number(constant, "count") == 3.0);
}

TEST_CASE("evaluation data beyond the calibrated ranges")
{
    const model network = with_random_weights(mlp());
    matrix_f evaluation = samples(100, 8, 3);
    evaluation(50, 2) = 7.0f;
    const findings found = preflight(network, samples(200), evaluation);
    const auto outside = of_code(found, finding_code::outside_range);
    REQUIRE(outside.size() >= 1);
    CHECK(outside[0].severity == finding_severity::warning);
    CHECK(outside[0].name == "input");
    CHECK(number(outside[0], "share") == 1.0 / 800.0);
    CHECK(number(outside[0], "worst") == 7.0);
    CHECK(number(outside[0], "max") <= 1.0);

    preflight_target lenient;
    lenient.limits.share_outside = 1.0;
    CHECK(of_code(preflight(network, samples(200), evaluation, lenient), finding_code::outside_range).empty());
    CHECK(of_code(preflight(network, samples(200), evaluation, plan_of(int8_dynamic)), finding_code::outside_range)
              .empty());
    preflight_target last_only { .plan = { fp32_layer, { { "fc2", int8_static } } } };
    for (const finding& each :
         of_code(preflight(network, samples(200), evaluation, last_only), finding_code::outside_range))
        CHECK(each.name == "fc1");
}

TEST_CASE("instruction sets: what is active, and a warning without SIMD")
{
    isa_report report { "avx2", "avx2", false, {}, {}, {} };
    CHECK(isa_findings(report).size() == 1);
    CHECK(isa_findings(report)[0].text == "integer products run on avx2, element-wise operations on avx2, as compiled");
    report.dispatched = true;
    CHECK(isa_findings(report)[0].text.ends_with("chosen at run time"));
    report.kernels = "scalar";
    CHECK(
        only(isa_findings(report), finding_code::only_scalar).text.starts_with("element-wise operations run without"));
    report.micro_kernel = "scalar";
    CHECK(of_code(isa_findings(report), finding_code::only_scalar).size() == 2);
    CHECK(isa_findings(report)[1].severity == finding_severity::warning);
}

TEST_CASE("errors come first, and the text has a line for each")
{
    matrix_f data = samples(20);
    data(0, 0) = missing;
    const findings found = preflight(with_random_weights(mlp()), data);
    CHECK(std::is_sorted(found.begin(), found.end(),
                         [](const finding& a, const finding& b) { return a.severity > b.severity; }));
    CHECK(found.front().severity == finding_severity::error);
    const std::string text = text_of(found);
    CHECK(text.starts_with("error non_finite_data input: 1 of 160 values"));
    CHECK(std::count(text.begin(), text.end(), '\n') == static_cast<std::ptrdiff_t>(found.size()));
    CHECK(text_of({}).empty());
}

TEST_CASE("codes have names of their own")
{
    std::set<std::string_view> names(finding_code_names.begin(), finding_code_names.end());
    CHECK(names.size() == static_cast<std::size_t>(finding_code::only_scalar) + 1);
    CHECK(name_of(finding_code::unsupported_precision) == "unsupported_precision");
    CHECK(name_of(finding_code::outside_range) == "outside_range");
    CHECK(name_of(finding_code::bias_outlier) == "bias_outlier");
    CHECK(name_of(finding_code::only_scalar) == "only_scalar");
}
