// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Products of pairs of bfloat16 as vdpbf16ps defines them, a mode of its own: bf16_bf16, both operands in bfloat16.
///
///     sum = fma(a[2i + 1], b[2i + 1], sum), then sum = fma(a[2i], b[2i], sum)
///
/// for each pair i along k in ascending order; the last pair of an odd k ends with a zero. Each fma is rounded once to
/// nearest even. Subnormal operands count as zeros of their sign, results below the normal floats become them (tiny
/// after rounding, as elsewhere on x86), whatever the environment says. So all instruction sets give the same bits, but
/// for the sign and payload of NaN.
///
/// A sum of k products is within k * 2^-24 (1 + 2^-20) * sum |a * b| + k * 2^-125 of that of the operands in bfloat16
/// without subnormals, k < 2^20. Rounding a float to bfloat16 changes it by at most 2^-8 of it: each product by 2^-7.
///
/// source: Intel 64 and IA-32 Architectures Software Developer's Manual, vol. 2, VDPBF16PS
///
/// ARM's BFDOT and BFMMLA are another mode: they add the two products of a pair first and, without FEAT_EBF16, round to
/// odd. 64-bit ARM runs the portable tile. It takes many times as long as the tiles of f32_bf16.
#pragma once

#include <quantkit/core/half.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace quantkit::kernels
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// Subnormals are zeros.
        QUANTKIT_INLINE float bf16_factor(std::uint16_t bits)
        {
            constexpr unsigned exponent = 0x7f80u, sign = 0x8000u;
            return quantkit::bfloat16_to_float((bits & exponent) == 0 ? static_cast<std::uint16_t>(bits & sign) : bits);
        }

        /// a * b + sum, rounded once; zero where that is below the normal floats. sum is none of those.
        QUANTKIT_INLINE float bf16_fma(float a, float b, float sum)
        {
            constexpr float smallest_normal = 0x1p-126f;
            const float result = std::fma(a, b, sum);
            if (!(std::abs(result) <= smallest_normal))
                return result;
            // next to the smallest normal float it counts what rounding gives where exponents have no bound
            const float unbounded = std::fma(a * 0x1p64f, b, sum * 0x1p64f);
            return std::abs(unbounded) < smallest_normal * 0x1p64f ? std::copysign(0.0f, result) : result;
        }
    }
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Plain C++: the definition, and what runs where there is no vdpbf16ps.
    struct scalar_bf16_dot_tiles
    {
        static constexpr isa_level level = isa_level::scalar;
        static constexpr operand_format format = operand_format::bf16_bf16;
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
                    add_pairs<Rows>(a, operands.a_stride, b, sums);
                    a += group_bytes;
                    b += panel_step_bytes;
                }
                for (std::size_t row = 0; row < Rows; ++row)
                    std::memcpy(c + row * ldc + panel * panel_columns, sums[row], sizeof sums[row]);
            }
        }

    private:
        template <int Rows>
        static QUANTKIT_INLINE void add_pairs(const std::byte* a, std::size_t a_stride, const std::byte* b,
                                              float (&sums)[Rows][panel_columns])
        {
            float right[2 * panel_columns];
            for (std::size_t i = 0; i < 2 * panel_columns; ++i)
                right[i] = factor_at(b, i);
            for (std::size_t row = 0; row < Rows; ++row, a += a_stride)
            {
                const float even = factor_at(a, 0), odd = factor_at(a, 1);
                for (std::size_t column = 0; column < panel_columns; ++column)
                {
                    const float sum = detail::bf16_fma(odd, right[2 * column + 1], sums[row][column]);
                    sums[row][column] = detail::bf16_fma(even, right[2 * column], sum);
                }
            }
        }

        static QUANTKIT_INLINE float factor_at(const std::byte* bytes, std::size_t index)
        {
            std::uint16_t bits;
            std::memcpy(&bits, bytes + index * sizeof bits, sizeof bits);
            return detail::bf16_factor(bits);
        }
    };
}
