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
        static constexpr bool scales_output = false;
        static constexpr bool sums_in_halves = true;
        static constexpr std::string_view variant = "avx2_s64";
        static constexpr std::size_t main_panels = 1;
        static constexpr int max_rows[3] = { 3, 1, 1 };

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx2")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            for (std::size_t panel = 0; panel < Panels; ++panel)
                one_panel<Rows>(operands, operands.b + panel * operands.panel_stride, c + panel * panel_columns, ldc);
        }

    private:
        template <int Rows>
        QUANTKIT_TARGET("avx2")
        static void one_panel(const tile_operands& operands, const std::byte* b, std::int32_t* c,
                              std::size_t ldc) noexcept
        {
            __m256i low[Rows][2], high[Rows][2];
#pragma GCC unroll 3
            for (int row = 0; row < Rows; ++row)
                low[row][0] = low[row][1] = high[row][0] = high[row][1] = _mm256_setzero_si256();

            detail::strip_rows<Rows> a { operands };
            for (std::size_t group = 0; group < operands.groups; ++group)
            {
                const __m256i columns[2] = { _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b)),
                                             _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b) + 1) };
#pragma GCC unroll 3
                for (int row = 0; row < Rows; ++row)
                {
                    const __m256i broadcast = _mm256_set1_epi32(a.group(row));
#pragma GCC unroll 2
                    for (int half = 0; half < 2; ++half)
                    {
                        const __m256i pairs = _mm256_madd_epi16(broadcast, columns[half]);
                        low[row][half] = _mm256_add_epi32(low[row][half], pairs);
                        high[row][half] = _mm256_add_epi32(high[row][half], _mm256_srai_epi32(pairs, 16));
                    }
                }
                a.advance();
                b += panel_step_bytes;
            }

#pragma GCC unroll 3
            for (int row = 0; row < Rows; ++row)
#pragma GCC unroll 2
                for (int half = 0; half < 2; ++half)
                {
                    auto* out = reinterpret_cast<__m256i*>(c + static_cast<std::size_t>(row) * ldc) + half;
                    auto* behind = reinterpret_cast<__m256i*>(c + static_cast<std::size_t>(Rows + row) * ldc) + half;
                    _mm256_storeu_si256(out, low[row][half]);
                    _mm256_storeu_si256(behind, high[row][half]);
                }
        }
    };
}
#endif
