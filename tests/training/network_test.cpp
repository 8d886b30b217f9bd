// SPDX-License-Identifier: BSD-3-Clause
#include "gradient_check.hpp"

#include "../support/sample_models.hpp"

#include <quantkit/tensor/thread_pool.hpp>
#include <quantkit/training/network.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace quantkit;
using test::check_training;
using test::initialized;
using training::run_mode;

namespace
{
    model residual_mlp()
    {
        const sample_shape input { .features = 9 };
        return initialized(model_builder(input)
                               .linear("stem", 9, 16)
                               .linear("fc1", 16, 7)
                               .activation("silu", activation_function::silu)
                               .linear("fc2", 7, 16)
                               .add("sum", "stem")
                               .feed_forward("ffn", 16, 5, "act", activation_function::tanh)
                               .linear("head", 16, 3),
                           input);
    }

    matrix_f batch_for(const model& network, std::size_t samples)
    {
        return test::random_batch(network, samples, 11).cast<float>();
    }
}

TEST_CASE("network: results and gradients of products, activations and residuals")
{
    check_training(residual_mlp(), 7);
    check_training(residual_mlp(), 1);
}

TEST_CASE("network: time steps, the last of them, flattening, a value read twice")
{
    const sample_shape input { 3, 4 };
    model_builder builder(input);
    builder.linear("fc", 4, 5).activation("act", activation_function::gelu);
    SUBCASE("all") {}
    SUBCASE("last") { builder.linear("last", 5, 2, time_steps::last); }
    SUBCASE("flatten") { builder.flatten("flat").linear("head", 15, 2); }
    SUBCASE("twice") { builder.add("sum", "act"); }
    SUBCASE("the input again") { builder.linear("back", 5, 4).add("sum", model_input); }
    check_training(initialized(builder, input), 5);
}

TEST_CASE("network: gradients are added to what is there")
{
    const model source = residual_mlp();
    const matrix_f x = batch_for(source, 5), d_y = matrix_f::Ones(5, 3);
    training::network net(source);
    net.forward(x, run_mode::training);
    net.backward(d_y);
    const std::vector<float> once = net.parameters()["fc1.weight"].gradient;
    net.backward(d_y);
    for (std::size_t i = 0; i < once.size(); ++i)
        CHECK_EQ(net.parameters()["fc1.weight"].gradient[i], doctest::Approx(2 * once[i]));
    net.parameters().zero_gradients();
    CHECK_EQ(net.parameters()["fc1.weight"].gradient, std::vector<float>(once.size()));
}

TEST_CASE("network: the same bits for any number of threads")
{
    const model source = residual_mlp();
    const matrix_f x = batch_for(source, 71), d_y = batch_for(source, 71).leftCols(3);
    training::network one(source, { .chunk_samples = 8 }), several(source, { .chunk_samples = 8 });
    Eigen::ThreadPool pool(3);
    const thread_pool threads(pool);
    CHECK_EQ(matrix_f(one.forward(x, run_mode::training)),
             matrix_f(several.forward(x, run_mode::training, 0, threads)));
    CHECK_EQ(matrix_f(one.backward_to_input(d_y)), matrix_f(several.backward_to_input(d_y, threads)));
    for (std::size_t i = 0; i < one.parameters().size(); ++i)
        CHECK_EQ(one.parameters()[i].gradient, several.parameters()[i].gradient);
}

TEST_CASE("network: a batch in one row per sample, an empty batch, a smaller one after a larger one")
{
    const sample_shape input { 3, 4 };
    const model source = initialized(model_builder(input).linear("fc", 4, 2), input);
    training::network net(source);
    const matrix_f x = batch_for(source, 6), y = net.forward(x, run_mode::inference);
    CHECK_EQ(matrix_f(net.forward(Eigen::Map<const matrix_f>(x.data(), 6, 12), run_mode::inference)), y);
    CHECK_LE((net.forward(x.topRows(6), run_mode::inference) - y.topRows(6)).cwiseAbs().maxCoeff(), 1e-6f);
    CHECK_EQ(net.forward(matrix_f(0, 4), run_mode::inference).rows(), 0);
    CHECK_EQ(net.backward_to_input(matrix_f(0, 2)).rows(), 0);
}

TEST_CASE("network: wrong shapes are refused with the numbers")
{
    const sample_shape input { 3, 4 };
    const model source = initialized(model_builder(input).linear("fc", 4, 2), input);
    training::network net(source);
    CHECK_THROWS_WITH_AS(net.forward(matrix_f(4, 4), run_mode::inference),
                         "quantkit: a batch must have the shape [batch * 3, 4], but has [4, 4]", std::invalid_argument);
    CHECK_THROWS_AS(net.forward(matrix_f(4, 3), run_mode::inference), std::invalid_argument);
    net.forward(matrix_f::Zero(6, 4), run_mode::inference);
    CHECK_THROWS_WITH_AS(net.backward(matrix_f(3, 2)),
                         "quantkit: the gradient of a result [6, 2] cannot have the shape [3, 2]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(training::network(source, { .chunk_samples = 0 }), "quantkit: a chunk needs at least 1 sample",
                         std::invalid_argument);
}

TEST_CASE("network: the model that it has become")
{
    const model source = residual_mlp();
    training::network net(source);
    net.parameters()["head.bias"].values[1] = 3.5f;
    const model trained = net.trained_model();
    CHECK_EQ(trained.weights()["head.bias"].values[1], 3.5f);
    CHECK_EQ(trained.weights()["fc1.weight"].values, source.weights()["fc1.weight"].values);
    CHECK_EQ(trained.weights().size(), source.weights().size());
}
