// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// AVX2, 4-bit weights: vpmaddubsw with the weights as its unsigned operand, and sums that stay in 16 bits for a while.
///
/// A pair of products is 2 * 15 * 128 = 3840 at most, so 8 of them fit an int16: only every 4 steps (32 values along k)
/// vpmaddwd by 1 widens the sums. A step multiplies 2 x 64 bytes of unpacked weights with 2 broadcasts of each row: 4
/// vpmaddubsw and 4 vpaddw a row, two instructions for 32 products where 8-bit weights take three
/// (micro_kernel_avx2.hpp).
///
/// Main tile 6 x 16: 12 sums of 16 bits, 2 registers of weights, 1 of A, 1 product: 16 of 16. The 32-bit sums and the
/// floats wait in L1.
#pragma once

#include <quantkit/kernels/gemm/avx2_operations.hpp>
#include <quantkit/kernels/gemm/micro_kernel_w4a8.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct w4a8_avx2_tiles
    {
        static constexpr isa_level level = isa_level::avx2;
        static constexpr lane_family lanes = lane_family::avx2;
        static constexpr int max_rows = 6;

        QUANTKIT_TARGET("avx2")
        static std::int32_t sum(const std::byte* values, std::size_t count) noexcept
        {
            const __m256i ones = _mm256_set1_epi8(1), wide_ones = _mm256_set1_epi16(1);
            __m256i sums = _mm256_setzero_si256();
            std::size_t i = 0;
            for (; i + 32 <= count; i += 32)
            {
                const __m256i pairs = _mm256_maddubs_epi16(ones, load(values + i));
                sums = _mm256_add_epi32(sums, _mm256_madd_epi16(pairs, wide_ones));
            }
            std::int32_t partial[8];
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(partial), sums);
            std::int32_t total = w4a8_scalar_tiles::sum(values + i, count - i);
            for (const std::int32_t lane : partial)
                total += lane;
            return total;
        }

        template <int Rows>
        QUANTKIT_TARGET("avx2")
        static void tile(const w4a8_operands& operands, float* c) noexcept
        {
            const std::byte* a = operands.a;
            const std::byte* codes = operands.codes;
            __m256 total[Rows][2];
            QUANTKIT_UNROLL(6)
            for (auto& row : total)
                row[0] = row[1] = _mm256_setzero_ps();
            std::size_t steps_left = operands.steps;
            for (std::size_t group = 0; group < operands.groups; ++group)
            {
                __m256i sum[Rows][2];
                set_offsets<Rows>(sum, operands, group);
                std::size_t steps = std::min(operands.group_steps, steps_left);
                steps_left -= steps;
                for (; steps >= block_steps; steps -= block_steps)
                {
                    add_block<Rows>(sum, a, operands.a_stride, codes, block_steps);
                    a += block_steps * int4_step_values;
                    codes += block_steps * int4_step_bytes;
                }
                if (steps > 0)
                    add_block<Rows>(sum, a, operands.a_stride, codes, steps);
                a += steps * int4_step_values;
                codes += steps * int4_step_bytes;
                add_scaled<Rows>(total, sum, operands, group);
            }
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                _mm256_storeu_ps(c + row * 16, total[row][0]);
                _mm256_storeu_ps(c + row * 16 + 8, total[row][1]);
            }
        }

    private:
        /// Steps whose products 16 bits can sum up.
        static constexpr std::size_t block_steps = 4;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE static __m256i load(const std::byte* bytes)
        {
            return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(bytes));
        }

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE static __m256i nibbles(__m256i codes, bool high)
        {
            return _mm256_and_si256(high ? _mm256_srli_epi16(codes, 4) : codes, _mm256_set1_epi8(0xf));
        }

        template <int Rows>
        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE static void add_block(__m256i (&sum)[Rows][2], const std::byte* a, std::size_t a_stride,
                                              const std::byte* codes, std::size_t steps)
        {
            __m256i pairs[Rows][2];
            QUANTKIT_UNROLL(6)
            for (auto& row : pairs)
                row[0] = row[1] = _mm256_setzero_si256();
            QUANTKIT_UNROLL(4)
            for (std::size_t step = 0; step < steps; ++step)
            {
                QUANTKIT_UNROLL(2)
                for (int half = 0; half < 2; ++half)
                {
                    __m256i left = nibbles(load(codes + step * int4_step_bytes), half == 1);
                    __m256i right = nibbles(load(codes + step * int4_step_bytes + 32), half == 1);
                    __asm__("" : "+x"(left), "+x"(right)); // GCC would unpack them again for each row
                    QUANTKIT_UNROLL(6)
                    for (std::size_t row = 0; row < Rows; ++row)
                    {
                        const __m256i values =
                            _mm256_set1_epi32(detail::group_at(a + row * a_stride + step * int4_step_values
                                                               + static_cast<std::size_t>(half) * group_bytes));
                        __m256i(&p)[2] = pairs[row];
                        p[0] = _mm256_add_epi16(p[0], _mm256_maddubs_epi16(left, values));
                        p[1] = _mm256_add_epi16(p[1], _mm256_maddubs_epi16(right, values));
                        __asm__("" : "+x"(p[0]), "+x"(p[1])); // GCC would add the products first, and spill them
                    }
                }
            }
            const __m256i ones = _mm256_set1_epi16(1);
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                sum[row][0] = _mm256_add_epi32(sum[row][0], _mm256_madd_epi16(pairs[row][0], ones));
                sum[row][1] = _mm256_add_epi32(sum[row][1], _mm256_madd_epi16(pairs[row][1], ones));
            }
        }

        template <int Rows>
        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE
            static void set_offsets(__m256i (&sum)[Rows][2], const w4a8_operands& operands, std::size_t group)
        {
            QUANTKIT_UNROLL(6)
            for (std::size_t row = 0; row < Rows; ++row)
                sum[row][0] = sum[row][1] = _mm256_set1_epi32(operands.row_offsets[row * operands.groups + group]);
            if (operands.zero_points == nullptr)
                return;
            for (std::size_t half = 0; half < 2; ++half)
            {
                const std::uint8_t* of_columns = operands.zero_points + group * panel_columns + half * 8;
                const __m256i zero_points =
                    _mm256_cvtepu8_epi32(_mm_loadl_epi64(reinterpret_cast<const __m128i*>(of_columns)));
                QUANTKIT_UNROLL(6)
                for (auto& row : sum)
                    row[half] = _mm256_mullo_epi32(row[half], zero_points);
            }
        }

        template <int Rows>
        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE static void add_scaled(__m256 (&total)[Rows][2], const __m256i (&sum)[Rows][2],
                                               const w4a8_operands& operands, std::size_t group)
        {
            const float* scales = operands.scales + group * panel_columns;
            const __m256 left = _mm256_loadu_ps(scales), right = _mm256_loadu_ps(scales + 8);
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                const __m256 row_scale = _mm256_set1_ps(operands.row_scales[row]);
                total[row][0] = with_share(total[row][0], sum[row][0], _mm256_mul_ps(row_scale, left));
                total[row][1] = with_share(total[row][1], sum[row][1], _mm256_mul_ps(row_scale, right));
            }
        }

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE static __m256 with_share(__m256 total, __m256i sum, __m256 scale)
        {
            return _mm256_add_ps(total, avx2_lanes::multiply(_mm256_cvtepi32_ps(sum), scale));
        }
    };
}
#endif
