// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How a product in float becomes C.
///
///     float_epilogue           C = rest(sums)
///     grouped_float_epilogue   C = rest(sum over groups g of scale_g[j] * (sums_g[i, j] - zero_point_g[j] * x_g[i])),
///                              x_g[i] the sum of the activations of row i in group g
#pragma once

#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/gemm/float_panels.hpp>
#include <quantkit/kernels/gemm/run_tile.hpp>
#include <quantkit/kernels/gemm/scaled_groups.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels
{
    /// Weights as codes: what the sums of each group along k need to become real values.
    struct weight_groups
    {
        std::size_t count = 0;           ///< groups along k
        std::size_t size = 0;            ///< values along k in each but the last; a multiple of 8
        group_columns scales;            ///< of whole panels
        group_columns zero_points;       ///< as packed; without values where all are 0
        const float* row_sums = nullptr; ///< [m][count] of the activations; only where zero points are given
    };

    /// Rest  an epilogue_of whose stages take floats
    template <class Rest>
    struct float_epilogue
    {
        Rest rest;
    };

    /// The same for weights as codes, whose groups have scales of their own.
    template <class Rest>
    struct grouped_float_epilogue
    {
        weight_groups groups;
        Rest rest;
    };
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One group's share of a tile, without and with zero points.
    using scaled_group = epilogue_of<store_to<float>, scale_columns, add_matrix<float>>;
    using offset_group = epilogue_of<store_to<float>, subtract_real_outer, scale_columns, add_matrix<float>>;

    template <class Rest>
    class tile_runner<float_epilogue<Rest>>
    {
    public:
        tile_runner(const micro_kernel& kernel, gemm_extents extents, const float_epilogue<Rest>& epilogue)
            : n_(extents.n)
            , rest_(epilogue.rest)
            , finish_(finish_function_of<float, Rest>(kernel.lanes))
        {
        }

        void operator()(tile_function tile, tile_operands& operands, const tile_place& at) const noexcept
        {
            if constexpr (std::same_as<Rest, epilogue_of<store_to<float>>>)
                if (tiles_can_write(rest_.store.c) && at.column + at.width <= n_)
                    return tile(operands, reinterpret_cast<std::int32_t*>(rest_.store.c.at(at.row, at.column)),
                                static_cast<std::size_t>(rest_.store.c.row_stride));
            alignas(64) float sums[max_tile_rows * max_tile_panels * panel_columns];
            tile(operands, reinterpret_cast<std::int32_t*>(sums), at.width);
            finish_({ sums, at.width, at.rows, std::min(at.width, n_ - at.column), at.row, at.column }, rest_);
        }

    private:
        std::size_t n_;
        const Rest& rest_;
        finish_function<float, Rest> finish_;
    };

    template <class Rest>
    class tile_runner<grouped_float_epilogue<Rest>>
    {
    public:
        tile_runner(const micro_kernel& kernel, gemm_extents extents, const grouped_float_epilogue<Rest>& epilogue)
            : format_(kernel.format)
            , grouped_rows_(kernel.grouped_rows)
            , n_(extents.n)
            , epilogue_(epilogue)
            , add_scaled_(finish_function_of<float, scaled_group>(kernel.lanes))
            , add_offset_(finish_function_of<float, offset_group>(kernel.lanes))
            , finish_(finish_function_of<float, Rest>(kernel.lanes))
        {
        }

        void operator()(tile_function tile, tile_operands& operands, const tile_place& at) const noexcept
        {
            alignas(64) float total[largest_tile];
            if (at.rows <= grouped_rows_)
                run_grouped(tile, operands, at, total);
            else
                run_each_group(tile, operands, at, total);
            finish_({ total, at.width, at.rows, std::min(at.width, n_ - at.column), at.row, at.column },
                    epilogue_.rest);
        }

    private:
        static constexpr std::size_t largest_tile = max_tile_rows * max_tile_panels * panel_columns;

        /// The tile scales its groups itself. With few rows a group is a few dozen instructions, and calling the tile
        /// and the epilogue for each would take as long.
        void run_grouped(tile_function tile, tile_operands& operands, const tile_place& at, float* total) const noexcept
        {
            const weight_groups& groups = epilogue_.groups;
            const std::size_t panel = at.column / panel_columns;
            scaled_groups scaled { .steps = groups.size / group_values(format_),
                                   .scales = groups.scales.from_panel(panel) };
            if (!groups.zero_points.empty())
            {
                scaled.zero_points = groups.zero_points.from_panel(panel);
                scaled.row_sums = groups.row_sums + at.row * groups.count;
                scaled.row_sums_stride = groups.count;
            }
            operands.grouped = &scaled;
            tile(operands, reinterpret_cast<std::int32_t*>(total), at.width);
        }

        void run_each_group(tile_function tile, tile_operands& operands, const tile_place& at,
                            float* total) const noexcept
        {
            alignas(64) float sums[largest_tile];
            std::fill_n(total, at.rows * at.width, 0.0f);
            const weight_groups& groups = epilogue_.groups;
            const std::size_t all_steps = operands.groups, steps = groups.size / group_values(format_);
            for (std::size_t group = 0; group < groups.count; ++group)
            {
                operands.groups = std::min(steps, all_steps - group * steps);
                tile(operands, reinterpret_cast<std::int32_t*>(sums), at.width);
                operands.a += steps * group_bytes_of_a(format_);
                operands.b += steps * panel_columns * group_bytes_of_b(format_);
                for (std::size_t column = 0; column < at.width; column += panel_columns)
                    add_group(group, at, column, sums + column, total + column);
            }
        }

        /// One panel of a tile.
        void add_group(std::size_t group, const tile_place& at, std::size_t column, const float* sums,
                       float* total) const noexcept
        {
            const weight_groups& groups = epilogue_.groups;
            const std::size_t panel = (at.column + column) / panel_columns;
            const finished_tile<float> tile { sums, at.width, at.rows, panel_columns, 0, 0 };
            const auto stride = static_cast<std::ptrdiff_t>(at.width);
            const scale_columns scale { groups.scales.at(panel, group) };
            const add_matrix<float> add { { total, stride, 1 } };
            const store_to<float> store { { total, stride, 1 } };
            if (groups.zero_points.empty())
                return add_scaled_(tile, { { scale, add }, store });
            const float* row_sums = groups.row_sums + at.row * groups.count + group;
            const subtract_real_outer center { row_sums, groups.count, groups.zero_points.at(panel, group) };
            add_offset_(tile, { { center, scale, add }, store });
        }

        operand_format format_;
        std::size_t grouped_rows_;
        std::size_t n_;
        const grouped_float_epilogue<Rest>& epilogue_;
        finish_function<float, scaled_group> add_scaled_;
        finish_function<float, offset_group> add_offset_;
        finish_function<float, Rest> finish_;
    };
}
