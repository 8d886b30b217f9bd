// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Which weights a layer multiplies with, and which others it has, from its operation alone.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/program.hpp>
#include <quantkit/model/shape_inference.hpp>

#include <algorithm>
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One matrix product of a layer; its steps in a program have the same order.
    ///
    /// part           which of the layer's products it is: empty for the only one, else qkv, out, fc1 or fc2
    /// weights        whose outputs lie side by side
    /// shape          of each of them: [out, in], for a convolution [out, in, kernel]
    struct layer_product
    {
        std::string_view part;
        std::vector<projection> weights;
        tensor_shape shape;

        std::ptrdiff_t kernel() const { return shape.rank() == 3 ? shape[2] : 1; }

        /// Of any of them.
        bool has_bias() const
        {
            return std::any_of(weights.begin(), weights.end(),
                               [](const projection& each) { return !each.bias.empty(); });
        }

        /// Of the matrix: all outputs, and a window of the input, time step by time step. Throws beyond 2^63.
        tensor_shape matrix_shape() const
        {
            const auto parts = static_cast<std::ptrdiff_t>(weights.size());
            return { static_cast<std::ptrdiff_t>(detail::checked_element_count({ parts, shape[0] }, 1)),
                     static_cast<std::ptrdiff_t>(detail::checked_element_count({ kernel(), shape[1] }, 1)) };
        }
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct find_products
    {
        using products = std::vector<layer_product>;

        products operator()(const linear_operation& linear) const
        {
            return { { "", { linear.weights }, weight_shape({ linear.out_features, linear.in_features }) } };
        }
        products operator()(const conv1d_operation& conv) const
        {
            return { { "", { conv.weights }, weight_shape({ conv.out_channels, conv.in_channels, conv.kernel }) } };
        }
        products operator()(const attention_operation& attention) const
        {
            const tensor_shape shape = weight_shape({ attention.d_model, attention.d_model });
            return { { "qkv", { attention.query, attention.key, attention.value }, shape },
                     { "out", { attention.output }, shape } };
        }
        products operator()(const feed_forward_operation& ffn) const
        {
            return { { "fc1", { ffn.fc1 }, weight_shape({ ffn.d_ff, ffn.d_model }) },
                     { "fc2", { ffn.fc2 }, weight_shape({ ffn.d_model, ffn.d_ff }) } };
        }
        template <class Other>
        products operator()(const Other&) const
        {
            return {};
        }
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The products with weights that a layer computes; none for most kinds.
    inline std::vector<layer_product> products_of(const layer_operation& operation)
    {
        return std::visit(detail::find_products {}, operation);
    }

    /// Calls use(step, layer, product) for each product of a model's program, step being its index there.
    template <class Use>
    void for_each_product(const model& network, const program& steps, Use use)
    {
        std::map<std::size_t, std::size_t> parts; // of each layer that were there before
        for (std::size_t i = 0; i < steps.steps.size(); ++i)
        {
            const program_step& step = steps.steps[i];
            if (!std::holds_alternative<product_step>(step.operation))
                continue;
            const layer& owner = network.layers()[step.layer];
            use(i, owner, products_of(owner.operation).at(parts[step.layer]++));
        }
    }

    /// Names of the weights that no product multiplies with: those of norms, and tables.
    inline std::vector<std::string> other_weights_of(const layer_operation& operation)
    {
        if (const auto* norm = std::get_if<layer_norm_operation>(&operation))
            return norm->weights.bias.empty() ? std::vector { norm->weights.weight }
                                              : std::vector { norm->weights.weight, norm->weights.bias };
        if (const auto* encoding = std::get_if<positional_encoding_operation>(&operation))
            return { encoding->table };
        if (const auto* embedding = std::get_if<embedding_operation>(&operation))
            return { embedding->table };
        return {};
    }
}
