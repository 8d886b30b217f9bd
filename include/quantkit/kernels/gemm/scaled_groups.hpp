// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Scales and zero points of weights for each group along k, in the order in which tiles read them.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/gemm/operand_format.hpp>

#include <cstddef>

namespace quantkit::kernels
{
    /// What columns of weights have for each group along k: 16 floats a panel and group, which follow each other as a
    /// tile needs them, panel after panel. What all columns have in common is 16 floats and no strides.
    struct group_columns
    {
        const float* values = nullptr;
        std::size_t panel_stride = 0, group_stride = 0; ///< floats from one panel, one group to the next

        /// Whether there are no values at all.
        QUANTKIT_INLINE bool empty() const { return values == nullptr; }

        /// The 16 values of one panel and group.
        QUANTKIT_INLINE const float* at(std::size_t panel, std::size_t group) const
        {
            return values + panel * panel_stride + group * group_stride;
        }

        /// The same, counted from this panel on; not of empty ones.
        QUANTKIT_INLINE group_columns from_panel(std::size_t panel) const
        {
            return { at(panel, 0), panel_stride, group_stride };
        }
    };

    /// Where the parameter of (column, group) lies in arrays [panels][groups][16].
    QUANTKIT_INLINE constexpr std::size_t group_place(std::size_t column, std::size_t group, std::size_t groups)
    {
        return (column / panel_columns * groups + group) * panel_columns + column % panel_columns;
    }

    /// Weights with scales for each group along k, which some micro-kernels apply to their registers:
    ///
    ///     c[r][j] = sum over groups g of (sum_g[r][j] - row_sums[r][g] * zero_points[g][j]) * scales[g][j]
    ///
    /// Each product, difference and sum is rounded. The first panel is that of the tile.
    struct scaled_groups
    {
        std::size_t steps = 0; ///< group steps of the tile in each group but the last
        group_columns scales {};
        group_columns zero_points {};    ///< without values where all are 0
        const float* row_sums = nullptr; ///< [rows][groups]; only where zero points are given
        std::size_t row_sums_stride = 0; ///< floats from row to row
    };
}
