// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// SSE2, the x86-64 baseline: 16-bit groups, pmaddwd and an add. Exact, since a pair of 16-bit products fits an int32.
///
/// Main tile 2 x 16: 8 accumulators, 4 registers of B, 1 of A, 1 product: 14 of 16.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel.hpp>

#if defined(QUANTKIT_X86)
#include <emmintrin.h>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct sse2_tiles
    {
        static constexpr isa_level level = isa_level::sse2;
        static constexpr operand_format format = operand_format::s16_s16;
        static constexpr lane_family lanes = lane_family::scalar;
        static constexpr bool direct_output = false;
        static constexpr std::size_t main_panels = 1;
        static constexpr int max_rows[3] = { 2, 1, 1 };

        template <int Rows, int Panels>
        QUANTKIT_TARGET("sse2")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            for (std::size_t panel = 0; panel < Panels; ++panel)
                one_panel<Rows>(operands, operands.b + panel * operands.panel_stride, c + panel * panel_columns, ldc);
        }

    private:
        template <int Rows>
        QUANTKIT_TARGET("sse2")
        static void one_panel(const tile_operands& operands, const std::byte* b, std::int32_t* c,
                              std::size_t ldc) noexcept
        {
            __m128i sum[Rows][4];
            QUANTKIT_UNROLL(2)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int part = 0; part < 4; ++part)
                    sum[row][part] = _mm_setzero_si128();
            }

            detail::strip_rows<Rows> a { operands };
            for (std::size_t group = 0; group < operands.groups; ++group)
            {
                QUANTKIT_UNROLL(4)
                for (int part = 0; part < 4; ++part)
                {
                    const __m128i columns = _mm_loadu_si128(reinterpret_cast<const __m128i*>(b) + part);
                    QUANTKIT_UNROLL(2)
                    for (int row = 0; row < Rows; ++row)
                    {
                        const __m128i products = _mm_madd_epi16(_mm_set1_epi32(a.group(row)), columns);
                        sum[row][part] = _mm_add_epi32(sum[row][part], products);
                    }
                }
                a.advance();
                b += panel_step_bytes;
            }

            QUANTKIT_UNROLL(2)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int part = 0; part < 4; ++part)
                    _mm_storeu_si128(reinterpret_cast<__m128i*>(c + static_cast<std::size_t>(row) * ldc) + part,
                                     sum[row][part]);
            }
        }
    };
}
#endif
