// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/model.hpp>

#include "model/random_weights.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    layer relu(std::string name, std::vector<std::string> inputs)
    {
        return { std::move(name), layer_kind::activation, activation_operation {}, std::move(inputs) };
    }

    layer sum(std::string name, std::string a, std::string b)
    {
        return { std::move(name), layer_kind::residual_add, add_operation {}, { std::move(a), std::move(b) } };
    }

    layer ffn(std::string name, std::string input, std::string activation)
    {
        return { name,
                 layer_kind::feed_forward,
                 feed_forward_operation { 4, 6, { name + ".w1", "" }, { name + ".w2", "" }, std::move(activation) },
                 { std::move(input) } };
    }

    model made(std::vector<layer> layers, sample_shape input = { 3, 4 })
    {
        weight_set weights = random_weights(1).of(layers);
        return { std::move(layers), std::move(weights), input };
    }

    std::string refusal(std::vector<layer> layers, sample_shape input = { 3, 4 })
    {
        return error_of([&] { made(std::move(layers), input); });
    }

    std::vector<std::string> names_of(const model& network)
    {
        std::vector<std::string> names;
        for (const layer& each : network.layers())
            names.push_back(each.name);
        return names;
    }
}

TEST_CASE("layers come after what they read, otherwise in the given order")
{
    const model network = made({ sum("s", "b", "a"), relu("a", { "input" }), relu("c", { "s" }), relu("b", { "a" }) });
    CHECK(names_of(network) == std::vector<std::string> { "a", "b", "s", "c" });
    CHECK(network.output_layer() == 3);
    CHECK(network.index_of("s") == 2);
    CHECK(network["b"].inputs == std::vector<std::string> { "a" });
    CHECK(error_of([&] { network.index_of("d"); }) == said("the model has no layer 'd'"));

    const model ordered = made({ relu("z", { "input" }), relu("y", { "z" }), sum("x", "z", "y") });
    CHECK(names_of(ordered) == std::vector<std::string> { "z", "y", "x" });
}

TEST_CASE("any order of random graphs is sorted, and each layer finds what it reads before it")
{
    random_bits bits(5);
    for (int trial = 0; trial < 50; ++trial)
    {
        std::vector<layer> layers { relu("0", { "input" }) };
        for (int i = 1; i < 20; ++i)
            layers.push_back(sum(std::to_string(i), std::to_string(i - 1), std::to_string(bits.integer(0, i - 1))));
        for (std::size_t i = layers.size(); i-- > 1;)
            std::swap(layers[i], layers[static_cast<std::size_t>(bits.integer(0, static_cast<std::int64_t>(i)))]);
        const model network = made(std::move(layers));
        std::set<std::string> seen { "input" };
        for (const layer& each : network.layers())
        {
            for (const std::string& name : each.inputs)
                REQUIRE(seen.contains(name));
            seen.insert(each.name);
        }
        REQUIRE(network.layers()[network.output_layer()].name == "19");
    }
}

TEST_CASE("names that are empty, taken, unknown or reserved")
{
    CHECK(refusal({ relu("a", { "input" }), relu("a", { "a" }) }) == said("there are two layers 'a'"));
    CHECK(refusal({ relu("", { "input" }) }) == said("layer 0 cannot be called ''"));
    CHECK(refusal({ relu("a", { "input" }), relu("input", { "a" }) }) == said("layer 1 cannot be called 'input'"));
    CHECK(refusal({ relu("a", { "b" }) }) == said("layer 'a' refers to 'b', which does not exist"));
}

TEST_CASE("a long chain that is listed from its end to its beginning")
{
    constexpr std::size_t count = 200'000;
    std::vector<layer> chain;
    for (std::size_t i = count; i-- > 0;)
        chain.push_back(relu(std::to_string(i), { i == 0 ? std::string(model_input) : std::to_string(i - 1) }));
    const model network = made(std::move(chain));
    CHECK(network.layers().front().name == "0");
    CHECK(network.layers().back().name == std::to_string(count - 1));
}

TEST_CASE("cycles")
{
    CHECK(refusal({ relu("a", { "a" }) }) == said("the layers form a cycle through 'a'"));
    CHECK(refusal({ relu("x", { "input" }), sum("a", "x", "c"), relu("b", { "a" }), relu("c", { "b" }) })
          == said("the layers form a cycle through 'a'"));
    CHECK(refusal({ ffn("f", "input", "g"), relu("g", { "f" }) }) == said("the layers form a cycle through 'f'"));
}

TEST_CASE("exactly one layer returns the result")
{
    CHECK(refusal({}) == said("a model needs at least one layer"));
    CHECK(refusal({ relu("a", { "input" }), relu("b", { "input" }) })
          == said("no layer reads 'a' and 'b': only one can return the result"));
    CHECK(refusal({ relu("a", { "input" }) }, { 0, 4 })
          == said("a model's input cannot be empty, but has 0 steps of 4 features"));
    CHECK(refusal({ relu("a", { "input" }) }, { 3, 0 })
          == said("a model's input cannot be empty, but has 3 steps of 0 features"));
}

TEST_CASE("an activation inside a feed-forward layer is nowhere else")
{
    const model network = made({ ffn("f", "input", "g"), relu("g", {}) });
    CHECK(network.is_inside(network.index_of("g")));
    CHECK_FALSE(network.is_inside(network.index_of("f")));
    CHECK(network.shape_of(network.index_of("g")) == sample_shape { 3, 6 });
    CHECK(network.output_layer() == network.index_of("f"));

    CHECK(refusal({ ffn("f", "input", "g"), relu("g", { "input" }) })
          == said("the activation 'g' is inside 'f' and can be nowhere else"));
    CHECK(refusal({ ffn("f", "input", "g"), relu("g", {}), ffn("h", "f", "g") })
          == said("the activation 'g' is inside 'h' and can be nowhere else"));
    CHECK(refusal({ ffn("f", "input", "g"), relu("g", {}), sum("s", "f", "g") })
          == said("layer 's' cannot read 'g', which is inside another"));
    CHECK(refusal({ ffn("f", "input", "s"), sum("s", "input", "input") })
          == said("layer 'f' names 's' as its activation, but that is none"));
    CHECK(refusal({ ffn("f", "input", "input") }) == said("the model has no layer 'input'"));
}

TEST_CASE("parameters are weights, biases and embeddings, not positions")
{
    model_builder builder({ 3, 1 });
    builder.embedding("e", 7, 4).positional_encoding("pos").linear("fc", 4, 2);
    const model network = builder.build(random_weights(1, 5, 4).of(builder.layers()));
    CHECK(network.parameter_count() == 7 * 4 + 4 * 2 + 2);
    CHECK(network.input_shape() == sample_shape { 3, 1 });
    CHECK(network.output_shape() == sample_shape { 3, 2 });
}

TEST_CASE("a weight set has each name once, with values that fill the shape")
{
    weight_set weights;
    weights.add("w", { 2, 3 }, std::vector<float>(6));
    CHECK(error_of([&] { weights.add("w", { 1 }, { 1.0f }); }) == said("there are two weights 'w'"));
    CHECK(error_of(
              [&] {
                  weights.add("v", { 2, 3 }, std::vector<float>(5));
              })
          == said("the weight 'v' of shape [2, 3] has 5 values"));
    CHECK(error_of([&] { weights["u"]; }) == said("there is no weight 'u'"));
    CHECK(weights.size() == 1);
    CHECK(weights["w"].values.size() == 6);
}
