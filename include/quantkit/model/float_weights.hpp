// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The weights of a model, by name and in float, from those of its products: the inverse of stacking and quantizing.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/layer_weights.hpp>
#include <quantkit/model/product_weights.hpp>
#include <quantkit/model/weight_set.hpp>
#include <quantkit/tensor/dequantizer.hpp>
#include <quantkit/tensor/types.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// [out, kernel, in] as the product has it -> [out, in, kernel], row-major.
    inline std::vector<float> unstacked(const layer_product& product, const Eigen::Ref<const matrix_f>& rows)
    {
        const Eigen::Index channels = product.shape[1], kernel = product.kernel();
        std::vector<float> values;
        values.reserve(static_cast<std::size_t>(rows.size()));
        for (Eigen::Index out = 0; out < rows.rows(); ++out)
            for (Eigen::Index channel = 0; channel < channels; ++channel)
                for (Eigen::Index k = 0; k < kernel; ++k)
                    values.push_back(rows(out, k * channels + channel));
        return values;
    }

    inline matrix_f float_matrix(const stored_weight& weight)
    {
        const auto to_float = [](const auto& known) -> matrix_f
        {
            if constexpr (std::same_as<std::remove_cvref_t<decltype(known)>, matrix_f>)
                return known;
            else
                return dequantize(known);
        };
        return std::visit(to_float, weight);
    }

    /// Adds what the codes of one product of a layer mean, but for names that are there already.
    inline void add_float_weights(const layer_product& product, const product_weights& stored, weight_set& weights)
    {
        const matrix_f matrix = float_matrix(stored.weight);
        const Eigen::Index rows = product.shape[0];
        Eigen::Index first = 0;
        for (const auto& [weight, bias] : product.weights)
        {
            if (!weights.contains(weight))
                weights.add(weight, product.shape, unstacked(product, matrix.middleRows(first, rows)));
            const float* const begin = stored.bias.data() + first;
            if (!bias.empty() && !weights.contains(bias))
                weights.add(bias, { rows }, std::vector<float>(begin, begin + rows));
            first += rows;
        }
    }
}
