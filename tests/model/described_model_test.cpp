// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/described_model.hpp>

#include "model/random_weights.hpp"

#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    using names = std::vector<std::string>;

    /// "{ \"name\": \"a\", \"type\": \"relu\", ... }", with ' for ".
    std::string json(std::string text)
    {
        for (char& letter : text)
            letter = letter == '\'' ? '"' : letter;
        return text;
    }

    model_description described(const std::string& layers, const std::string& shape = "6, 4")
    {
        return parse_model_description(json("{ 'input_shape': ['batch', " + shape + "], 'layers': [" + layers + "] }"));
    }

    /// Weights for whatever the description asks for.
    weight_set weights_for(const model_description& description)
    {
        std::vector<layer> layers;
        for (const described_layer& each : description.layers)
            layers.push_back({ each.name, layer_kind::reshape, quantkit::detail::described_operation(each),
                               std::vector<std::string> {} });
        return random_weights(1, 6, 4).of(layers);
    }

    model made(const std::string& layers, const std::string& output = {}, const std::string& shape = "6, 4")
    {
        const model_description description = described(layers, shape);
        return model_of(description, weights_for(description), output);
    }

    std::string refusal(const std::string& layers, const std::string& output = {})
    {
        return error_of([&] { model_of(described(layers), {}, output); });
    }

    template <class Operation>
    Operation operation_of(const std::string& attributes)
    {
        const model_description description = described("{ 'name': 'x', " + attributes + " }");
        return std::get<Operation>(quantkit::detail::described_operation(description.layers[0]));
    }

    const std::string relu_a = "{ 'name': 'a', 'type': 'relu' }";
    const std::string relu_b = "{ 'name': 'b', 'type': 'relu' }";
}

TEST_CASE("attributes of every type")
{
    const auto linear = operation_of<linear_operation>(
        "'type': 'linear', 'in_features': 4, 'out_features': 3, 'weight': 'w', 'bias': 'b', 'input': 'last time step'");
    CHECK(linear.in_features == 4);
    CHECK(linear.out_features == 3);
    CHECK(linear.weights.weight == "w");
    CHECK(linear.weights.bias == "b");
    CHECK(linear.steps == time_steps::last);

    const auto conv = operation_of<conv1d_operation>(
        "'type': 'conv1d', 'in_channels': 4, 'out_channels': 3, 'kernel': 5, 'weight': 'w', 'stride': 2, 'padding': 1, "
        "'dilation': 6, 'padding_mode': 'circular'");
    CHECK(conv.in_channels == 4);
    CHECK(conv.out_channels == 3);
    CHECK(conv.kernel == 5);
    CHECK(conv.weights.bias.empty());
    CHECK(conv.stride == 2);
    CHECK(conv.padding == 1);
    CHECK(conv.dilation == 6);
    CHECK(conv.mode == padding_mode::circular);

    const auto attention = operation_of<attention_operation>(
        "'type': 'multi_head_attention', 'd_model': 4, 'heads': 2, 'sparse_factor': 5, "
        "'tensors': ['qw', 'qb', 'kw', 'kb', 'vw', 'vb', 'ow', 'ob']");
    CHECK(attention.heads == 2);
    CHECK(attention.sparse_factor == 5);
    CHECK(attention.query.weight == "qw");
    CHECK(attention.key.bias == "kb");
    CHECK(attention.value.weight == "vw");
    CHECK(attention.output.bias == "ob");

    const auto norm =
        operation_of<layer_norm_operation>("'type': 'layer_norm', 'features': 4, 'weight': 'w', 'eps': 1");
    CHECK(norm.eps == 1.0f);
    CHECK(operation_of<embedding_operation>("'type': 'embedding', 'entries': 9, 'features': 4, 'weight': 'w'").entries
          == 9);
    CHECK(operation_of<positional_encoding_operation>("'type': 'positional_encoding', 'table': 't'").table == "t");
    CHECK(operation_of<dropout_operation>("'type': 'dropout', 'p': 0.25").probability == 0.25f);
    CHECK(operation_of<dropout_operation>("'type': 'dropout'").probability == 0.0f);
}

TEST_CASE("pooling: all steps without a kernel, else its own stride")
{
    const auto all = operation_of<pooling_operation>("'type': 'avg_pool1d'");
    CHECK(all.kernel == 0);
    CHECK(all.function == pooling_function::mean);
    const auto windows = operation_of<pooling_operation>("'type': 'max_pool1d', 'kernel': 3");
    CHECK(windows.function == pooling_function::max);
    CHECK(windows.stride == 3);
    CHECK(operation_of<pooling_operation>("'type': 'max_pool1d', 'kernel': 3, 'stride': 2, 'padding': 1").stride == 2);
    CHECK(operation_of<pooling_operation>("'type': 'mean_over_time'").function == pooling_function::mean);
}

TEST_CASE("activation functions by their names")
{
    const std::pair<const char*, activation_function> functions[] {
        { "identity", activation_function::none }, { "relu", activation_function::relu },
        { "gelu", activation_function::gelu },     { "gelu_tanh", activation_function::gelu_tanh },
        { "silu", activation_function::silu },     { "sigmoid", activation_function::sigmoid },
        { "tanh", activation_function::tanh }
    };
    for (const auto& [name, function] : functions)
        CHECK(operation_of<activation_operation>(std::string("'type': '") + name + "'").function == function);
    CHECK(operation_of<activation_operation>("'type': 'gelu', 'approximate': 'tanh'").function
          == activation_function::gelu_tanh);
    CHECK(operation_of<activation_operation>("'type': 'gelu', 'approximate': 'none'").function
          == activation_function::gelu);
}

TEST_CASE("each layer reads the one before it, or what it names")
{
    const model network = made(relu_a + "," + relu_b + R"(,
        { 'name': 'c', 'type': 'relu', 'input': 'a' },
        { 'name': 's', 'type': 'add', 'inputs': ['b', 'c'] },
        { 'name': 'f', 'type': 'flatten' })");
    CHECK(network["a"].inputs == names { "input" });
    CHECK(network["b"].inputs == names { "a" });
    CHECK(network["c"].inputs == names { "a" });
    CHECK(network["s"].inputs == names { "b", "c" });
    CHECK(network["f"].inputs == names { "s" });
    CHECK(network.output_shape() == sample_shape { 1, 24 });
    CHECK(made(relu_a, {}, "4").input_shape() == sample_shape { 1, 4 });
}

TEST_CASE("blocks: their input, residuals, and activations inside")
{
    const model network = made(R"({ 'name': 'first', 'type': 'relu' },
        { 'name': 'e.0.attn', 'type': 'multi_head_attention', 'd_model': 4, 'heads': 2,
          'tensors': ['qw', 'qb', 'kw', 'kb', 'vw', 'vb', 'ow', 'ob'] },
        { 'name': 'e.0.norm1', 'type': 'layer_norm', 'features': 4, 'weight': 'n1', 'bias': 'm1',
          'residual': 'norm1(x + dropout(attn(x)))' },
        { 'name': 'e.0.ffn', 'type': 'feed_forward', 'd_model': 4, 'd_ff': 6, 'activation': 'e.0.gelu',
          'tensors': ['f1', 'g1', 'f2', 'g2'] },
        { 'name': 'e.0.gelu', 'type': 'gelu' },
        { 'name': 'e.0.norm2', 'type': 'layer_norm', 'features': 4, 'weight': 'n2', 'bias': 'm2',
          'residual': 'norm2(x + dropout(ffn(x)))' },
        { 'name': 'e.0.skip', 'type': 'add', 'inputs': ['e.0.norm2', 'input of the block'] })");
    CHECK(network["e.0.norm1"].inputs == names { "e.0.attn", "first" });
    CHECK(network["e.0.ffn"].inputs == names { "e.0.norm1" });
    CHECK(network["e.0.gelu"].inputs.empty());
    CHECK(network["e.0.norm2"].inputs == names { "e.0.ffn", "e.0.norm1" });
    CHECK(network["e.0.skip"].inputs == names { "e.0.norm2", "first" });
    CHECK(network.is_inside(network.index_of("e.0.gelu")));
}

TEST_CASE("kinds and roles")
{
    const auto kind_of = [](const std::string& attributes)
    { return made("{ 'name': 'a', 'type': 'relu', " + attributes + " }")["a"].kind; };
    CHECK(kind_of("'kind': 'output_projection'") == layer_kind::output_projection);
    CHECK(kind_of("'role': 'output_projection'") == layer_kind::output_projection);
    CHECK(kind_of("'kind': 'embedding', 'role': 'pooling'") == layer_kind::embedding);
    CHECK(kind_of("'role': 'token_embedding'") == layer_kind::embedding);
    CHECK(kind_of("'role': 'added to the embedding'") == layer_kind::activation);
    CHECK(refusal("{ 'name': 'a', 'type': 'relu', 'kind': 'embeddings' }")
          == said("layer 'a' has the unknown kind 'embeddings'"));
}

TEST_CASE("the result of any layer, without those that it does not depend on, in any order")
{
    const std::string layers = R"({ 'name': 'c', 'type': 'add', 'inputs': ['b', 'a'] },
        { 'name': 'b', 'type': 'relu', 'input': 'a' }, { 'name': 'a', 'type': 'relu', 'input': 'input' },
        { 'name': 'other', 'type': 'nothing known', 'input': 'c' })";
    const auto only = [&](const std::string& output)
    { return model_of(described(layers), {}, output).layers().size(); };
    CHECK(only("a") == 1);
    CHECK(only("b") == 2);
    CHECK(only("c") == 3);
    CHECK(refusal(layers, "other") == said("layer 'other' has the unknown type 'nothing known'"));
    CHECK(refusal(layers) == said("layer 'other' has the unknown type 'nothing known'"));
    CHECK(refusal(layers, "d") == said("the description has no layer 'd' that could be the output"));

    const model with_activation = made(R"({ 'name': 'g', 'type': 'gelu' },
        { 'name': 'f', 'type': 'feed_forward', 'd_model': 4, 'd_ff': 6, 'activation': 'g',
          'tensors': ['f1', 'g1', 'f2', 'g2'] }, { 'name': 'other', 'type': 'relu' })",
                                       "f");
    CHECK(with_activation.layers().size() == 2);
}

TEST_CASE("attributes that are missing or of another type")
{
    const auto error = [](const std::string& attributes) { return refusal("{ 'name': 'x', " + attributes + " }"); };
    CHECK(error("'type': 'linear', 'in_features': 4, 'weight': 'w'")
          == said("layer 'x' needs 'out_features', an integer that is not negative"));
    CHECK(error("'type': 'linear', 'in_features': -4, 'out_features': 2, 'weight': 'w'")
          == said("layer 'x' needs 'in_features', an integer that is not negative"));
    CHECK(error("'type': 'linear', 'in_features': 4.0, 'out_features': 2, 'weight': 'w'")
          == said("layer 'x' needs 'in_features', an integer that is not negative"));
    CHECK(error("'type': 'linear', 'in_features': 4, 'out_features': 2") == said("layer 'x' needs 'weight', a text"));
    CHECK(error("'type': 'linear', 'in_features': 4, 'out_features': 2, 'weight': 'w', 'bias': true")
          == said("layer 'x' needs 'bias', a text"));
    CHECK(error("'type': 'max_pool1d', 'kernel': 'all'")
          == said("layer 'x' needs 'kernel', an integer that is not negative"));
    CHECK(error("'type': 'layer_norm', 'features': 4, 'weight': 'w', 'eps': 'small'")
          == said("layer 'x' needs 'eps', a number"));
    CHECK(error("'type': 'multi_head_attention', 'd_model': 4, 'heads': 2, 'tensors': ['a']")
          == said("layer 'x' needs 'tensors', the names of 8 tensors"));
    CHECK(error("'type': 'feed_forward', 'd_model': 4, 'd_ff': 2, 'tensors': ['a', 'b', 'c', 'd']")
          == said("layer 'x' needs 'activation', a text"));
    CHECK(error("'type': 'conv1d', 'in_channels': 4, 'out_channels': 2, 'kernel': 1, 'weight': 'w', "
                "'padding_mode': 'reflect'")
          == said("layer 'x': padding_mode must be zeros or circular, but is 'reflect'"));
    CHECK(error("'type': 'relu6'") == said("layer 'x' has the unknown type 'relu6'"));
}

TEST_CASE("inputs that are none")
{
    const auto error = [](const std::string& attributes)
    { return refusal(relu_a + ", { 'name': 'x', " + attributes + " }"); };
    CHECK(error("'type': 'relu', 'input': ['a']") == said("layer 'x' needs 'input', a text"));
    CHECK(error("'type': 'add', 'inputs': 'a'") == said("layer 'x' needs 'inputs', a list of texts"));
    CHECK(error("'type': 'add', 'inputs': ['a', 'nowhere']")
          == said("layer 'x' refers to 'nowhere', which does not exist"));
    CHECK(error("'type': 'add', 'inputs': []") == said("layer 'x': needs two inputs, but has 0"));
    CHECK(error("'type': 'layer_norm', 'features': 4, 'weight': 'w', 'residual': 'x + y'")
          == said("layer 'x' has a residual 'x + y' without a layer of x in it"));
    CHECK(error("'type': 'layer_norm', 'features': 4, 'weight': 'w', 'residual': 'norm(x + attn(x))'")
          == said("layer 'x' refers to the input of 'attn', which is no layer before it"));
    CHECK(refusal("{ 'name': 'x', 'type': 'relu', 'input': 'input of the block' }")
          == said("layer 'x' refers to the input of 'x', which is no layer before it"));
}

TEST_CASE("input shapes that a file could not have")
{
    model_description description = described(relu_a);
    description.input_shape = {};
    CHECK(error_of([&] { model_of(description, {}); })
          == said("an input has one or two axes besides the batch, not 0"));
    description.input_shape = { 2, 3, 4 };
    CHECK(error_of([&] { model_of(description, {}); })
          == said("an input has one or two axes besides the batch, not 3"));
}
