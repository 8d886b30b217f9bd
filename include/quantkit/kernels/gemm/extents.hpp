// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The sizes of a product, how its operands lie in memory, and how long a sum an int32 can hold.
///
///     C [m, n] = A [m, k] * B^T,   B [n, k]: one row of B per output column, as weights [out_features, in_features]
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels
{
    /// C [m, n] = A [m, k] * B [n, k]^T
    struct gemm_extents
    {
        std::size_t m = 0, n = 0, k = 0;
    };

    /// A matrix in memory; element (row, column) is data[row * row_stride + column * column_stride], strides in
    /// elements.
    template <class T>
    struct matrix_view
    {
        T* data = nullptr;
        std::ptrdiff_t row_stride = 0;
        std::ptrdiff_t column_stride = 1;

        /// Where an element is.
        QUANTKIT_INLINE constexpr T* at(std::size_t row, std::size_t column) const
        {
            return data + static_cast<std::ptrdiff_t>(row) * row_stride
                   + static_cast<std::ptrdiff_t>(column) * column_stride;
        }
    };
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The largest |code - zero_point|.
    constexpr std::int64_t largest_magnitude(quant_bounds bounds, std::int64_t zero_point)
    {
        return std::max(bounds.quant_max - zero_point, zero_point - bounds.quant_min);
    }

    /// The largest k whose sum of products (a - zero_point_a) * (b - zero_point_b) always fits an int32.
    ///
    /// 65,793 for u8 x s8 with zero points 0, 66,311 where the s8 is narrow, 33,025 where zero points may lie anywhere.
    constexpr std::int64_t max_accumulated_k(std::int64_t magnitude_a, std::int64_t magnitude_b)
    {
        constexpr std::int64_t largest_sum = 2147483647;
        return largest_sum / std::max<std::int64_t>(magnitude_a * magnitude_b, 1);
    }
}
