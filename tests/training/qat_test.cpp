// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/model_builder.hpp>
#include <quantkit/model/session.hpp>
#include <quantkit/training/adam.hpp>
#include <quantkit/training/qat.hpp>

#include "support/random.hpp"
#include "support/sample_models.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace quantkit;
using namespace quantkit::training;
using test::initialized;

namespace
{
    constexpr std::size_t features = 12, classes = 4;
    constexpr Eigen::Index samples = 500;

    model mlp()
    {
        const sample_shape input { .features = features };
        return initialized(model_builder(input)
                               .linear("fc.0", features, 32)
                               .activation("relu", activation_function::relu)
                               .linear("fc.1", 32, 24)
                               .activation("gelu", activation_function::gelu)
                               .linear("fc.2", 24, classes),
                           input);
    }

    matrix_f inputs()
    {
        const std::vector<float> values = test::normal_floats(static_cast<std::size_t>(samples) * features, 3);
        return Eigen::Map<const matrix_f>(values.data(), samples, features);
    }

    /// In which quarter the sum of two of the inputs and their difference lie.
    std::vector<std::int32_t> labels_of(const matrix_f& x)
    {
        std::vector<std::int32_t> labels;
        for (Eigen::Index i = 0; i < x.rows(); ++i)
            labels.push_back((x(i, 0) + x(i, 1) > 0 ? 1 : 0) + (x(i, 2) * x(i, 3) > 0 ? 2 : 0));
        return labels;
    }

    Eigen::Index class_of(const matrix_f& logits, Eigen::Index row)
    {
        Eigen::Index largest = 0;
        logits.row(row).maxCoeff(&largest);
        return largest;
    }

    /// Trained a little; its ranges are frozen for the last of three epochs.
    void train(network& net)
    {
        const matrix_f x = inputs();
        const std::vector<std::int32_t> labels = labels_of(x);
        adam optimizer;
        fit(net, x, cross_entropy_of(labels), optimizer, { .epochs = 3, .batch = 50, .rate = constant_rate(0.01) },
            freezing_after(net, 2));
    }

    /// The session of the converted network against the network. Both round the same numbers, in sums of another
    /// order: a row is either equal up to float rounding, or one of its hidden values lay at a tie.
    void check_agreement(network& net, Eigen::Index most_ties)
    {
        const matrix_f x = inputs() * 1.5f; // some of it beyond the ranges
        const matrix_f got = session(convert(net))(x), want = net.forward(x, run_mode::inference);
        const float largest = want.cwiseAbs().maxCoeff();
        Eigen::Index ties = 0, other_classes = 0;
        for (Eigen::Index i = 0; i < x.rows(); ++i)
        {
            ties += (got.row(i) - want.row(i)).cwiseAbs().maxCoeff() > 1e-5f * largest;
            other_classes += class_of(got, i) != class_of(want, i);
        }
        CHECK(ties <= most_ties);
        CHECK(other_classes <= ties);
        CHECK(want.allFinite());
    }
}

TEST_CASE("docs/methods.md: training for few bits")
{
    const model source = mlp();
    const matrix_f x = inputs();
    const std::vector<std::int32_t> labels = labels_of(x);
    // training begins
    network net = prepare_qat(source, { qat_precision { .weight_bits = 4, .activation_bits = 4 } });
    adam optimizer;
    fit(net, x, cross_entropy_of(labels), optimizer, { .epochs = 3, .batch = 50, .rate = constant_rate(0.01) },
        freezing_after(net, 2)); // ranges stay as they are in the last epoch
    const session integers(convert(net));
    // training ends
    const matrix_f want = net.forward(x, run_mode::inference), got = integers(x);
    Eigen::Index other_classes = 0;
    for (Eigen::Index i = 0; i < x.rows(); ++i)
        other_classes += class_of(got, i) != class_of(want, i);
    CHECK_LE(other_classes, samples / 100);
}

TEST_CASE("convert: every number of bits, per tensor and per channel, observed and learned, predicts as the network")
{
    const model source = mlp();
    for (const int bits : { 2, 3, 4, 5, 6, 7, 8 })
        for (const bool per_channel : { false, true })
            for (const auto learned : { learned_qparams::none, learned_qparams::scale_and_zero_point })
            {
                CAPTURE(bits);
                CAPTURE(per_channel);
                const auto range = learned == learned_qparams::none ? qat_range::min_max : qat_range::least_error;
                network net = prepare_qat(source, { qat_precision { bits, bits, per_channel, range, learned } });
                train(net);
                check_agreement(net, samples / 100);
            }
}

TEST_CASE("convert: convolutions, attention, feed-forward layers and residuals")
{
    for (const test::named_model& sample : test::sample_models())
        for (const int bits : { 8, 4 })
            for (const bool per_channel : { false, true })
            {
                CAPTURE(sample.name);
                CAPTURE(bits);
                const model& source = sample.network;
                network net = prepare_qat(source, { qat_precision { bits, bits, per_channel } });
                calibrate(net, test::random_input(source, 40, 5));
                const matrix_f x = test::random_input(source, 200);
                const matrix_f got = session(convert(net))(x), want = net.forward(x, run_mode::inference);
                REQUIRE(got.rows() == want.rows());
                // Rows with a hidden value at a tie are another code's step off; they are few, and there none is lost.
                const auto off = (got - want).rowwise().lpNorm<Eigen::Infinity>();
                const float largest = want.cwiseAbs().maxCoeff();
                CHECK((off.array() > 1e-4f * largest).count() <= got.rows() / 20);
                CHECK(off.maxCoeff() < (bits == 8 ? 0.05f : 0.5f) * largest);
            }
}

TEST_CASE("convert: weights alone are stored in as few bits as an engine has, activations stay floats")
{
    for (const auto& [bits, stored] : { std::pair(3, precision::int4), std::pair(4, precision::int4),
                                        std::pair(5, precision::int8), std::pair(8, precision::int8) })
    {
        network net = prepare_qat(mlp(), { qat_precision { .weight_bits = bits, .activation_bits = std::nullopt } });
        train(net);
        const quantized_model quantized = convert(net);
        CHECK(quantized.plan["fc.1"].weights == stored);
        CHECK(quantized.plan["fc.1"].activations == activation_mode::real);
        check_agreement(net, 0);
    }
}

TEST_CASE("convert: layers that a plan leaves out stay in float")
{
    network net = prepare_qat(mlp(), { qat_precision { .per_channel = false }, { { "fc.1", std::nullopt } } });
    train(net);
    const quantized_model quantized = convert(net);
    CHECK(quantized.plan["fc.0"] == layer_precision { precision::int8, activation_mode::calibrated, per_tensor {} });
    CHECK(quantized.plan["fc.1"] == fp32_layer);
    check_agreement(net, samples / 100);
}

TEST_CASE("calibrate, convert: 8 bits without training are what static quantization gives")
{
    const model source = mlp();
    const matrix_f x = inputs();
    network net = prepare_qat(source);
    calibrate(net, x);
    const quantized_model quantized = convert(net);
    auto prepared = quantkit::prepare(source);
    quantkit::calibrate(prepared, x);
    const quantized_model expected = quantkit::convert(prepared);
    REQUIRE(quantized.products.size() == expected.products.size());
    for (std::size_t i = 0; i < quantized.products.size(); ++i)
    {
        CHECK(std::get<quantized_tensor<int8_narrow>>(quantized.products[i]->weight)
              == std::get<quantized_tensor<int8_narrow>>(expected.products[i]->weight));
        // Ranges are those of values whose sums have another order.
        CHECK(quantized.products[i]->input->scale
              == doctest::Approx(static_cast<double>(expected.products[i]->input->scale)).epsilon(1e-5));
        CHECK(quantized.products[i]->input->zero_point == expected.products[i]->input->zero_point);
    }
}

TEST_CASE("calibrate: a batch that does not fit leaves the fake-quantizers rounding")
{
    network net = prepare_qat(mlp());
    REQUIRE_FALSE(net.quantizers().empty());
    CHECK_THROWS_AS(calibrate(net, matrix_f(4, features - 1)), std::invalid_argument);
    for (const auto& each : net.quantizers())
        CHECK(each->is_enabled());
}

TEST_CASE("prepare_qat: trained with few bits, a network is better than quantized after training")
{
    const matrix_f x = inputs();
    const std::vector<std::int32_t> labels = labels_of(x);
    const auto accuracy = [&](const matrix_f& logits)
    {
        Eigen::Index right = 0;
        for (Eigen::Index i = 0; i < x.rows(); ++i)
            right += class_of(logits, i) == labels[static_cast<std::size_t>(i)];
        return static_cast<double>(right) / static_cast<double>(x.rows());
    };
    network in_float(mlp());
    adam optimizer;
    fit(in_float, x, cross_entropy_of(labels), optimizer,
        { .epochs = 60, .batch = 50, .rate = cosine_rate(0.01, 600) });
    const model trained = in_float.trained_model();

    const qat_plan plan { qat_precision { 2, 3, true, qat_range::least_error, learned_qparams::scale } };
    network afterwards = prepare_qat(trained, plan), aware = prepare_qat(trained, plan);
    calibrate(afterwards, x);
    adam again;
    fit(aware, x, cross_entropy_of(labels), again, { .epochs = 20, .batch = 50, .rate = cosine_rate(0.005, 200) });
    const double before = accuracy(session(convert(afterwards))(x)), after = accuracy(session(convert(aware))(x));
    CHECK(accuracy(in_float.forward(x, run_mode::inference)) > 0.95);
    CHECK(after > before + 0.05);
    CHECK(after > 0.85);
}

TEST_CASE("freezing_after: ranges follow until then, and the callback behind it is asked")
{
    network net = prepare_qat(mlp());
    const matrix_f x = inputs();
    const std::vector<std::int32_t> labels = labels_of(x);
    adam optimizer;
    std::vector<float> scales;
    const auto watch = [&](const fit_progress& progress)
    {
        if (progress.ends_epoch())
            scales.push_back(net.quantizer("fc.1.input").params()[0].scale);
        return progress.epoch < 3;
    };
    const fit_result result =
        fit(net, x, cross_entropy_of(labels), optimizer, { .epochs = 9, .batch = 50, .rate = constant_rate(0.01) },
            freezing_after(net, 2, watch));
    CHECK(result.was_cancelled);
    REQUIRE(scales.size() == 3);
    CHECK(scales[0] != scales[1]);
    CHECK(scales[1] == scales[2]);
}

TEST_CASE("prepare_qat, convert: what has no meaning is refused by name")
{
    const model source = mlp();
    CHECK_THROWS_WITH_AS(prepare_qat(source, { std::nullopt, { { "fc.9", qat_precision {} } } }),
                         "quantkit: the model has no layer 'fc.9'", std::invalid_argument);
    CHECK_THROWS_WITH_AS(prepare_qat(source, { qat_precision { .weight_bits = 9 } }),
                         "quantkit: codes in training have 2 to 8 bits, but not 9", std::invalid_argument);
    network untrained = prepare_qat(source);
    CHECK_THROWS_WITH_AS(convert(untrained), "quantkit: 'fc.0.input' has seen no data: run a batch in training first",
                         std::invalid_argument);

    const auto error_of = [&](const fake_quant_plan& points)
    {
        network net(source, {}, points);
        calibrate(net, inputs());
        std::string text;
        try
        {
            convert(net);
        }
        catch (const std::invalid_argument& error)
        {
            text = error.what();
        }
        return text;
    };
    CHECK(error_of({ { "fc.0.input", activation_fake_quant(8) } })
          == "quantkit: the inputs of 'fc.0' are rounded, but not its weights");
    CHECK(error_of({ { "relu.output", activation_fake_quant(8) } })
          == "quantkit: a session does not round at 'relu.output', only weights and the inputs of products");
    CHECK(error_of({ { "fc.0.weight", weight_fake_quant(8, 1) } })
          == "quantkit: 'fc.0.weight' has codes in [-127, 127] along axis 1, but products take [-127, 127] along "
             "axis 0");
    fake_quant_settings signed_input = activation_fake_quant(8);
    signed_input.bounds = { -128, 127 };
    CHECK(error_of({ { "fc.0.input", signed_input }, { "fc.0.weight", weight_fake_quant(8) } })
          == "quantkit: 'fc.0.input' has codes in [-128, 127], but products take activations in [0, 255]");
}
