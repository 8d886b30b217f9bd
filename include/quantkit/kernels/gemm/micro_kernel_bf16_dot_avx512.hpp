// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Products of pairs of bfloat16 with AVX512_BF16: vdpbf16ps, which is their definition. Main tile 12 x 32: 24
/// accumulators, 2 registers of B, A broadcast from memory: 26 of 32.
///
/// Compiled and tested wherever the CPU has it; no such CPU was at hand when it was written.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel_bf16_dot.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct avx512_bf16_dot_tiles
    {
        static constexpr isa_level level = isa_level::avx512bf16;
        static constexpr operand_format format = operand_format::bf16_bf16;
        static constexpr lane_family lanes = lane_family::avx512;
        static constexpr bool direct_output = false;
        static constexpr std::size_t main_panels = 2;
        static constexpr int max_rows[3] = { 12, 12, 4 };

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx512f,avx512bw,avx512bf16")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            __m512 sum[Rows][Panels];
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    sum[row][panel] = _mm512_setzero_ps();
            }

            detail::strip_rows<Rows> a { operands };
            const std::byte* b = operands.b;
            for (std::size_t group = 0; group < operands.groups; ++group)
            {
                step<Rows, Panels>(sum, a, b, operands.panel_stride);
                a.advance();
                b += panel_step_bytes;
            }

            auto* out = reinterpret_cast<float*>(c);
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    _mm512_storeu_ps(out + static_cast<std::size_t>(row) * ldc
                                         + static_cast<std::size_t>(panel) * panel_columns,
                                     sum[row][panel]);
            }
        }

    private:
        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx512f,avx512bw,avx512bf16")
        static QUANTKIT_INLINE void step(__m512 (&sum)[Rows][Panels], const detail::strip_rows<Rows>& a,
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
                const __m512i pairs = _mm512_set1_epi32(a.group(row));
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    sum[row][panel] = _mm512_dpbf16_ps(sum[row][panel], reinterpret_cast<__m512bh>(pairs),
                                                       reinterpret_cast<__m512bh>(column[panel]));
            }
        }
    };
}
#endif
