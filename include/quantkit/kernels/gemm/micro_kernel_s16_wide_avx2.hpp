// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// AVX2: products of 16-bit codes with sums of 64 bits, as micro_kernel_s16_wide.hpp says. vpmaddwd, vpsrad and two
/// adds for 8 columns: on a core with four vector pipes as many products a cycle as two FMAs of floats.
///
/// Main tile 3 x 16: 12 accumulators, 2 registers of B, 1 of A, 1 product: 16 of 16.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel_s16_wide.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct avx2_wide_tiles
    {
        static constexpr isa_level level = isa_level::avx2;
        static constexpr operand_format format = operand_format::s16_s16;
        static constexpr lane_family lanes = lane_family::avx2;
        static constexpr bool direct_output = false;
        static constexpr bool sums_in_halves = true;
        static constexpr std::string_view variant = "avx2_s64";
        static constexpr std::size_t main_panels = 1;
        static constexpr int max_rows[3] = { 3, 1, 1 };

        /// Two panels at most side by side: more accumulators than registers else. Two streams of B rather than one
        /// come from memory at twice the rate.
        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx2")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            constexpr int together = Panels < 2 ? Panels : 2;
            for (std::size_t panel = 0; panel < Panels; panel += together)
                sum_panels<Rows, together>(operands, operands.b + panel * operands.panel_stride,
                                           c + panel * panel_columns, ldc);
        }

    private:
        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx2")
        static void sum_panels(const tile_operands& operands, const std::byte* b, std::int32_t* c,
                               std::size_t ldc) noexcept
        {
            constexpr int vectors = 2 * Panels; // of 8 columns
            __m256i low[Rows][vectors], high[Rows][vectors];
            QUANTKIT_UNROLL(3)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int i = 0; i < vectors; ++i)
                    low[row][i] = high[row][i] = _mm256_setzero_si256();
            }

            detail::strip_rows<Rows> a { operands };
            for (std::size_t group = 0; group < operands.groups; ++group)
            {
                __m256i columns[vectors];
                QUANTKIT_UNROLL(4)
                for (int i = 0; i < vectors; ++i)
                {
                    const std::byte* step = b + static_cast<std::size_t>(i / 2) * operands.panel_stride;
                    columns[i] = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(step) + i % 2);
                }
                QUANTKIT_UNROLL(3)
                for (int row = 0; row < Rows; ++row)
                {
                    const __m256i broadcast = _mm256_set1_epi32(a.group(row));
                    QUANTKIT_UNROLL(4)
                    for (int i = 0; i < vectors; ++i)
                    {
                        const __m256i pairs = _mm256_madd_epi16(broadcast, columns[i]);
                        low[row][i] = _mm256_add_epi32(low[row][i], pairs);
                        high[row][i] = _mm256_add_epi32(high[row][i], _mm256_srai_epi32(pairs, 16));
                    }
                }
                a.advance();
                b += panel_step_bytes;
            }

            QUANTKIT_UNROLL(3)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int i = 0; i < vectors; ++i)
                {
                    std::int32_t* out = c + static_cast<std::size_t>(row) * ldc + static_cast<std::size_t>(i) * 8;
                    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out), low[row][i]);
                    _mm256_storeu_si256(reinterpret_cast<__m256i*>(out + static_cast<std::size_t>(Rows) * ldc),
                                        high[row][i]);
                }
            }
        }
    };
}
#endif
