// SPDX-License-Identifier: BSD-3-Clause
#include "gradient_check.hpp"

#include "../support/sample_models.hpp"

#include <quantkit/training/network.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

using namespace quantkit;
using test::check_training;
using test::initialized;
using test::matrix_d;
using training::run_mode;

namespace
{
    using network_d = training::basic_network<double>;
}

TEST_CASE("layers: every activation function")
{
    const sample_shape input { 2, 5 };
    for (const activation_function function :
         { activation_function::none, activation_function::relu, activation_function::gelu,
           activation_function::gelu_tanh, activation_function::silu, activation_function::sigmoid,
           activation_function::tanh })
    {
        CAPTURE(static_cast<int>(function));
        check_training(initialized(model_builder(input).linear("fc", 5, 7).activation("act", function), input), 3);
    }
}

TEST_CASE("layers: activations far from zero and at it")
{
    const sample_shape input { .features = 4 };
    matrix_f x(1, 4);
    x << -200, 0, 200, std::numeric_limits<float>::infinity();
    const auto run = [&](activation_function function)
    {
        training::network net(model(model_builder(input).activation("act", function).layers(), {}, input));
        const matrix_f y = net.forward(x, run_mode::training);
        const matrix_f d_x = net.backward_to_input(matrix_f::Ones(1, 4));
        CHECK_FALSE(y.hasNaN());
        CHECK_EQ(d_x(0, 2), function == activation_function::sigmoid || function == activation_function::tanh ? 0 : 1);
        return d_x(0, 1);
    };
    CHECK_EQ(run(activation_function::relu), 0.0f);
    CHECK_EQ(run(activation_function::silu), 0.5f);
    CHECK_EQ(run(activation_function::sigmoid), 0.25f);
    CHECK_EQ(run(activation_function::tanh), 1.0f);
}

TEST_CASE("layers: convolution")
{
    const sample_shape input { 7, 3 };
    model_builder builder(input);
    SUBCASE("kernel 1") { builder.conv1d("conv", { .in_channels = 3, .out_channels = 4 }); }
    SUBCASE("padding") { builder.conv1d("conv", { .in_channels = 3, .out_channels = 2, .kernel = 3, .padding = 1 }); }
    SUBCASE("stride, dilation, more padding than reach")
    {
        builder.conv1d("conv",
                       { .in_channels = 3, .out_channels = 5, .kernel = 3, .stride = 2, .padding = 5, .dilation = 2 });
    }
    SUBCASE("circular")
    {
        builder.conv1d("conv", { .in_channels = 3,
                                 .out_channels = 5,
                                 .kernel = 3,
                                 .padding = 2,
                                 .dilation = 2,
                                 .mode = padding_mode::circular });
    }
    SUBCASE("one window") { builder.conv1d("conv", { .in_channels = 3, .out_channels = 5, .kernel = 7 }); }
    check_training(initialized(builder, input), 5);
}

TEST_CASE("layers: layer norm, of a sum as well")
{
    const sample_shape input { 3, 6 };
    check_training(initialized(model_builder(input).layer_norm("norm", 6), input), 5);
    check_training(initialized(model_builder(input).linear("fc", 6, 6).layer_norm("norm", 6, model_input), input), 5);
    const sample_shape one { 2, 1 };
    check_training(initialized(model_builder(one).layer_norm("norm", 1), one), 3);
}

TEST_CASE("layers: attention, dense and sparse")
{
    for (const std::size_t time : { 1u, 2u, 9u })
        for (const std::size_t sparse_factor : { 0u, 1u, 2u })
        {
            CAPTURE(time);
            CAPTURE(sparse_factor);
            const sample_shape input { time, 6 };
            model_builder builder(input);
            builder.attention("attn", 6, 3, sparse_factor);
            // A mean of the values over one step is what the definition leaves undefined for ln(1) = 0 queries.
            if (time > 1 || sparse_factor == 0)
                check_training(initialized(builder, input), 3);
        }
}

TEST_CASE("layers: pooling")
{
    const sample_shape input { 8, 3 };
    for (const pooling_function function : { pooling_function::max, pooling_function::mean })
    {
        check_training(initialized(model_builder(input).pooling("pool", { function }), input), 3);
        check_training(initialized(model_builder(input).pooling("pool", { function, 3, 2, 1 }), input), 3);
        check_training(initialized(model_builder(input).pooling("pool", { function, 2, 3 }), input), 3);
    }
}

TEST_CASE("layers: of equal values the first is the largest, and NaN is larger")
{
    const sample_shape input { 3, 1 };
    training::network net(model(model_builder(input).pooling("pool", { pooling_function::max }).layers(), {}, input));
    matrix_f x(3, 1);
    x << 1, 2, 2;
    net.forward(x, run_mode::training);
    CHECK_EQ(matrix_f(net.backward_to_input(matrix_f::Ones(1, 1))), (matrix_f(3, 1) << 0, 1, 0).finished());
    x(0) = std::numeric_limits<float>::quiet_NaN();
    CHECK(std::isnan(net.forward(x, run_mode::training)(0)));
}

TEST_CASE("layers: softmax, feed-forward, positions")
{
    const sample_shape input { 4, 5 };
    check_training(initialized(model_builder(input).softmax("softmax"), input), 3);
    check_training(
        initialized(model_builder(input).feed_forward("ffn", 5, 7, "act", activation_function::gelu_tanh), input), 3);
    check_training(initialized(model_builder(input).positional_encoding("pos").linear("fc", 5, 2), input), 3);
}

TEST_CASE("layers: an embedding")
{
    const sample_shape input { 4, 1 };
    const model source = initialized(model_builder(input).embedding("words", 6, 5).linear("fc", 5, 2), input);
    matrix_d x(12, 1);
    x << 0, 5, 2, 2, 1, 3, 4, 0, 0, 0, 0, 1;
    network_d net(source);
    CHECK_LE((net.forward(x, run_mode::inference) - test::reference_batch(source, x)).cwiseAbs().maxCoeff(), 1e-12);
    test::gradient_check(source, x).parameters();
    x(3) = 6;
    CHECK_THROWS_WITH_AS(net.forward(x, run_mode::inference),
                         "quantkit: 'words' has 6 entries, but value 3 of its input is 6", std::invalid_argument);
    x(3) = std::numeric_limits<double>::quiet_NaN();
    CHECK_THROWS_AS(net.forward(x, run_mode::inference), std::invalid_argument);
}

TEST_CASE("layers: dropout is the identity in inference and keeps the mean in training")
{
    const sample_shape input { 4, 25 };
    const model source = model(model_builder(input).dropout("drop", 0.3f).layers(), {}, input);
    network_d net(source), in_small_chunks(source, { .chunk_samples = 3 });
    const matrix_d x = matrix_d::Ones(4 * 40, 25);
    CHECK_EQ(matrix_d(net.forward(x, run_mode::inference)), x);
    const matrix_d y = net.forward(x, run_mode::training, 1);
    CHECK_EQ(y.maxCoeff(), doctest::Approx(1 / 0.7));
    CHECK_EQ(y.minCoeff(), 0.0);
    CHECK_EQ(static_cast<double>((y.array() == 0).count()) / 4000, doctest::Approx(0.3).epsilon(0.1));
    CHECK_EQ(matrix_d(net.backward_to_input(x)), y); // the same ones are dropped
    CHECK_EQ(matrix_d(in_small_chunks.forward(x, run_mode::training, 1)), y);
    CHECK_NE(matrix_d(net.forward(x, run_mode::training, 2)), y);
    test::gradient_check(source, x.topRows(8), run_mode::training).input();
}

TEST_CASE("layers: two dropouts do not drop alike; impossible probabilities are refused")
{
    const sample_shape input { .features = 200 };
    const model source =
        model(model_builder(input).dropout("a", 0.5f).from(model_input).dropout("b", 0.5f).add("sum", "a").layers(), {},
              input);
    network_d net(source);
    const matrix_d y = net.forward(matrix_d::Ones(1, 200), run_mode::training, 1);
    CHECK((y.array() == 2).any());
    const model never = model(model_builder(input).dropout("a", 1.0f).layers(), {}, input);
    CHECK_THROWS_WITH_AS(network_d { never }, "quantkit: dropout's probability must lie in [0, 1), but is 1",
                         std::invalid_argument);
}

TEST_CASE("layers: whole models")
{
    for (const test::named_model& sample : test::sample_models())
    {
        CAPTURE(sample.name);
        const model& source = sample.network;
        check_training(source, 3);
    }
}
