// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a program consists of: values, and the steps that make them (program.hpp says how a model becomes one).
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/layer.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace quantkit
{
    /// Index of a program_value.
    using value_id = std::size_t;
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// What a step leaves. layers: those whose result it is, none for a value inside a layer.
    struct program_value
    {
        std::string name;
        sample_shape shape;
        std::vector<std::size_t> layers;
    };

    /// Steps of the input, side by side, that make one row of a product: kernel steps, dilation apart.
    struct row_windows
    {
        std::size_t kernel = 1, stride = 1, padding = 0, dilation = 1;
        padding_mode mode = padding_mode::zeros;
    };

    /// What a product multiplies: each time step, the last one, or windows of them.
    using product_rows = std::variant<time_steps, row_windows>;

    /// y = activation(x W^T + b) + residual, W and b stacked from several along the outputs.
    struct product_step
    {
        std::vector<projection> weights;
        product_rows rows = time_steps::all;
        std::size_t in_features = 0, out_features = 0; ///< of W, windows included
        activation_function activation = activation_function::none;
        std::optional<value_id> residual {};
    };

    /// [q, k, v] side by side -> softmax(q k^T / sqrt(d_head)) v, head by head.
    struct attention_step
    {
        std::size_t heads = 1;
        std::size_t sparse_factor = 0;
    };

    /// Each row less its mean, over its deviation, times the gain, plus the bias.
    struct layer_norm_step
    {
        projection weights;
        float eps = 1e-5f;
    };

    /// Value by value.
    struct activation_step
    {
        activation_function function;
    };
    /// Over the features of each row.
    struct softmax_step
    {
    };
    /// Adds a table of positions.
    struct table_step
    {
        std::string table;
    };
    /// Rows of a table, chosen by the input's numbers.
    struct embedding_step
    {
        std::string table;
    };
    /// Over windows of time.
    struct pooling_step
    {
        pooling_operation pooling;
    };
    /// The sum of both inputs.
    struct add_step
    {
    };
    /// The same numbers in another shape.
    struct reshape_step
    {
    };

    /// What a step computes.
    using step_operation = std::variant<product_step, attention_step, layer_norm_step, activation_step, softmax_step,
                                        table_step, embedding_step, pooling_step, add_step, reshape_step>;

    /// One operation on values, all of them of the same batch.
    struct program_step
    {
        std::size_t layer; ///< whose plan applies
        step_operation operation;
        std::vector<value_id> inputs;
        value_id output;
    };

    /// Value 0 is the input.
    struct program
    {
        std::vector<program_value> values;
        std::vector<program_step> steps;
        value_id output = 0;
    };
}
