// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model, written layer by layer. Each layer reads the one before it unless told otherwise:
///
///     const model mlp = model_builder({ .features = 784 })
///                           .linear("fc.0", 784, 100)
///                           .activation("relu.0", activation_function::relu)
///                           .linear("fc.1", 100, 10)
///                           .build(weights);
///
/// Weights have PyTorch's names: "fc.0.weight", "fc.0.bias", "attn.q_proj.weight", "ffn.fc1.bias", "pos.table".
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/weight_set.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline projection projection_of(const std::string& name) { return { name + ".weight", name + ".bias" }; }

    /// The kind that a layer has where nobody says otherwise.
    struct default_kind
    {
        layer_kind operator()(const linear_operation&) const { return layer_kind::feed_forward; }
        layer_kind operator()(const conv1d_operation&) const { return layer_kind::conv_layers; }
        layer_kind operator()(const attention_operation&) const { return layer_kind::attention_layers; }
        layer_kind operator()(const feed_forward_operation&) const { return layer_kind::feed_forward; }
        layer_kind operator()(const layer_norm_operation&) const { return layer_kind::layer_norm; }
        layer_kind operator()(const activation_operation&) const { return layer_kind::activation; }
        layer_kind operator()(const softmax_operation&) const { return layer_kind::activation; }
        layer_kind operator()(const positional_encoding_operation&) const { return layer_kind::positional_encoding; }
        layer_kind operator()(const embedding_operation&) const { return layer_kind::embedding; }
        layer_kind operator()(const pooling_operation&) const { return layer_kind::pooling; }
        layer_kind operator()(const dropout_operation&) const { return layer_kind::dropout; }
        layer_kind operator()(const add_operation&) const { return layer_kind::residual_add; }
        layer_kind operator()(const flatten_operation&) const { return layer_kind::reshape; }
    };

    inline layer_kind default_kind_of(const layer_operation& operation)
    {
        return std::visit(default_kind {}, operation);
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    class model_builder
    {
    public:
        /// input  of one sample
        explicit model_builder(sample_shape input)
            : input_(input)
        {
        }

        /// The next layer reads this one, or model_input, instead of the one before it.
        model_builder& from(std::string name)
        {
            current_ = std::move(name);
            return *this;
        }

        /// The layer just added is of this kind.
        model_builder& kind(layer_kind kind)
        {
            require(!layers_.empty(), "there is no layer yet whose kind could be set");
            layers_.back().kind = kind;
            return *this;
        }

        /// y = x W^T + b, with the weights name.weight and name.bias.
        model_builder& linear(const std::string& name, std::size_t in_features, std::size_t out_features,
                              time_steps steps = time_steps::all)
        {
            return add_layer(name, linear_operation { in_features, out_features, detail::projection_of(name), steps });
        }

        /// The dimensions are in the operation; its weights are named after the layer.
        model_builder& conv1d(const std::string& name, conv1d_operation conv)
        {
            conv.weights = detail::projection_of(name);
            return add_layer(name, std::move(conv));
        }

        /// Multi-head attention with the weights name.q_proj, k_proj, v_proj and out_proj; Informer's ProbSparse with a
        /// sparse_factor.
        model_builder& attention(const std::string& name, std::size_t d_model, std::size_t heads,
                                 std::size_t sparse_factor = 0)
        {
            return add_layer(name, attention_operation { d_model, heads, detail::projection_of(name + ".q_proj"),
                                                         detail::projection_of(name + ".k_proj"),
                                                         detail::projection_of(name + ".v_proj"),
                                                         detail::projection_of(name + ".out_proj"), sparse_factor });
        }

        /// activation  the name of the layer between fc1 and fc2, which this adds as well
        model_builder& feed_forward(const std::string& name, std::size_t d_model, std::size_t d_ff,
                                    const std::string& activation, activation_function function)
        {
            add_layer(name, feed_forward_operation { d_model, d_ff, detail::projection_of(name + ".fc1"),
                                                     detail::projection_of(name + ".fc2"), activation });
            layers_.push_back(
                { activation, layer_kind::activation, activation_operation { function }, std::vector<std::string> {} });
            return *this;
        }

        /// residual  also added before normalizing, unless it is empty
        model_builder& layer_norm(const std::string& name, std::size_t features, const std::string& residual = {},
                                  float eps = 1e-5f)
        {
            add_layer(name, layer_norm_operation { features, detail::projection_of(name), eps });
            if (!residual.empty())
                layers_.back().inputs.push_back(residual);
            return *this;
        }

        /// Value by value.
        model_builder& activation(const std::string& name, activation_function function)
        {
            return add_layer(name, activation_operation { function });
        }
        /// Over the features of each time step.
        model_builder& softmax(const std::string& name) { return add_layer(name, softmax_operation {}); }
        /// Adds the table name.table.
        model_builder& positional_encoding(const std::string& name)
        {
            return add_layer(name, positional_encoding_operation { name + ".table" });
        }
        /// Rows of the table name.weight, chosen by the input's numbers.
        model_builder& embedding(const std::string& name, std::size_t entries, std::size_t features)
        {
            return add_layer(name, embedding_operation { entries, features, name + ".weight" });
        }
        /// Over windows of time.
        model_builder& pooling(const std::string& name, pooling_operation pooling) { return add_layer(name, pooling); }
        /// Drops values in training; does nothing afterwards.
        model_builder& dropout(const std::string& name, float probability)
        {
            return add_layer(name, dropout_operation { probability });
        }
        /// [time, features] becomes [1, time * features].
        model_builder& flatten(const std::string& name) { return add_layer(name, flatten_operation {}); }

        /// The sum of the layer before it and another.
        model_builder& add(const std::string& name, const std::string& other)
        {
            add_layer(name, add_operation {});
            layers_.back().inputs.push_back(other);
            return *this;
        }

        /// Any operation, with the name under which the next layer will find it.
        model_builder& add_layer(const std::string& name, layer_operation operation)
        {
            const layer_kind kind = detail::default_kind_of(operation);
            layers_.push_back({ name, kind, std::move(operation), { current_ } });
            current_ = name;
            return *this;
        }

        const std::vector<layer>& layers() const { return layers_; }

        /// Throws as the model's constructor.
        model build(weight_set weights) const { return { layers_, std::move(weights), input_ }; }

    private:
        sample_shape input_;
        std::string current_ = model_input;
        std::vector<layer> layers_;
    };
}
