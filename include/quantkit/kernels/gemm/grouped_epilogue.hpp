// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Weights whose scale changes along k: C = rest(sum over groups g of scale_g[j] * sums_g[i, j]).
///
///     sums_g[i, j] = sum over k in g of (a[i, k] - zero_point[i]) * (b[j, k] - zero_point_g[j])         int32, exact
///
/// Each group's sums become floats and are added in the order of the groups, product and sum each rounded, so that
/// every instruction set gives the same floats.
#pragma once

#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>

#include <cstddef>
#include <cstdint>

namespace quantkit::kernels
{
    /// What the sums of each group need to become floats. Arrays with one entry per column hold padded_columns(n).
    struct k_groups
    {
        std::size_t count = 0;  ///< groups along k
        std::size_t size = 0;   ///< values along k in each but the last; a multiple of 4
        std::size_t stride = 0; ///< entries from one group's columns to the next one's: padded_columns(n)
        const std::int32_t* centered_sums =
            nullptr;                               ///< [count][stride] column sums of B - values in group * zero point
        const float* scales = nullptr;             ///< [count][stride] of B
        const std::int32_t* zero_points = nullptr; ///< [count][stride] of B as packed; or null, if all are 0
        const std::int32_t* row_sums = nullptr;    ///< [m][count] of A as packed; only where zero_points are given
        const std::int32_t* row_zero_points = nullptr; ///< [m] or [1] of A as packed
        const float* row_scales = nullptr;             ///< [m] or [1] of A
        std::size_t row_step = 0;                      ///< 1 where the rows of A differ, else 0
    };

    /// Rest  an epilogue_of whose stages take floats
    template <class Rest>
    struct grouped_epilogue
    {
        k_groups groups;
        Rest rest;
    };

    /// Whether scales differ along k.
    template <class Epilogue>
    inline constexpr bool is_grouped = false;
    /// It is what differs.
    template <class Rest>
    inline constexpr bool is_grouped<grouped_epilogue<Rest>> = true;
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One group's share of a tile: added to floats that lie in a tile of their own.
    using group_epilogue = epilogue_of<store_to<float>, subtract_outer, scale_outer, add_matrix<float>>;
    /// The same where weights have zero points.
    using zero_point_group_epilogue =
        epilogue_of<store_to<float>, subtract_outer, subtract_outer, scale_outer, add_matrix<float>>;

    /// The stages for `group` of the tile at (row, column); they count rows and columns from there.
    inline group_epilogue epilogue_of_group(const k_groups& groups, std::size_t group, std::size_t row,
                                            std::size_t column, matrix_view<float> total) noexcept
    {
        const std::size_t first = group * groups.stride + column, first_row = row * groups.row_step;
        return { { subtract_outer { groups.row_zero_points + first_row, groups.row_step, groups.centered_sums + first },
                   scale_outer { groups.row_scales + first_row, groups.row_step, groups.scales + first },
                   add_matrix<float> { { total.data, total.row_stride, 1 } } },
                 { total } };
    }

    /// The same for weights with zero points.
    inline zero_point_group_epilogue with_zero_points(const group_epilogue& epilogue, const k_groups& groups,
                                                      std::size_t group, std::size_t row, std::size_t column) noexcept
    {
        return { { stage_at<0>(epilogue.stages),
                   subtract_outer { groups.row_sums + row * groups.count + group, groups.count,
                                    groups.zero_points + group * groups.stride + column },
                   stage_at<1>(epilogue.stages), stage_at<2>(epilogue.stages) },
                 epilogue.store };
    }
}
