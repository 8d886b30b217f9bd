// SPDX-License-Identifier: BSD-3-Clause
#include "../support/sample_models.hpp"

#include <quantkit/training/parameter.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace quantkit;
using training::parameter_role;
using training::parameter_set;

TEST_CASE("parameter_set: a model's weights and back")
{
    const model source = test::sample_encoder();
    const parameter_set parameters(source);
    CHECK_EQ(parameters.size(), source.weights().size());
    const weight_set weights = parameters.weights();
    for (const auto& [name, tensor] : source.weights())
    {
        CHECK(weights[name].shape == tensor.shape);
        CHECK_EQ(weights[name].values, tensor.values);
        CHECK_EQ(parameters[name].gradient, std::vector<float>(name == "pos.table" ? 0 : tensor.values.size()));
    }
    CHECK_EQ(parameters["pos.table"].role, parameter_role::constant);
    CHECK_FALSE(parameters["pos.table"].is_trained());
    CHECK(parameters["norm1.weight"].is_trained());
}

TEST_CASE("parameter_set: what belongs to a quantizer is no weight")
{
    parameter_set parameters;
    parameters.add("w", { 2 }, { 1, 2 });
    const std::size_t scale = parameters.add("w.scale", { 1 }, { 0.5f }, parameter_role::quantizer);
    CHECK_EQ(scale, 1u);
    CHECK(parameters[scale].is_trained());
    CHECK_EQ(parameters.weights().size(), 1u);
    CHECK_FALSE(parameters.weights().contains("w.scale"));
}

TEST_CASE("parameter_set: names and shapes are checked")
{
    parameter_set parameters;
    parameters.add("w", { 2 }, { 1, 2 });
    CHECK_THROWS_WITH_AS(parameters.add("w", { 1 }, { 1 }), "quantkit: there are two parameters 'w'",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(parameters.add("v", { 2, 2 }, { 1 }),
                         "quantkit: the parameter 'v' of shape [2, 2] has 1 values", std::invalid_argument);
    CHECK_THROWS_WITH_AS(parameters["u"], "quantkit: there is no parameter 'u'", std::invalid_argument);
}
