// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From a description (io/model_description.hpp) to layers.
///
/// type                   attributes (optional ones in brackets)
/// linear                 in_features, out_features, weight, [bias]
/// conv1d                 in_channels, out_channels, kernel, weight, [bias, stride, padding, dilation,
///                        padding_mode: zeros or circular]
/// multi_head_attention   d_model, heads, tensors: weight and bias of q, k, v and out, [sparse_factor]
/// feed_forward           d_model, d_ff, activation: name of a layer, tensors: weight and bias of fc1 and fc2
/// layer_norm             features, weight, bias, [eps]
/// identity, relu, gelu, gelu_tanh, silu, sigmoid, tanh, softmax     a gelu with approximate "tanh" is gelu_tanh
/// positional_encoding    table
/// embedding              entries, features, weight
/// max_pool1d, avg_pool1d [kernel (all steps if it is left out), stride, padding]
/// dropout                [p]
/// add                    two inputs
/// flatten, mean_over_time
///
/// Inputs: "inputs", names of layers; or "input", one name; else the layer before it, outside of feed_forward. For
/// blocks that are named "block.part" there are three short forms, as the trained models of the examples use them:
/// "input of the block" is what the first layer of the block reads; a layer_norm with "residual": "norm1(x +
/// dropout(attn(x)))" also adds what the innermost layer of that expression reads; "input": "last time step" takes the
/// last step of the layer before it. "role" or "kind" says what the layer is to a sensitivity table: the name of a
/// layer_kind, or token_embedding, distilling.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/io/model_description.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/model_builder.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Attributes of one layer, with errors that name it.
    class layer_attributes
    {
    public:
        explicit layer_attributes(const described_layer& layer)
            : layer_(layer)
        {
        }

        template <class T>
        const T* find(std::string_view key) const
        {
            const auto found = layer_.attributes.find(key);
            return found == layer_.attributes.end() ? nullptr : std::get_if<T>(&found->second);
        }

        std::size_t count(std::string_view key) const
        {
            const auto* value = find<std::int64_t>(key);
            require(value != nullptr && *value >= 0, "layer '", layer_.name, "' needs '", key,
                    "', an integer that is not negative");
            return static_cast<std::size_t>(*value);
        }
        std::size_t count(std::string_view key, std::size_t otherwise) const
        {
            return layer_.attributes.contains(key) ? count(key) : otherwise;
        }

        float number(std::string_view key, float otherwise) const
        {
            if (const auto* value = find<double>(key))
                return static_cast<float>(*value);
            return otherwise;
        }

        std::string text(std::string_view key) const
        {
            const auto* value = find<std::string>(key);
            require(value != nullptr, "layer '", layer_.name, "' needs '", key, "', a text");
            return *value;
        }
        std::string text(std::string_view key, std::string_view otherwise) const
        {
            const auto* value = find<std::string>(key);
            return value == nullptr ? std::string(otherwise) : *value;
        }

        projection weights() const { return { text("weight"), text("bias", "") }; }

        /// Pair number i of "tensors": a weight and a bias.
        projection pair(std::size_t i, std::size_t pairs) const
        {
            const auto* tensors = find<std::vector<std::string>>("tensors");
            require(tensors != nullptr && tensors->size() == 2 * pairs, "layer '", layer_.name,
                    "' needs 'tensors', the names of ", 2 * pairs, " tensors");
            return { (*tensors)[2 * i], (*tensors)[2 * i + 1] };
        }

    private:
        const described_layer& layer_;
    };

    inline constexpr std::pair<std::string_view, activation_function> described_activations[] {
        { "identity", activation_function::none }, { "relu", activation_function::relu },
        { "gelu", activation_function::gelu },     { "gelu_tanh", activation_function::gelu_tanh },
        { "silu", activation_function::silu },     { "sigmoid", activation_function::sigmoid },
        { "tanh", activation_function::tanh }
    };

    inline std::optional<activation_function> activation_function_of(std::string_view type)
    {
        for (const auto& [name, function] : described_activations)
            if (name == type)
                return function;
        return std::nullopt;
    }

    inline layer_operation described_convolution(const layer_attributes& with)
    {
        const std::string mode = with.text("padding_mode", "zeros");
        require(mode == "zeros" || mode == "circular", "padding_mode must be zeros or circular, but is '", mode, "'");
        return conv1d_operation {
            with.count("in_channels"), with.count("out_channels"),
            with.count("kernel"),      with.weights(),
            with.count("stride", 1),   with.count("padding", 0),
            with.count("dilation", 1), mode == "zeros" ? padding_mode::zeros : padding_mode::circular
        };
    }

    inline layer_operation described_pooling(const layer_attributes& with, pooling_function function)
    {
        const std::size_t kernel = with.count("kernel", 0);
        return pooling_operation { function, kernel, with.count("stride", kernel == 0 ? 1 : kernel),
                                   with.count("padding", 0) };
    }

    inline layer_operation described_operation(const described_layer& layer)
    {
        const layer_attributes with(layer);
        const std::string& type = layer.type;
        if (type == "linear")
            return linear_operation { with.count("in_features"), with.count("out_features"), with.weights(),
                                      with.text("input", "") == "last time step" ? time_steps::last : time_steps::all };
        if (type == "conv1d")
            return described_convolution(with);
        if (type == "multi_head_attention")
            return attention_operation {
                with.count("d_model"), with.count("heads"),           with.pair(0, 4), with.pair(1, 4), with.pair(2, 4),
                with.pair(3, 4),       with.count("sparse_factor", 0)
            };
        if (type == "feed_forward")
            return feed_forward_operation { with.count("d_model"), with.count("d_ff"), with.pair(0, 2), with.pair(1, 2),
                                            with.text("activation") };
        if (type == "layer_norm")
            return layer_norm_operation { with.count("features"), with.weights(), with.number("eps", 1e-5f) };
        if (type == "gelu" && with.text("approximate", "none").starts_with("tanh"))
            return activation_operation { activation_function::gelu_tanh };
        if (const auto function = activation_function_of(type))
            return activation_operation { *function };
        if (type == "softmax")
            return softmax_operation {};
        if (type == "positional_encoding")
            return positional_encoding_operation { with.text("table") };
        if (type == "embedding")
            return embedding_operation { with.count("entries"), with.count("features"), with.text("weight") };
        if (type == "max_pool1d" || type == "avg_pool1d")
            return described_pooling(with, type == "max_pool1d" ? pooling_function::max : pooling_function::mean);
        if (type == "mean_over_time")
            return pooling_operation { pooling_function::mean };
        if (type == "dropout")
            return dropout_operation { with.number("p", 0.0f) };
        if (type == "add")
            return add_operation {};
        if (type == "flatten")
            return flatten_operation {};
        throw_invalid("layer '", layer.name, "' has the unknown type '", type, "'");
    }

    inline layer_kind described_kind(const described_layer& layer, const layer_operation& operation)
    {
        const layer_attributes with(layer);
        const std::string role = with.text("kind", with.text("role", ""));
        if (role == "token_embedding")
            return layer_kind::embedding;
        return layer_kind_of(role).value_or(default_kind_of(operation));
    }

    /// Finds what each layer reads.
    class described_inputs
    {
    public:
        explicit described_inputs(const std::vector<described_layer>& layers)
            : layers_(layers)
        {
            for (const described_layer& layer : layers)
                if (layer.type == "feed_forward")
                    inside_.insert(layer_attributes(layer).text("activation"));
            for (std::size_t i = 0; i < layers.size(); ++i)
                inputs_.push_back(inputs_of(i));
        }

        const std::vector<std::string>& operator[](std::size_t layer) const { return inputs_[layer]; }

    private:
        std::vector<std::string> inputs_of(std::size_t index) const
        {
            const described_layer& layer = layers_[index];
            const layer_attributes with(layer);
            if (inside_.contains(layer.name))
                return {};
            std::vector<std::string> inputs { previous(index) };
            const std::string input = with.text("input", "");
            if (const auto* names = with.find<std::vector<std::string>>("inputs"))
                inputs = *names;
            else if (!input.empty() && input != "last time step")
                inputs = { input };
            for (std::string& name : inputs)
                if (name == "input of the block")
                    name = input_of(first_of_block(layer.name), layer.name);
            if (const auto* residual = with.find<std::string>("residual"))
                inputs.push_back(input_of(block_of(layer.name) + innermost(*residual, layer.name), layer.name));
            return inputs;
        }

        std::string previous(std::size_t index) const
        {
            while (index-- > 0)
                if (!inside_.contains(layers_[index].name))
                    return layers_[index].name;
            return model_input;
        }

        /// "encoder.0." of "encoder.0.norm1".
        static std::string block_of(const std::string& name) { return name.substr(0, name.rfind('.') + 1); }

        std::string first_of_block(const std::string& name) const
        {
            for (const described_layer& layer : layers_)
                if (block_of(layer.name) == block_of(name))
                    return layer.name;
            return name;
        }

        /// "attn" of "norm1(x + dropout(attn(x)))".
        static std::string innermost(const std::string& expression, const std::string& owner)
        {
            const std::size_t end = expression.rfind("(x)");
            require(end != std::string::npos, "layer '", owner, "' has a residual '", expression,
                    "' without a layer of x in it");
            const std::size_t begin = expression.find_last_of("( +", end - 1);
            return expression.substr(begin == std::string::npos ? 0 : begin + 1,
                                     end - (begin == std::string::npos ? 0 : begin + 1));
        }

        /// What an earlier layer reads first.
        std::string input_of(const std::string& name, const std::string& owner) const
        {
            for (std::size_t i = 0; i < inputs_.size(); ++i)
                if (layers_[i].name == name && !inputs_[i].empty())
                    return inputs_[i][0];
            throw_invalid("layer '", owner, "' refers to the input of '", name, "', which is no layer before it");
        }

        const std::vector<described_layer>& layers_;
        std::set<std::string, std::less<>> inside_;
        std::vector<std::vector<std::string>> inputs_;
    };

    /// The names of the layers that a result depends on, its own among them.
    inline std::set<std::string, std::less<>> needed_for(const std::string& output,
                                                         const std::vector<described_layer>& layers,
                                                         const described_inputs& inputs)
    {
        std::set<std::string, std::less<>> needed { output };
        for (std::size_t i = layers.size(); i-- > 0;)
        {
            if (!needed.contains(layers[i].name))
                continue;
            needed.insert(inputs[i].begin(), inputs[i].end());
            if (layers[i].type == "feed_forward")
                needed.insert(layer_attributes(layers[i]).text("activation"));
        }
        return needed;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// output  the layer whose result is the model's; those that it does not depend on are left out. Empty: the one
    /// that
    ///         no other reads.
    /// Throws std::invalid_argument, naming the layer, for unknown types and attributes that are missing.
    inline std::vector<layer> layers_of(const model_description& description, const std::string& output = {})
    {
        const detail::described_inputs inputs(description.layers);
        const auto needed = detail::needed_for(output, description.layers, inputs);
        std::vector<layer> layers;
        for (std::size_t i = 0; i < description.layers.size(); ++i)
        {
            const described_layer& described = description.layers[i];
            if (!output.empty() && !needed.contains(described.name))
                continue;
            layer_operation operation = detail::described_operation(described);
            const layer_kind kind = detail::described_kind(described, operation);
            layers.push_back({ described.name, kind, std::move(operation), inputs[i] });
        }
        return layers;
    }

    inline sample_shape input_shape_of(const model_description& description)
    {
        const auto& shape = description.input_shape;
        require(shape.size() == 1 || shape.size() == 2, "an input has one or two axes besides the batch, not ",
                shape.size());
        return { shape.size() == 2 ? static_cast<std::size_t>(shape[0]) : 1, static_cast<std::size_t>(shape.back()) };
    }

    /// Throws as layers_of() and as the model's constructor.
    inline model model_of(const model_description& description, weight_set weights, const std::string& output = {})
    {
        return { layers_of(description, output), std::move(weights), input_shape_of(description) };
    }
}
