// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// AVX-512BW without VNNI: 16-bit groups, vpmaddwd and an add. Exact, since a pair of 16-bit products fits an int32.
///
/// Main tile 12 x 32: 24 accumulators, 2 registers of B, 1 of A, 1 product: 28 of 32.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct avx512bw_tiles
    {
        static constexpr isa_level level = isa_level::avx512bw;
        static constexpr operand_format format = operand_format::s16_s16;
        static constexpr lane_family lanes = lane_family::avx512;
        static constexpr bool direct_output = false;
        static constexpr std::size_t main_panels = 2;
        static constexpr int max_rows[3] = { 12, 12, 4 };

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx512f,avx512bw")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            __m512i sum[Rows][Panels];
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    sum[row][panel] = _mm512_setzero_si512();
            }

            detail::strip_rows<Rows> a { operands };
            const std::byte* b = operands.b;
            for (std::size_t group = 0; group < operands.groups; ++group)
            {
                __m512i column[Panels];
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                {
                    column[panel] = _mm512_loadu_si512(b + static_cast<std::size_t>(panel) * operands.panel_stride);
                    __asm__("" : "+v"(column[panel])); // GCC would load it again for each row of a low tile
                }
                QUANTKIT_UNROLL(12)
                for (int row = 0; row < Rows; ++row)
                {
                    const __m512i broadcast = _mm512_set1_epi32(a.group(row));
                    QUANTKIT_UNROLL(4)
                    for (int panel = 0; panel < Panels; ++panel)
                        sum[row][panel] =
                            _mm512_add_epi32(sum[row][panel], _mm512_madd_epi16(broadcast, column[panel]));
                }
                a.advance();
                b += panel_step_bytes;
            }

            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    _mm512_storeu_si512(c + static_cast<std::size_t>(row) * ldc + static_cast<std::size_t>(panel) * 16,
                                        sum[row][panel]);
            }
        }
    };
}
#endif
