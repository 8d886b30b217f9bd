// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/program.hpp>

#include "model/random_graphs.hpp"
#include "model/random_weights.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    using values = std::vector<value_id>;
    using numbers = std::vector<std::size_t>;

    program lowered(const model_builder& builder)
    {
        return program_of(builder.build(random_weights(1, 8, 4).of(builder.layers())));
    }

    const product_step& product(const program& steps, std::size_t step)
    {
        return std::get<product_step>(steps.steps[step].operation);
    }

    model_builder on_features(std::size_t features, std::size_t time = 1) { return model_builder({ time, features }); }

    /// A number for each different expression, so that two are equal exactly if they compute the same.
    class expressions
    {
    public:
        std::size_t operator()(const std::string& text)
        {
            return known_.try_emplace(text, known_.size()).first->second;
        }
        std::size_t operator()(const std::string& function, std::size_t x)
        {
            return (*this)(function + "(" + std::to_string(x) + ")");
        }
        std::size_t sum(std::size_t a, std::size_t b)
        {
            return (*this)(std::to_string(std::min(a, b)) + " + " + std::to_string(std::max(a, b)));
        }

    private:
        std::map<std::string, std::size_t> known_;
    };

    /// What each layer computes, from the definition of its operation.
    std::vector<std::size_t> expressions_of_layers(const model& network, expressions& known)
    {
        std::vector<std::size_t> results;
        for (const layer& each : network.layers())
        {
            std::vector<std::size_t> x;
            for (const std::string& name : each.inputs)
                x.push_back(name == model_input ? known("input") : results[network.index_of(name)]);
            const std::size_t first = x[0], all = x.size() == 2 ? known.sum(x[0], x[1]) : x[0];
            if (std::holds_alternative<linear_operation>(each.operation))
                results.push_back(known(each.name + ".weight", first));
            else if (std::holds_alternative<activation_operation>(each.operation))
                results.push_back(known("tanh", first));
            else if (std::holds_alternative<layer_norm_operation>(each.operation))
                results.push_back(known("norm " + each.name + ".weight", all));
            else
                results.push_back(all);
        }
        return results;
    }

    /// What each value holds when the program is done.
    std::vector<std::size_t> expressions_of_values(const program& steps, expressions& known)
    {
        std::vector<std::size_t> held(steps.values.size());
        held[0] = known("input");
        for (const program_step& step : steps.steps)
        {
            std::size_t y = held[step.inputs[0]];
            if (const auto* linear = std::get_if<product_step>(&step.operation))
            {
                y = known(linear->weights[0].weight, y);
                if (linear->activation != activation_function::none)
                    y = known("tanh", y);
                if (linear->residual)
                    y = known.sum(y, held[*linear->residual]);
            }
            else
            {
                if (step.inputs.size() == 2)
                    y = known.sum(y, held[step.inputs[1]]);
                if (std::holds_alternative<activation_step>(step.operation))
                    y = known("tanh", y);
                if (const auto* norm = std::get_if<layer_norm_step>(&step.operation))
                    y = known("norm " + norm->weights.weight, y);
            }
            held[step.output] = y;
        }
        return held;
    }
}

TEST_CASE("programs of random graphs compute what their layers say")
{
    std::size_t fused = 0;
    for (std::uint64_t seed = 0; seed < 300; ++seed)
    {
        const model network = random_graph(seed);
        const program steps = program_of(network);
        expressions known;
        const auto of_layers = expressions_of_layers(network, known);
        const auto of_values = expressions_of_values(steps, known);
        INFO("seed ", seed);
        REQUIRE(of_values[steps.output] == of_layers[network.output_layer()]);
        for (value_id value = 0; value < steps.values.size(); ++value)
            for (const std::size_t layer : steps.values[value].layers)
                REQUIRE(of_values[value] == of_layers[layer]);
        fused += network.layers().size() - steps.steps.size();
    }
    CHECK(fused > 300);
}

TEST_CASE("steps come in an order in which all that they read is there, and make each value once")
{
    for (std::uint64_t seed = 0; seed < 100; ++seed)
    {
        const program steps = program_of(random_graph(seed));
        std::vector<bool> is_there(steps.values.size(), false);
        is_there[0] = true;
        for (const program_step& step : steps.steps)
        {
            for (const value_id value : step.inputs)
                REQUIRE(is_there[value]);
            REQUIRE_FALSE(is_there[step.output]);
            is_there[step.output] = true;
        }
        for (const bool made : is_there)
            REQUIRE(made);
    }
}

TEST_CASE("an activation behind a product runs in its epilogue")
{
    const program steps = lowered(on_features(4).linear("fc", 4, 3).activation("act", activation_function::silu));
    REQUIRE(steps.steps.size() == 1);
    CHECK(product(steps, 0).activation == activation_function::silu);
    CHECK(product(steps, 0).in_features == 4);
    CHECK(product(steps, 0).out_features == 3);
    CHECK(steps.steps[0].layer == 0);
    CHECK(steps.output == 1);
    CHECK(steps.values[1].name == "fc");
    CHECK(steps.values[1].layers == numbers { 1 }); // what fc alone returns is nowhere
}

TEST_CASE("a second activation, and one on the input, are steps of their own")
{
    const program twice = lowered(on_features(4)
                                      .linear("fc", 4, 4)
                                      .activation("a", activation_function::relu)
                                      .activation("b", activation_function::tanh));
    REQUIRE(twice.steps.size() == 2);
    CHECK(product(twice, 0).activation == activation_function::relu);
    CHECK(std::get<activation_step>(twice.steps[1].operation).function == activation_function::tanh);
    const program alone = lowered(on_features(4).activation("a", activation_function::relu));
    CHECK(std::holds_alternative<activation_step>(alone.steps[0].operation));
}

TEST_CASE("a product that others read as well keeps its result")
{
    const program steps =
        lowered(on_features(4).linear("fc", 4, 4).activation("act", activation_function::relu).add("s", "fc"));
    REQUIRE(steps.steps.size() == 3);
    CHECK(product(steps, 0).activation == activation_function::none);
    CHECK(steps.values[1].layers == numbers { 0 });
}

TEST_CASE("who reads a product through a dropout reads the product")
{
    const program steps = lowered(on_features(4)
                                      .linear("fc", 4, 4)
                                      .dropout("drop", 0.5f)
                                      .activation("act", activation_function::relu)
                                      .add("s", "fc"));
    REQUIRE(steps.steps.size() == 3);
    CHECK(product(steps, 0).activation == activation_function::none);
    CHECK(std::holds_alternative<add_step>(steps.steps[2].operation));
    CHECK(steps.steps[2].inputs == values { 2, 1 });

    const program only = lowered(on_features(4)
                                     .linear("fc", 4, 4)
                                     .dropout("a", 0.5f)
                                     .dropout("b", 0.5f)
                                     .activation("r", activation_function::relu));
    REQUIRE(only.steps.size() == 1);
    CHECK(product(only, 0).activation == activation_function::relu);
    CHECK(only.values[1].layers == numbers { 3 });
}

TEST_CASE("a residual is added in the epilogue of the later product")
{
    const program steps = lowered(on_features(4).linear("a", 4, 4).linear("b", 4, 4).add("s", "a"));
    REQUIRE(steps.steps.size() == 2);
    CHECK(product(steps, 1).residual == value_id { 1 });
    CHECK(steps.steps[1].inputs == values { 1, 1 });
    CHECK(steps.values[2].layers == numbers { 2 });

    const program on_input = lowered(on_features(4).linear("a", 4, 4).add("s", "input"));
    REQUIRE(on_input.steps.size() == 1);
    CHECK(product(on_input, 0).residual == value_id { 0 });

    const program before = lowered(on_features(4).linear("a", 4, 4).from(model_input).softmax("x").add("s", "a"));
    REQUIRE(before.steps.size() == 3); // x is not there yet when a runs
    CHECK_FALSE(product(before, 0).residual.has_value());
}

TEST_CASE("a sum of a layer with itself is a step")
{
    const program steps = lowered(on_features(4).linear("a", 4, 4).dropout("d", 0.5f).add("s", "a"));
    REQUIRE(steps.steps.size() == 2);
    CHECK(steps.steps[1].inputs == values { 1, 1 });
}

TEST_CASE("attention: one product for three projections, the heads, and the output projection")
{
    const program steps = lowered(on_features(6, 5).attention("attn", 6, 3, 2).add("s", "input"));
    REQUIRE(steps.steps.size() == 3);
    CHECK(product(steps, 0).weights.size() == 3);
    CHECK(product(steps, 0).weights[1].weight == "attn.k_proj.weight");
    CHECK(product(steps, 0).out_features == 18);
    CHECK(steps.values[1].name == "attn.qkv");
    CHECK(steps.values[1].shape == sample_shape { 5, 18 });
    CHECK(steps.values[1].layers.empty());
    const auto& heads = std::get<attention_step>(steps.steps[1].operation);
    CHECK(heads.heads == 3);
    CHECK(heads.sparse_factor == 2);
    CHECK(steps.values[2].name == "attn.context");
    CHECK(product(steps, 2).weights[0].weight == "attn.out_proj.weight");
    CHECK(product(steps, 2).residual == value_id { 0 });
}

TEST_CASE("a feed-forward layer: two products, the first with the activation")
{
    const program steps = lowered(on_features(4, 5).feed_forward("ffn", 4, 7, "act", activation_function::gelu));
    REQUIRE(steps.steps.size() == 2);
    CHECK(product(steps, 0).activation == activation_function::gelu);
    CHECK(product(steps, 1).activation == activation_function::none);
    CHECK(steps.values[1].name == "ffn.hidden");
    CHECK(steps.values[1].shape == sample_shape { 5, 7 });
    CHECK(steps.values[1].layers == numbers { 0 }); // the activation comes before the layer around it
    CHECK(steps.values[2].layers == numbers { 1 });
}

TEST_CASE("a convolution is a product of windows, a linear layer may take the last step")
{
    const program steps = lowered(on_features(4, 6)
                                      .conv1d("conv", { 4, 5, 3, {}, 2, 1, 1, padding_mode::circular })
                                      .linear("fc", 5, 2, time_steps::last));
    REQUIRE(steps.steps.size() == 2);
    CHECK(product(steps, 0).in_features == 12);
    const auto& windows = std::get<row_windows>(product(steps, 0).rows);
    CHECK(windows.kernel == 3);
    CHECK(windows.stride == 2);
    CHECK(windows.padding == 1);
    CHECK(windows.mode == padding_mode::circular);
    CHECK(std::get<time_steps>(product(steps, 1).rows) == time_steps::last);
    CHECK(steps.values[steps.output].shape == sample_shape { 1, 2 });
}

TEST_CASE("dropout and flatten of the input are copies, so that the output is never the input itself")
{
    for (const bool is_dropout : { true, false })
    {
        model_builder builder = on_features(4, 2);
        const program steps = lowered(is_dropout ? builder.dropout("x", 0.5f) : builder.flatten("x"));
        REQUIRE(steps.steps.size() == 1);
        CHECK(std::holds_alternative<reshape_step>(steps.steps[0].operation));
        CHECK(steps.output == 1);
    }
}

TEST_CASE("all other layers are one step each")
{
    model_builder builder({ 4, 1 });
    builder.embedding("e", 9, 4).positional_encoding("pos").pooling("pool", { pooling_function::max, 2, 2 });
    builder.layer_norm("n", 4, "pool").softmax("soft").flatten("flat");
    const program steps = lowered(builder);
    REQUIRE(steps.steps.size() == 6);
    CHECK(std::get<embedding_step>(steps.steps[0].operation).table == "e.weight");
    CHECK(std::get<table_step>(steps.steps[1].operation).table == "pos.table");
    CHECK(std::get<pooling_step>(steps.steps[2].operation).pooling.kernel == 2);
    CHECK(std::get<layer_norm_step>(steps.steps[3].operation).weights.weight == "n.weight");
    CHECK(steps.steps[3].inputs == values { 3, 3 });
    CHECK(std::holds_alternative<softmax_step>(steps.steps[4].operation));
    CHECK(std::holds_alternative<reshape_step>(steps.steps[5].operation));
}
