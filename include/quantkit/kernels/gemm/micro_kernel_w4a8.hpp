// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a micro-kernel of 4-bit weights and 8-bit activations is, and the portable one.
///
/// One tile makes rows x 16 floats from all of k, group after group of the weights' scales:
///
///     sum_g[r, j] = sum over k in group g of a[r, k] * (b[j, k] - zero_point_g[j])       int32, exact modulo 2^32
///     c[r, j]     = sum over g of float(sum_g[r, j]) * (row_scale[r] * scale_g[j])
///
/// Products of floats and their sums are rounded one by one, in the order of the groups, as grouped_epilogue.hpp does:
/// every micro-kernel gives the same bits. Activations are symmetric s8, so that they need no correction; b is unsigned
/// (int4_panels.hpp), and its zero points are taken off with the sums of the row's groups.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/gemm/epilogue_scalar.hpp>
#include <quantkit/kernels/gemm/int4_panels.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/isa.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace quantkit::kernels
{
    /// What one tile multiplies. Steps are those of int4_panels.hpp: 8 values along k.
    struct w4a8_operands
    {
        const std::byte* a = nullptr; ///< [rows][steps, 8 x s8], rows a_stride bytes apart, zeros beyond k
        std::size_t a_stride = 0;
        const float* row_scales = nullptr;         ///< [rows]
        const std::int32_t* row_offsets = nullptr; ///< [rows][groups] sums of a, times row_offset_factor()
        const std::byte* codes = nullptr;          ///< [steps][64 bytes] of one panel
        const float* scales = nullptr;             ///< [groups][16]
        const std::uint8_t* zero_points = nullptr; ///< [groups][16]; null where all are int4_middle
        std::size_t steps = 0;
        std::size_t group_steps = 1; ///< steps of each group but the last
        std::size_t groups = 0;      ///< ceil(steps / group_steps)
    };

    /// What row_offsets are multiples of: where all zero points are the same, they are multiplied in once and for all.
    QUANTKIT_INLINE constexpr std::int32_t row_offset_factor(const std::uint8_t* zero_points)
    {
        return zero_points == nullptr ? -int4_middle : -1;
    }

    /// c  [rows, 16]
    using w4a8_tile = void (*)(const w4a8_operands& operands, float* c) noexcept;

    /// The sum of values [count] of a.
    using w4a8_sum = std::int32_t (*)(const std::byte* values, std::size_t count) noexcept;

    inline constexpr std::size_t max_w4a8_rows = 12;

    /// One instruction set's tiles of 1 .. max_rows rows.
    struct w4a8_micro_kernel
    {
        isa_level level = isa_level::scalar;
        lane_family lanes = lane_family::scalar;
        std::size_t max_rows = 0;
        w4a8_sum sum = nullptr;
        std::array<w4a8_tile, max_w4a8_rows + 1> tiles {};

        QUANTKIT_INLINE constexpr std::string_view name() const { return name_of(level); }
    };

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        template <class Tiles, int... Row>
        constexpr std::array<w4a8_tile, max_w4a8_rows + 1> w4a8_tiles_of(std::integer_sequence<int, Row...>)
        {
            return { nullptr, &Tiles::template tile<Row + 1>... };
        }
    }
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The table of a family of tiles: Tiles::tile<Rows> for 1 .. Tiles::max_rows rows.
    template <class Tiles>
    inline constexpr w4a8_micro_kernel w4a8_micro_kernel_of {
        Tiles::level, Tiles::lanes, Tiles::max_rows, &Tiles::sum,
        detail::w4a8_tiles_of<Tiles>(std::make_integer_sequence<int, Tiles::max_rows> {})
    };

    /// The tables of these families of tiles, for the reason of micro_kernels_of().
    template <class... Tiles>
    std::span<const w4a8_micro_kernel* const> w4a8_micro_kernels_of()
    {
        static constexpr std::array kernels { &w4a8_micro_kernel_of<Tiles>... };
        return kernels;
    }

    /// Plain C++: the definition that the others are held against, and the last resort.
    struct w4a8_scalar_tiles
    {
        static constexpr isa_level level = isa_level::scalar;
        static constexpr lane_family lanes = lane_family::scalar;
        static constexpr int max_rows = 4;

        static std::int32_t sum(const std::byte* values, std::size_t count) noexcept
        {
            std::int32_t total = 0;
            for (std::size_t i = 0; i < count; ++i)
                total += static_cast<std::int8_t>(values[i]);
            return total;
        }

        template <int Rows>
        static void tile(const w4a8_operands& operands, float* c) noexcept
        {
            std::fill_n(c, Rows * panel_columns, 0.0f);
            for (std::size_t group = 0; group < operands.groups; ++group)
                for (std::size_t row = 0; row < Rows; ++row)
                    add_group(operands, group, row, c + row * panel_columns);
        }

    private:
        static void add_group(const w4a8_operands& operands, std::size_t group, std::size_t row, float* c) noexcept
        {
            const std::int32_t offset = operands.row_offsets[row * operands.groups + group];
            std::uint32_t sums[panel_columns];
            for (std::size_t j = 0; j < panel_columns; ++j)
            {
                const bool scaled = operands.zero_points == nullptr;
                const std::int32_t zero_point = scaled ? 1 : operands.zero_points[group * panel_columns + j];
                sums[j] = static_cast<std::uint32_t>(offset) * static_cast<std::uint32_t>(zero_point);
            }
            const std::size_t first = group * operands.group_steps;
            for (std::size_t step = first; step < std::min(first + operands.group_steps, operands.steps); ++step)
                add_step(operands.a + row * operands.a_stride + step * int4_step_values,
                         operands.codes + step * int4_step_bytes, sums);
            for (std::size_t j = 0; j < panel_columns; ++j)
                c[j] += scalar_lanes::product(static_cast<float>(static_cast<std::int32_t>(sums[j])),
                                              operands.row_scales[row] * operands.scales[group * panel_columns + j]);
        }

        static void add_step(const std::byte* a, const std::byte* codes, std::uint32_t (&sums)[panel_columns]) noexcept
        {
            for (std::size_t j = 0; j < panel_columns; ++j)
                for (std::size_t i = 0; i < group_bytes; ++i)
                {
                    const auto pair = std::to_integer<std::int32_t>(codes[j * group_bytes + i]);
                    sums[j] += static_cast<std::uint32_t>(static_cast<std::int8_t>(a[i]) * (pair & 0xf)
                                                          + static_cast<std::int8_t>(a[i + group_bytes]) * (pair >> 4));
                }
        }
    };
}
