// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From the type and the attributes of a described layer (io/model_description.hpp) to an operation.
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
/// "kind" says what the layer is to a sensitivity table: the name of a layer_kind, or token_embedding. A "role" does so
/// as well, but may be any other text.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/io/model_description.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/model_builder.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
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

        bool has(std::string_view key) const { return layer_.attributes.contains(key); }

        /// Null if there is none of this type.
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
            return has(key) ? count(key) : otherwise;
        }

        float number(std::string_view key, float otherwise) const
        {
            if (const auto* integer = find<std::int64_t>(key))
                return static_cast<float>(*integer);
            const auto* value = find<double>(key);
            require(value != nullptr || !has(key), "layer '", layer_.name, "' needs '", key, "', a number");
            return value == nullptr ? otherwise : static_cast<float>(*value);
        }

        std::string text(std::string_view key) const
        {
            const auto* value = find<std::string>(key);
            require(value != nullptr, "layer '", layer_.name, "' needs '", key, "', a text");
            return *value;
        }
        std::string text(std::string_view key, std::string_view otherwise) const
        {
            return has(key) ? text(key) : std::string(otherwise);
        }

        std::vector<std::string> texts(std::string_view key) const
        {
            const auto* values = find<std::vector<std::string>>(key);
            require(values != nullptr, "layer '", layer_.name, "' needs '", key, "', a list of texts");
            return *values;
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

    inline layer_operation described_convolution(const described_layer& layer)
    {
        const layer_attributes with(layer);
        const std::string mode = with.text("padding_mode", "zeros");
        require(mode == "zeros" || mode == "circular", "layer '", layer.name,
                "': padding_mode must be zeros or circular, but is '", mode, "'");
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
            return described_convolution(layer);
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
        const std::string role = with.text("role", ""), kind = with.text("kind", role);
        const std::optional<layer_kind> known = kind == "token_embedding" ? layer_kind::embedding : layer_kind_of(kind);
        require(known || !with.has("kind"), "layer '", layer.name, "' has the unknown kind '", kind, "'");
        return known.value_or(default_kind_of(operation));
    }
}
