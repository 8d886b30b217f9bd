// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// AVX-512BW: products of 16-bit codes with sums of 64 bits, as micro_kernel_s16_wide.hpp says.
///
/// Main tile 6 x 32: 24 accumulators, 2 registers of B, 1 of A, 1 product: 28 of 32.
#pragma once

#include <quantkit/kernels/gemm/avx512_operations.hpp>
#include <quantkit/kernels/gemm/micro_kernel_s16_wide.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct avx512_wide_tiles
    {
        static constexpr isa_level level = isa_level::avx512bw;
        static constexpr operand_format format = operand_format::s16_s16;
        static constexpr lane_family lanes = lane_family::avx512;
        static constexpr bool direct_output = false;
        static constexpr bool sums_in_halves = true;
        static constexpr std::string_view variant = "avx512bw_s64";
        static constexpr std::size_t main_panels = 2;
        static constexpr int max_rows[3] = { 6, 6, 3 };

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx512f,avx512bw")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            __m512i low[Rows][Panels], high[Rows][Panels];
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    low[row][panel] = high[row][panel] = _mm512_setzero_si512();
            }

            detail::strip_rows<Rows> a { operands };
            const std::byte* b = operands.b;
            for (std::size_t group = 0; group < operands.groups; ++group)
            {
                __m512i columns[Panels];
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                {
                    columns[panel] = _mm512_loadu_si512(b + static_cast<std::size_t>(panel) * operands.panel_stride);
                    __asm__("" : "+v"(columns[panel])); // GCC would load it again for each row
                }
                QUANTKIT_UNROLL(6)
                for (int row = 0; row < Rows; ++row)
                {
                    const __m512i broadcast = _mm512_set1_epi32(a.group(row));
                    QUANTKIT_UNROLL(4)
                    for (int panel = 0; panel < Panels; ++panel)
                    {
                        const __m512i pairs = _mm512_madd_epi16(broadcast, columns[panel]);
                        low[row][panel] = _mm512_add_epi32(low[row][panel], pairs);
                        const __m512i upper = _mm512_maskz_srai_epi32(avx512_lanes::all_lanes, pairs, 16);
                        high[row][panel] = _mm512_add_epi32(high[row][panel], upper);
                    }
                }
                a.advance();
                b += panel_step_bytes;
            }

            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                {
                    std::int32_t* out = c + static_cast<std::size_t>(row) * ldc + static_cast<std::size_t>(panel) * 16;
                    _mm512_storeu_si512(out, low[row][panel]);
                    _mm512_storeu_si512(out + static_cast<std::size_t>(Rows) * ldc, high[row][panel]);
                }
            }
        }
    };
}
#endif
