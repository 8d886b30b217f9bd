// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The weights and biases of a product as one matrix and one vector, in float.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/program_steps.hpp>
#include <quantkit/model/weight_set.hpp>
#include <quantkit/tensor/types.hpp>

#include <cstddef>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One projection's weight as rows, [out, kernel, in] for a convolution: as its windows lie in memory.
    inline void append_rows(const weight_tensor& weight, Eigen::Ref<matrix_f> rows)
    {
        const std::size_t kernel = weight.shape.rank() == 3 ? static_cast<std::size_t>(weight.shape[2]) : 1;
        const Eigen::Index channels = weight.shape[1], step = static_cast<Eigen::Index>(kernel);
        const float* from = weight.values.data();
        for (Eigen::Index out = 0; out < rows.rows(); ++out)
            for (Eigen::Index channel = 0; channel < channels; ++channel)
                for (Eigen::Index k = 0; k < step; ++k)
                    rows(out, k * channels + channel) = *from++;
    }

    /// All projections of a product, one below the other.
    inline matrix_f stacked_weight(const product_step& product, const weight_set& weights)
    {
        matrix_f stacked(static_cast<Eigen::Index>(product.out_features),
                         static_cast<Eigen::Index>(product.in_features));
        Eigen::Index row = 0;
        for (const projection& part : product.weights)
        {
            const weight_tensor& weight = weights[part.weight];
            append_rows(weight, stacked.middleRows(row, weight.shape[0]));
            row += weight.shape[0];
        }
        return stacked;
    }

    inline vector_f stacked_bias(const product_step& product, const weight_set& weights)
    {
        vector_f stacked = vector_f::Zero(static_cast<Eigen::Index>(product.out_features));
        Eigen::Index row = 0;
        for (const projection& part : product.weights)
        {
            const std::ptrdiff_t rows = weights[part.weight].shape[0];
            if (!part.bias.empty())
                stacked.segment(row, rows) =
                    Eigen::Map<const vector_f>(weights[part.bias].values.data(), static_cast<Eigen::Index>(rows));
            row += rows;
        }
        return stacked;
    }
}
