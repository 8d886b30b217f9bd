// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/initial_weights.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

using namespace quantkit;

namespace
{
    layer behind(std::string input, std::string name, layer_operation operation)
    {
        return { std::move(name), layer_kind::feed_forward, std::move(operation), { std::move(input) } };
    }

    /// Of positions that are added to what `last` gives, behind the layers, with 3 features as input.
    tensor_shape table_behind(std::vector<layer> layers, const std::string& last)
    {
        layers.push_back(behind(last, "positions", positional_encoding_operation { "table" }));
        return initial_weights(layers, { .time = 7, .features = 3 }, 1)["table"].shape;
    }
}

TEST_CASE("initial weights: a table of positions has the features of what it is added to")
{
    CHECK(table_behind({}, model_input) == tensor_shape { 7, 3 });
    CHECK(table_behind({ behind(model_input, "fc", linear_operation { 3, 5, { "w", "b" } }) }, "fc")
          == tensor_shape { 7, 5 });
    CHECK(table_behind({ behind(model_input, "conv", conv1d_operation { 3, 6, 1, { "w", "b" } }) }, "conv")
          == tensor_shape { 7, 6 });
    CHECK(table_behind({ behind(model_input, "words", embedding_operation { 10, 8, "entries" }) }, "words")
          == tensor_shape { 7, 8 });
    CHECK(table_behind({ behind(model_input, "fc", linear_operation { 3, 5, { "w", "b" } }),
                         behind("fc", "relu", activation_operation {}), behind("relu", "drop", dropout_operation {}) },
                       "drop")
          == tensor_shape { 7, 5 });
    CHECK(table_behind({ behind(model_input, "drop", dropout_operation {}) }, "drop") == tensor_shape { 7, 3 });
}

TEST_CASE("initial weights: positions are sines and cosines of falling frequency")
{
    const std::size_t time = 50, features = 5;
    const std::vector<float> table = sinusoidal_table(time, features);
    REQUIRE(table.size() == time * features);
    for (std::size_t t = 0; t < time; ++t)
        for (std::size_t j = 0; j < features; ++j)
        {
            const auto pair = static_cast<double>(j / 2 * 2);
            const double angle = static_cast<double>(t) / std::pow(10000.0, pair / static_cast<double>(features));
            REQUIRE(static_cast<double>(table[t * features + j])
                    == doctest::Approx(j % 2 == 0 ? std::sin(angle) : std::cos(angle)).epsilon(1e-6));
        }
}

TEST_CASE("initial weights: uniform within 1 / sqrt(fan in), the same for the same seed")
{
    const std::vector<layer> layers { behind(model_input, "conv", conv1d_operation { 4, 50, 4, { "w", "b" } }) };
    const weight_set weights = initial_weights(layers, { .time = 9, .features = 4 }, 3);
    CHECK(weights.size() == 2);
    CHECK(weights["w"].shape == tensor_shape { 50, 4, 4 });
    CHECK(weights["b"].shape == tensor_shape { 50 });
    const auto [least, greatest] = std::minmax_element(weights["w"].values.begin(), weights["w"].values.end());
    CHECK(*least >= -0.25f);
    CHECK(*least < -0.23f);
    CHECK(*greatest > 0.23f);
    CHECK(*greatest < 0.25f);
    CHECK(initial_weights(layers, { .time = 9, .features = 4 }, 3)["w"].values == weights["w"].values);
    CHECK(initial_weights(layers, { .time = 9, .features = 4 }, 4)["w"].values != weights["w"].values);
}
