// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// AVX-VNNI, on CPUs without AVX-512: vpdpbusd adds four u8 x s8 products to an int32 without saturation. Exact.
///
/// Main tile 6 x 16: 12 accumulators, 2 registers of B, 1 of A: 15 of 16.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct avxvnni_tiles
    {
        static constexpr isa_level level = isa_level::avxvnni;
        static constexpr operand_format format = operand_format::u8_s8;
        static constexpr lane_family lanes = lane_family::avx2;
        static constexpr bool direct_output = false;
        static constexpr std::size_t main_panels = 1;
        static constexpr int max_rows[3] = { 6, 2, 1 };

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx2,avxvnni")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            __m256i sum[Rows][Panels][2];
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    sum[row][panel][0] = sum[row][panel][1] = _mm256_setzero_si256();
            }

            detail::strip_rows<Rows> a { operands };
            const std::byte* b = operands.b;
            for (std::size_t group = 0; group < operands.groups; ++group)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                {
                    const auto* columns =
                        reinterpret_cast<const __m256i*>(b + static_cast<std::size_t>(panel) * operands.panel_stride);
                    __m256i left = _mm256_loadu_si256(columns), right = _mm256_loadu_si256(columns + 1);
                    __asm__("" : "+x"(left), "+x"(right)); // GCC would load them again for each row
                    QUANTKIT_UNROLL(6)
                    for (int row = 0; row < Rows; ++row)
                    {
                        const __m256i broadcast = _mm256_set1_epi32(a.group(row));
                        __m256i(&s)[2] = sum[row][panel];
                        s[0] = _mm256_dpbusd_avx_epi32(s[0], broadcast, left);
                        s[1] = _mm256_dpbusd_avx_epi32(s[1], broadcast, right);
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
                    auto* out = reinterpret_cast<__m256i*>(c + static_cast<std::size_t>(row) * ldc
                                                           + static_cast<std::size_t>(panel) * 16);
                    _mm256_storeu_si256(out, sum[row][panel][0]);
                    _mm256_storeu_si256(out + 1, sum[row][panel][1]);
                }
            }
        }
    };
}
#endif
