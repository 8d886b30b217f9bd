// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The layers of a model as data: a name, a kind, an operation with its dimensions, the names of its weights and of the
/// layers that it reads.
///
/// Activations are [batch, time, features]; a value without time has time 1. All operations work on each sample, and
/// all but those that name time on each time step.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/rows/activation_function.hpp>
#include <quantkit/model/layer_kind.hpp>

#include <cstddef>
#include <string>
#include <variant>
#include <vector>

namespace quantkit
{
    using kernels::activation_function;

    /// Extents of one sample of an activation.
    struct sample_shape
    {
        std::size_t time = 1;
        std::size_t features = 0;

        constexpr std::size_t size() const { return time * features; }
        friend constexpr bool operator==(const sample_shape&, const sample_shape&) = default;
    };

    /// Which time steps of its input an operation takes.
    enum class time_steps
    {
        all,
        last
    };

    /// What lies beyond the ends of a sequence.
    enum class padding_mode
    {
        zeros,
        circular
    };

    /// What one value replaces a window.
    enum class pooling_function
    {
        max,
        mean
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Names of a weight [out, in] and a bias [out]; no bias if its name is empty.
    struct projection
    {
        std::string weight, bias;
    };

    /// y = x W^T + b
    struct linear_operation
    {
        std::size_t in_features = 0, out_features = 0;
        projection weights {};
        time_steps steps = time_steps::all;
    };

    /// Cross-correlation over time, weight [out_channels, in_channels, kernel] (PyTorch's Conv1d).
    struct conv1d_operation
    {
        std::size_t in_channels = 0, out_channels = 0, kernel = 1;
        projection weights {};
        std::size_t stride = 1, padding = 0, dilation = 1;
        padding_mode mode = padding_mode::zeros;
    };

    /// Multi-head self-attention: softmax(q k^T / sqrt(d_head)) v, then the output projection; all weights
    /// [d_model, d_model].
    ///
    /// sparse_factor  0: every query sees every key. c > 0: Informer's ProbSparse attention (Zhou et al. 2021,
    ///                arXiv:2012.07436, algorithm 1) with ceil(c ln(time)) queries.
    struct attention_operation
    {
        std::size_t d_model = 0, heads = 1;
        projection query {}, key {}, value {}, output {};
        std::size_t sparse_factor = 0;
    };

    /// fc2(activation(fc1(x))); the activation is a layer of its own, so that it has a precision of its own.
    struct feed_forward_operation
    {
        std::size_t d_model = 0, d_ff = 0;
        projection fc1 {}, fc2 {};
        std::string activation {}; ///< the name of that layer
    };

    /// Of the input, or of the sum of two (a residual connection): (s - mean) / sqrt(variance + eps) * weight + bias
    struct layer_norm_operation
    {
        std::size_t features = 0;
        projection weights {};
        float eps = 1e-5f;
    };

    /// y = f(x). Inside a feed-forward layer where that names it: then it reads no layer.
    struct activation_operation
    {
        activation_function function = activation_function::relu;
    };

    /// Over the features.
    struct softmax_operation
    {
    };

    /// y = x + table[0, time). The table [rows, features], rows >= time.
    struct positional_encoding_operation
    {
        std::string table {};
    };

    /// Rows of a table [entries, features], chosen by the input's values, which are indices.
    struct embedding_operation
    {
        std::size_t entries = 0, features = 0;
        std::string table {};
    };

    /// Over time (PyTorch's MaxPool1d, AvgPool1d with its padding counted). kernel 0: all of it, padding 0.
    struct pooling_operation
    {
        pooling_function function = pooling_function::max;
        std::size_t kernel = 0, stride = 1, padding = 0;
    };

    /// The identity in inference.
    struct dropout_operation
    {
        float probability = 0.0f;
    };

    /// The sum of two layers.
    struct add_operation
    {
    };

    /// [time, features] -> [1, time * features]
    struct flatten_operation
    {
    };

    /// What a layer computes.
    using layer_operation =
        std::variant<linear_operation, conv1d_operation, attention_operation, feed_forward_operation,
                     layer_norm_operation, activation_operation, softmax_operation, positional_encoding_operation,
                     embedding_operation, pooling_operation, dropout_operation, add_operation, flatten_operation>;

    /// What inputs call the model's own input.
    inline constexpr const char* model_input = "input";

    struct layer
    /// A layer of a model, checked when the model is made.
    {
        std::string name;
        layer_kind kind = layer_kind::feed_forward;
        layer_operation operation;
        std::vector<std::string> inputs; ///< names of layers, or model_input
    };
}
