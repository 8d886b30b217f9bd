// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Products of 16-bit codes whose sums need 64 bits: what these tiles leave behind, and the portable one.
///
/// pmaddwd gives P = a0 * b0 + a1 * b1 exactly in 32 bits, unless all four codes are -32768: one of the two ranges must
/// be narrow. Adding each P to a register of int64 would take two widenings and two additions. These tiles add two
/// int32 instead, with one shift:
///
///     low  = sum of P            modulo 2^32
///     high = sum of (P >> 16)    exact for up to 65,536 groups, k = 131,072
///
/// The low 16 bits that the shift has cut off sum up to less than 2^32 in as many groups, so that low modulo 2^32 tells
/// their sum as well:
///
///     sum = high * 65536 + uint32(low - high * 65536)
///
/// A tile writes low [rows, 16 * panels] and right behind it high, rows of both ldc elements apart: high of element
/// (r, j) lies at c[(rows + r) * ldc + j].
#pragma once

#include <quantkit/kernels/gemm/micro_kernel.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace quantkit::kernels
{
    /// Groups of 2 values that one call of such a tile may sum.
    inline constexpr std::size_t max_wide_groups = 65'536;

    /// The sum that a tile has left in two halves.
    QUANTKIT_INLINE constexpr std::int64_t joined_halves(std::int32_t low, std::int32_t high)
    {
        const std::uint32_t cut_off = static_cast<std::uint32_t>(low) - (static_cast<std::uint32_t>(high) << 16);
        return std::int64_t { high } * 65'536 + cut_off;
    }
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Plain C++: the definition that the others are held against, and what SSE2 and NEON run.
    struct scalar_wide_tiles
    {
        static constexpr isa_level level = isa_level::scalar;
        static constexpr operand_format format = operand_format::s16_s16;
        static constexpr lane_family lanes = lane_family::scalar;
        static constexpr bool direct_output = false;
        static constexpr bool sums_in_halves = true;
        static constexpr std::string_view variant = "scalar_s64";
        static constexpr std::size_t main_panels = 1;
        static constexpr int max_rows[3] = { 4, 1, 1 };

        template <int Rows, int Panels>
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            for (std::size_t row = 0; row < Rows; ++row)
                for (std::size_t panel = 0; panel < Panels; ++panel)
                {
                    std::int32_t* out = c + row * ldc + panel * panel_columns;
                    sum_row(operands.a + row * operands.a_stride, operands.b + panel * operands.panel_stride,
                            operands.groups, out, out + Rows * ldc);
                }
        }

    private:
        static void sum_row(const std::byte* a, const std::byte* b, std::size_t groups, std::int32_t* low,
                            std::int32_t* high) noexcept
        {
            std::uint32_t lows[panel_columns] = {};
            std::int32_t highs[panel_columns] = {};
            for (std::size_t group = 0; group < groups; ++group)
            {
                std::int16_t left[2], right[2 * panel_columns];
                std::memcpy(left, a + group * group_bytes, sizeof left);
                std::memcpy(right, b + group * panel_step_bytes, sizeof right);
                for (std::size_t j = 0; j < panel_columns; ++j)
                {
                    const std::int32_t pair = left[0] * right[2 * j] + left[1] * right[2 * j + 1];
                    lows[j] += static_cast<std::uint32_t>(pair);
                    highs[j] += pair >> 16;
                }
            }
            std::memcpy(low, lows, sizeof lows);
            std::memcpy(high, highs, sizeof highs);
        }
    };
}
