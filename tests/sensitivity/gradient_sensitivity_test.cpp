// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/gradient_sensitivity.hpp>

#include "support/random.hpp"
#include "support/sample_models.hpp"

#include <quantkit/tensor/thread_pool.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;
using test::initialized;

namespace
{
    model mlp()
    {
        const sample_shape input { .features = 12 };
        return initialized(model_builder(input)
                               .linear("a", 12, 20)
                               .activation("act.a", activation_function::gelu)
                               .linear("b", 20, 16)
                               .activation("act.b", activation_function::relu)
                               .dropout("drop", 0.5f)
                               .linear("c", 16, 5),
                           input);
    }

    matrix_f random_rows(Eigen::Index rows, Eigen::Index columns)
    {
        const std::vector<float> values = test::random_floats(static_cast<std::size_t>(rows * columns), 5, -1.0f, 1.0f);
        return Eigen::Map<const matrix_f>(values.data(), rows, columns);
    }

    matrix_f outputs_of(const model& network, const matrix_f& x)
    {
        return training::network(network).forward(x, training::run_mode::inference);
    }

    /// The mean squared error of the outputs with one layer's weight rounded.
    double measured_error(const model& network, const std::string& weight, int bits, const matrix_f& x)
    {
        weight_set changed;
        for (const auto& [name, tensor] : network.weights())
        {
            std::vector<float> values = tensor.values;
            if (name == weight)
            {
                const std::vector<float> change = weight_change(tensor, bits);
                for (std::size_t i = 0; i < values.size(); ++i)
                    values[i] += change[i];
            }
            changed.add(name, tensor.shape, values);
        }
        const matrix_f reference = outputs_of(network, x);
        const model rounded(network.layers(), changed, network.input_shape());
        return static_cast<double>((outputs_of(rounded, x) - reference).squaredNorm())
               / static_cast<double>(reference.size());
    }

    gradient_options many_draws()
    {
        gradient_options options;
        options.draws = 200;
        return options;
    }
}

TEST_CASE("weight_change: what rounding to codes does")
{
    const weight_tensor weight { { 2, 3 }, { 7.0f, 3.2f, -0.4f, 0.0f, 0.0f, 0.0f } };
    const std::vector<float> change = weight_change(weight, 4); // scale 1 and the least one
    CHECK(change[0] == 0.0f);
    CHECK(change[1] == doctest::Approx(-0.2f));
    CHECK(change[2] == doctest::Approx(0.4f));
    CHECK(change[4] == 0.0f);
    CHECK(weight_change(weight, 0) == std::vector<float>(6));
    CHECK_THROWS_WITH_AS(weight_change(weight, 1), "quantkit: weights are rounded to 2 to 8 bits, not 1",
                         std::invalid_argument);
}

TEST_CASE("gradient_sensitivity: scores of a linear model are its errors")
{
    const sample_shape input { .features = 24 };
    const model network = initialized(model_builder(input).linear("fc", 24, 6), input);
    const matrix_f x = random_rows(256, 24);
    const double measured = measured_error(network, "fc.weight", 3, x);
    const std::size_t three_bits = 3;
    CHECK(gradient_sensitivity(network, x, fisher_diagonal {}, weight_roundings(), many_draws()).at(0, three_bits).error
          == doctest::Approx(measured).epsilon(0.15));
    CHECK(gradient_sensitivity(network, x, hessian_trace {}, weight_roundings(), many_draws()).at(0, three_bits).error
          == doctest::Approx(measured).epsilon(0.15));
    CHECK(gradient_sensitivity(network, x, squared_taylor {}, weight_roundings(), many_draws()).at(0, three_bits).error
          == doctest::Approx(measured).epsilon(0.15));
}

TEST_CASE("gradient_sensitivity: estimates of a network are near what it loses")
{
    const model network = mlp();
    const matrix_f x = random_rows(256, 12);
    const sensitivity_table table =
        gradient_sensitivity(network, x, fisher_diagonal {}, weight_roundings(), many_draws());
    const sensitivity_table exact_on_average =
        gradient_sensitivity(network, x, squared_taylor {}, weight_roundings(), many_draws());
    for (const char* const name : { "a", "b", "c" })
        for (const std::size_t choice : { 1u, 2u })
        {
            CAPTURE(std::string(name));
            CAPTURE(choice);
            const double measured =
                measured_error(network, std::string(name) + ".weight", weight_roundings()[choice].bits, x);
            const std::size_t layer = network.index_of(name);
            // The few weights of an output are not rounded independently; their inputs behind a ReLU have one sign.
            CHECK(table.at(layer, choice).error == doctest::Approx(measured).epsilon(1.5));
            CHECK(table.at(layer, choice).error > measured / 2.5);
            CHECK(exact_on_average.at(layer, choice).error == doctest::Approx(measured).epsilon(0.3));
        }
    CHECK(table.metric() == "output MSE by Fisher diagonal");
    CHECK(table.at(0, 0).error == 0.0);
    CHECK(!table.at(network.index_of("act.a"), 1).allowed);
    CHECK(table.at(network.index_of("b"), 2).bytes == 160);
    CHECK(table.at(network.index_of("b"), 2).interval.low <= table.at(network.index_of("b"), 2).error);
}

TEST_CASE("gradient_sensitivity: threads and blocks")
{
    const model network = mlp();
    const matrix_f x = random_rows(70, 12);
    Eigen::ThreadPool pool(1);
    const sensitivity_table one = gradient_sensitivity(network, x);
    CHECK(gradient_sensitivity(network, x, fisher_diagonal {}, weight_roundings(), {}, thread_pool(pool)) == one);
    CHECK(one.block_samples() == std::vector<std::size_t> { 32, 32, 6 });
}

TEST_CASE("gradient_sensitivity: what does not fit")
{
    const model network = mlp();
    const matrix_f x = random_rows(8, 12);
    gradient_options no_draws;
    no_draws.draws = 0;
    CHECK_THROWS_WITH_AS(gradient_sensitivity(network, x, fisher_diagonal {}, { { "INT8", 8 } }),
                         "quantkit: the first candidate is the reference, in float", std::invalid_argument);
    CHECK_THROWS_AS(gradient_sensitivity(network, x, fisher_diagonal {}, weight_roundings(), no_draws),
                    std::invalid_argument);
    CHECK_THROWS_AS(gradient_sensitivity(network, matrix_f(0, 12)), std::invalid_argument);
}
