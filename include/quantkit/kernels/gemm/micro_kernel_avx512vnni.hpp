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
        static constexpr bool direct_output = true;
        static constexpr std::size_t main_panels = 2;
        static constexpr int max_rows[3] = { 12, 12, 4 };

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            const std::byte* b = operands.b;
            std::size_t column = 0;
            for (std::size_t tile = 0; tile < operands.tiles; ++tile)
            {
                run<Rows, Panels>(operands, b, column, c, ldc);
                b += Panels * operands.panel_stride;
                column += Panels * panel_columns;
            }
        }

    private:
        /// One of the tiles side by side.
        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
        static QUANTKIT_INLINE void run(const tile_operands& operands, const std::byte* panels, std::size_t column,
                                        std::int32_t* c, std::size_t ldc)
        {
            // A dependent vpdpbusd starts every 4 or 5 cycles, of which a cycle may begin two: narrow tiles need
            // several sums for each element.
            constexpr int phases = Rows * Panels >= 10 ? 1 : Rows * Panels >= 5 ? 2 : 4;
            __m512i sum[phases][Rows][Panels];
            QUANTKIT_UNROLL(4)
            for (int panel = 0; panel < Panels; ++panel)
            {
                const __m512i first =
                    avx512_lanes::first_sum(operands.offsets, column + static_cast<std::size_t>(panel) * panel_columns);
                QUANTKIT_UNROLL(12)
                for (int row = 0; row < Rows; ++row)
                {
                    sum[0][row][panel] = first;
                    QUANTKIT_UNROLL(4)
                    for (int phase = 1; phase < phases; ++phase)
                        sum[phase][row][panel] = _mm512_setzero_si512();
                }
            }
            const avx512_lanes::tile_destination to = avx512_lanes::destination_of(operands, column, c, ldc);
            avx512_lanes::prefetch_tile<Rows, Panels>(to);

            detail::strip_rows<Rows> a { operands };
            strip_columns<Panels> b { panels, operands.panel_stride };
            std::size_t group = 0;
            for (; group + phases <= operands.groups; group += phases)
            {
                QUANTKIT_UNROLL(4)
                for (int phase = 0; phase < phases; ++phase)
                    step(sum[phase], a, b, phase);
                a.advance(phases);
                b.advance(phases);
            }
            for (; phases > 1 && group < operands.groups; ++group)
            {
                step(sum[0], a, b, 0);
                a.advance();
                b.advance();
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
            if (operands.scaled != nullptr)
                avx512_lanes::scale_tile(sum[0], *operands.scaled, column);
            avx512_lanes::store_tile(sum[0], to);
        }

        /// The panels of a tile, each with a pointer of its own: steps then differ by constants.
        template <int Panels>
        struct strip_columns
        {
            QUANTKIT_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
            QUANTKIT_INLINE strip_columns(const std::byte* first, std::size_t stride)
            {
                QUANTKIT_UNROLL(4)
                for (int i = 0; i < Panels; ++i)
                    panel[i] = first + static_cast<std::size_t>(i) * stride;
            }

            QUANTKIT_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
            QUANTKIT_INLINE void advance(std::size_t groups = 1)
            {
                QUANTKIT_UNROLL(4)
                for (int i = 0; i < Panels; ++i)
                    panel[i] += groups * panel_step_bytes;
            }

            const std::byte* panel[Panels];
        };

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
        static QUANTKIT_INLINE void step(__m512i (&sum)[Rows][Panels], const detail::strip_rows<Rows>& a,
                                         const strip_columns<Panels>& b, int ahead)
        {
            // High tiles take so long for a line that those of L3 can be here in time. The next tile begins where the
            // last panel ends.
            constexpr std::size_t prefetched_bytes = Rows >= 6 ? 2048 : 0;
            __m512i column[Panels];
            QUANTKIT_UNROLL(4)
            for (int panel = 0; panel < Panels; ++panel)
            {
                const std::byte* line = b.panel[panel] + static_cast<std::size_t>(ahead) * panel_step_bytes;
                column[panel] = _mm512_loadu_si512(line);
                __asm__("" : "+v"(column[panel])); // GCC would load it again for each row of a low tile
                if constexpr (prefetched_bytes > 0)
                    _mm_prefetch(reinterpret_cast<const char*>(line + prefetched_bytes), _MM_HINT_T0);
            }
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row)
            {
                const __m512i broadcast = _mm512_set1_epi32(a.group(row, ahead));
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    sum[row][panel] = _mm512_dpbusd_epi32(sum[row][panel], broadcast, column[panel]);
            }
        }
    };
}
#endif
