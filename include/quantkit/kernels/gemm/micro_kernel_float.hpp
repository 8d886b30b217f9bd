// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Products in float: activations in float, weights in any format that the tile widens to float as it loads them.
///
///     f32_f32, f32_f16, f32_bf16   every weight exactly as stored
///     f32_s8, f32_u4               codes, exactly; scales and zero points follow group by group (run_float_tile.hpp)
///
/// A sum is one chain along k in ascending order. With FMA (AVX2, AVX-512, AArch64) each step is rounded once, so that
/// these give the same bits whatever the tile and the number of threads; the portable tile of a build without FMA
/// rounds the product as well. A sum of k products is within k * 2^-24 (1 + 2^-20) * sum |a * b| of the real one, k <
/// 2^20 (Higham, Accuracy and Stability of Numerical Algorithms, section 3.1), unless something overflows.
///
/// The geometry is that of micro_kernel.hpp; the sums that tiles write through their int32 pointer are floats.
#pragma once

#include <quantkit/core/half.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace quantkit::kernels
{
    /// Tiles of codes with so few rows scale their groups themselves (tile_operands::grouped), if they have vectors:
    /// the portable ones take many times as long for their products.
    template <operand_format Format>
    inline constexpr int float_grouped_rows =
        Format == operand_format::f32_s8 || Format == operand_format::f32_u4 ? 4 : 0;

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        template <class T>
        QUANTKIT_INLINE T element_at(const std::byte* bytes, std::size_t index)
        {
            T value;
            std::memcpy(&value, bytes + index * sizeof value, sizeof value);
            return value;
        }

        /// Weight number `column` of a group step, value i of the group: one overload per format.
        template <operand_format Format>
        QUANTKIT_INLINE float weight_at(const std::byte* step, std::size_t column, std::size_t i)
        {
            if constexpr (Format == operand_format::f32_f32)
                return element_at<float>(step, column);
            else if constexpr (Format == operand_format::f32_f16)
                return quantkit::half_to_float(element_at<std::uint16_t>(step, column));
            else if constexpr (Format == operand_format::f32_bf16)
                return quantkit::bfloat16_to_float(element_at<std::uint16_t>(step, column));
            else if constexpr (Format == operand_format::f32_s8)
                return element_at<std::int8_t>(step, column);
            else
            {
                const auto word = element_at<std::uint32_t>(step, column);
                return static_cast<float>(i == 7 ? word >> 28 : word & (0xfu << (4 * i)));
            }
        }
    }
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Plain C++: the definition that the others are held against, and the last resort.
    template <operand_format Format>
    struct scalar_float_tiles
    {
        static constexpr isa_level level = isa_level::scalar;
        static constexpr operand_format format = Format;
        static constexpr lane_family lanes = lane_family::scalar;
        static constexpr bool direct_output = false;
        static constexpr std::size_t main_panels = 1;
        static constexpr int max_rows[3] = { 4, 1, 1 };

        template <int Rows, int Panels>
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            for (std::size_t panel = 0; panel < Panels; ++panel)
            {
                float sums[Rows][panel_columns] = {};
                const std::byte* a = operands.a;
                const std::byte* b = operands.b + panel * operands.panel_stride;
                for (std::size_t group = 0; group < operands.groups; ++group)
                {
                    for (std::size_t i = 0; i < group_values(Format); ++i)
                        add_products<Rows>(a + i * sizeof(float), operands.a_stride, b, i, sums);
                    a += group_bytes_of_a(Format);
                    b += panel_columns * group_bytes_of_b(Format);
                }
                for (std::size_t row = 0; row < Rows; ++row)
                    std::memcpy(c + row * ldc + panel * panel_columns, sums[row], sizeof sums[row]);
            }
        }

    private:
        template <int Rows>
        static QUANTKIT_INLINE void add_products(const std::byte* a, std::size_t a_stride, const std::byte* b,
                                                 std::size_t i, float (&sums)[Rows][panel_columns])
        {
            float weights[panel_columns];
            for (std::size_t column = 0; column < panel_columns; ++column)
                weights[column] = detail::weight_at<Format>(b, column, i);
            for (std::size_t row = 0; row < Rows; ++row)
            {
                const auto x = detail::element_at<float>(a + row * a_stride, 0);
                for (std::size_t column = 0; column < panel_columns; ++column)
                    sums[row][column] += x * weights[column];
            }
        }
    };
}
