// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// AVX-512-VNNI, 4-bit weights: vpdpbusd with the weights as its unsigned operand, straight into 32 bits.
///
/// A step is one load: its low nibbles are 16 columns of one group step, its high nibbles those of the next. Main tile
/// 8 x 16: 8 sums, 8 floats, 2 registers of weights, 1 of A: 19 of 32; low tiles keep the two nibbles' sums apart, so
/// that a dependent vpdpbusd starts every 4 cycles only half as often.
#pragma once

#include <quantkit/kernels/gemm/avx512_operations.hpp>
#include <quantkit/kernels/gemm/micro_kernel_w4a8.hpp>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct w4a8_avx512vnni_tiles
    {
        static constexpr isa_level level = isa_level::avx512vnni;
        static constexpr lane_family lanes = lane_family::avx512;
        static constexpr int max_rows = 8;

        QUANTKIT_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
        static std::int32_t sum(const std::byte* values, std::size_t count) noexcept
        {
            const __m512i ones = _mm512_set1_epi8(1);
            __m512i sums = _mm512_setzero_si512();
            std::size_t i = 0;
            for (; i + 64 <= count; i += 64)
                sums = _mm512_dpbusd_epi32(sums, ones, _mm512_loadu_si512(values + i));
            std::int32_t partial[16];
            _mm512_storeu_si512(partial, sums);
            std::int32_t total = w4a8_scalar_tiles::sum(values + i, count - i);
            for (const std::int32_t lane : partial)
                total += lane;
            return total;
        }

        template <int Rows>
        QUANTKIT_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
        static void tile(const w4a8_operands& operands, float* c) noexcept
        {
            __m512 total[Rows];
            QUANTKIT_UNROLL(8)
            for (auto& row : total)
                row = _mm512_setzero_ps();
            for (std::size_t group = 0; group < operands.groups; ++group)
                add_group<Rows>(total, operands, group);
            QUANTKIT_UNROLL(8)
            for (int row = 0; row < Rows; ++row)
                _mm512_storeu_ps(c + row * 16, total[row]);
        }

    private:
        template <int Rows>
        QUANTKIT_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
        QUANTKIT_INLINE static void add_group(__m512 (&total)[Rows], const w4a8_operands& operands, std::size_t group)
        {
            constexpr int phases = Rows >= 4 ? 1 : 2;
            __m512i sum[Rows][phases];
            set_offsets<Rows, phases>(sum, operands, group);
            const std::size_t first = group * operands.group_steps;
            const std::size_t last = std::min(first + operands.group_steps, operands.steps);
            for (std::size_t step = first; step < last; ++step)
            {
                const __m512i codes = _mm512_loadu_si512(operands.codes + step * int4_step_bytes);
                const __m512i mask = _mm512_set1_epi8(0xf);
                __m512i low = _mm512_and_si512(codes, mask);
                __m512i high = _mm512_and_si512(_mm512_srli_epi16(codes, 4), mask);
                __asm__("" : "+v"(low), "+v"(high)); // GCC would unpack them again for each row
                const std::byte* a = operands.a + step * int4_step_values;
                QUANTKIT_UNROLL(8)
                for (std::size_t row = 0; row < Rows; ++row)
                {
                    const std::byte* values = a + row * operands.a_stride;
                    __m512i(&s)[phases] = sum[row];
                    s[0] = _mm512_dpbusd_epi32(s[0], low, _mm512_set1_epi32(detail::group_at(values)));
                    s[phases - 1] = _mm512_dpbusd_epi32(s[phases - 1], high,
                                                        _mm512_set1_epi32(detail::group_at(values + group_bytes)));
                }
            }
            const __m512 scales = _mm512_loadu_ps(operands.scales + group * panel_columns);
            QUANTKIT_UNROLL(8)
            for (int row = 0; row < Rows; ++row)
            {
                const __m512i whole = phases == 1 ? sum[row][0] : _mm512_add_epi32(sum[row][0], sum[row][phases - 1]);
                const __m512 scale = _mm512_mul_ps(_mm512_set1_ps(operands.row_scales[row]), scales);
                total[row] = _mm512_add_ps(total[row], avx512_lanes::multiply(avx512_lanes::to_float(whole), scale));
            }
        }

        template <int Rows, int Phases>
        QUANTKIT_TARGET("avx512f,avx512bw,avx512vl,avx512dq,avx512vnni")
        QUANTKIT_INLINE
            static void set_offsets(__m512i (&sum)[Rows][Phases], const w4a8_operands& operands, std::size_t group)
        {
            QUANTKIT_UNROLL(8)
            for (std::size_t row = 0; row < Rows; ++row)
            {
                sum[row][Phases - 1] = _mm512_setzero_si512();
                sum[row][0] = _mm512_set1_epi32(operands.row_offsets[row * operands.groups + group]);
            }
            if (operands.zero_points == nullptr)
                return;
            const auto* of_columns = reinterpret_cast<const __m128i*>(operands.zero_points + group * panel_columns);
            const __m512i zero_points =
                _mm512_maskz_cvtepu8_epi32(avx512_lanes::all_lanes, _mm_loadu_si128(of_columns));
            QUANTKIT_UNROLL(8)
            for (auto& row : sum)
                row[0] = _mm512_mullo_epi32(row[0], zero_points);
        }
    };
}
#endif
