// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// AVX-512-VNNI: vpdpbusd adds four u8 x s8 products to an int32 without saturation. Exact.
///
/// Main tile 12 x 32: 24 accumulators, 2 registers of B, 1 of A: 27 of 32. A group step issues 24 vpdpbusd on
/// 2 loads and 12 broadcasts, so the multiplier, not the load ports, is the limit.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/gemm/tile_output_avx512.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct avx512vnni_tiles
    {
        static constexpr isa_level level = isa_level::avx512vnni;
        static constexpr operand_format format = operand_format::u8_s8;
        static constexpr lane_family lanes = lane_family::avx512;
        static constexpr bool scales_output = true;
        static constexpr std::size_t main_panels = 2;
        static constexpr int max_rows[3] = { 12, 12, 4 };

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            // A dependent vpdpbusd starts every 4 cycles: narrow tiles need several sums for each element.
            constexpr int phases = Rows * Panels >= 8 ? 1 : Rows * Panels >= 4 ? 2 : 4;
            __m512i sum[phases][Rows][Panels];
            QUANTKIT_UNROLL(4)
            for (int panel = 0; panel < Panels; ++panel)
            {
                const __m512i first = avx512_lanes::first_sum(operands.scaled, panel);
                QUANTKIT_UNROLL(12)
                for (int row = 0; row < Rows; ++row)
                {
                    sum[0][row][panel] = first;
                    QUANTKIT_UNROLL(4)
                    for (int phase = 1; phase < phases; ++phase)
                        sum[phase][row][panel] = _mm512_setzero_si512();
                }
            }

            detail::strip_rows<Rows> a { operands };
            const std::byte* b = operands.b;
            std::size_t group = 0;
            for (; group + phases <= operands.groups; group += phases)
            {
                QUANTKIT_UNROLL(4)
                for (int phase = 0; phase < phases; ++phase)
                {
                    step<Rows, Panels>(sum[phase], a, b, operands.panel_stride);
                    a.advance();
                    b += panel_step_bytes;
                }
            }
            for (; phases > 1 && group < operands.groups; ++group)
            {
                step<Rows, Panels>(sum[0], a, b, operands.panel_stride);
                a.advance();
                b += panel_step_bytes;
            }

            QUANTKIT_UNROLL(4)
            for (int phase = 1; phase < phases; ++phase)
            {
                QUANTKIT_UNROLL(12)
                for (int row = 0; row < Rows; ++row)
                {
                    QUANTKIT_UNROLL(4)
                    for (int panel = 0; panel < Panels; ++panel)
                        sum[0][row][panel] = _mm512_add_epi32(sum[0][row][panel], sum[phase][row][panel]);
                }
            }
            avx512_lanes::write_tile<Rows, Panels>(sum[0], operands.scaled, c, ldc);
        }

    private:
        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
        static QUANTKIT_INLINE void step(__m512i (&sum)[Rows][Panels], const detail::strip_rows<Rows>& a,
                                         const std::byte* b, std::size_t panel_stride)
        {
            __m512i column[Panels];
            QUANTKIT_UNROLL(4)
            for (int panel = 0; panel < Panels; ++panel)
            {
                column[panel] = _mm512_loadu_si512(b + static_cast<std::size_t>(panel) * panel_stride);
                __asm__("" : "+v"(column[panel])); // GCC would load it again for each row of a low tile
            }
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row)
            {
                const __m512i broadcast = _mm512_set1_epi32(a.group(row));
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    sum[row][panel] = _mm512_dpbusd_epi32(sum[row][panel], broadcast, column[panel]);
            }
        }
    };
}
#endif
