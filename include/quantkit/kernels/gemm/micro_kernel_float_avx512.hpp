// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Products in float with AVX-512. Main tile 12 x 32: 24 accumulators, 2 registers of B, A from memory: 26 of 32.
#pragma once

#include <quantkit/kernels/gemm/avx512_operations.hpp>
#include <quantkit/kernels/gemm/micro_kernel_float.hpp>

#include <utility>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

namespace quantkit::kernels
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// One group step, 16 columns: as it is loaded, and value i of its groups as floats.
        template <operand_format Format>
        struct avx512_weights
        {
            /// Floats' bits where one value makes the group.
            QUANTKIT_TARGET("avx512f,avx512bw,fma") static QUANTKIT_INLINE __m512i load(const std::byte* from)
            {
                constexpr __mmask16 all = avx512_lanes::all_lanes;
                const auto* half_register = reinterpret_cast<const __m256i*>(from);
                if constexpr (Format == operand_format::f32_f32 || Format == operand_format::f32_u4)
                    return _mm512_loadu_si512(from);
                else if constexpr (Format == operand_format::f32_f16)
                    return _mm512_castps_si512(_mm512_maskz_cvtph_ps(all, _mm256_loadu_si256(half_register)));
                else if constexpr (Format == operand_format::f32_bf16)
                    return _mm512_maskz_slli_epi32(
                        all, _mm512_maskz_cvtepu16_epi32(all, _mm256_loadu_si256(half_register)), 16);
                else
                {
                    const __m128i codes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
                    return _mm512_castps_si512(avx512_lanes::to_float(_mm512_maskz_cvtepi8_epi32(all, codes)));
                }
            }

            QUANTKIT_TARGET("avx512f,avx512bw,fma") static QUANTKIT_INLINE __m512 value(__m512i words, int i)
            {
                if constexpr (Format != operand_format::f32_u4)
                    return _mm512_castsi512_ps(words);
                else
                    return avx512_lanes::to_float(i == 7 ? _mm512_maskz_srli_epi32(avx512_lanes::all_lanes, words, 28)
                                                         : _mm512_and_si512(words, _mm512_set1_epi32(0xf << (4 * i))));
            }
        };
    }
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    template <operand_format Format>
    struct avx512_float_tiles
    {
        static constexpr isa_level level = isa_level::avx512bw;
        static constexpr operand_format format = Format;
        static constexpr lane_family lanes = lane_family::avx512;
        static constexpr bool direct_output = false;
        static constexpr std::size_t main_panels = 2;
        static constexpr int max_rows[3] = { 12, 12, 4 };
        static constexpr int grouped_rows = float_grouped_rows<Format>;

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx512f,avx512bw,fma")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            auto* out = reinterpret_cast<float*>(c);
            if constexpr (Rows <= grouped_rows)
                if (operands.grouped != nullptr)
                    return grouped_tile<Rows, Panels>(operands, *operands.grouped, out, ldc);
            __m512 sum[Rows][Panels];
            detail::strip_rows<Rows, group_bytes_of_a(Format)> a { operands };
            const std::byte* b = operands.b;
            sum_steps(a, b, operands.groups, operands.panel_stride, sum);
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    _mm512_storeu_ps(out + offset_of(row, panel, ldc), sum[row][panel]);
            }
        }

    private:
        /// How far ahead weights are asked for: 32 steps in FP32, about as long as L3 takes to answer. The processor
        /// itself looks ahead within a page only.
        static constexpr std::size_t prefetch_bytes = 2048;

        QUANTKIT_INLINE static std::size_t offset_of(int row, int panel, std::size_t ldc)
        {
            return static_cast<std::size_t>(row) * ldc + static_cast<std::size_t>(panel) * panel_columns;
        }

        /// Totals stay in c: with the sums of a group they would be more than the registers hold.
        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx512f,avx512bw,fma")
        static QUANTKIT_INLINE
            void grouped_tile(const tile_operands& operands, const scaled_groups& groups, float* c, std::size_t ldc)
        {
            for (int row = 0; row < Rows; ++row)
                for (int panel = 0; panel < Panels; ++panel)
                    _mm512_storeu_ps(c + offset_of(row, panel, ldc), _mm512_setzero_ps());
            detail::strip_rows<Rows, group_bytes_of_a(Format)> a { operands };
            const std::byte* b = operands.b;
            for (std::size_t step = 0, group = 0; step < operands.groups; step += groups.steps, ++group)
            {
                const std::size_t left = operands.groups - step;
                __m512 sum[Rows][Panels];
                sum_steps(a, b, groups.steps < left ? groups.steps : left, operands.panel_stride, sum);
                add_group(groups, group, sum, c, ldc);
            }
        }

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx512f,avx512bw,fma")
        static QUANTKIT_INLINE void add_group(const scaled_groups& groups, std::size_t group,
                                              const __m512 (&sum)[Rows][Panels], float* c, std::size_t ldc)
        {
            using namespace avx512_lanes;
            QUANTKIT_UNROLL(4)
            for (int panel = 0; panel < Panels; ++panel)
            {
                const auto at_panel = static_cast<std::size_t>(panel);
                const reals scales = load_columns(groups.scales.at(at_panel, group));
                QUANTKIT_UNROLL(4)
                for (int row = 0; row < Rows; ++row)
                {
                    reals centered = sum[row][panel];
                    if (!groups.zero_points.empty())
                    {
                        const float* row_sums =
                            groups.row_sums + static_cast<std::size_t>(row) * groups.row_sums_stride;
                        const reals zero_points = load_columns(groups.zero_points.at(at_panel, group));
                        centered = subtract(centered, multiply(broadcast(row_sums[group]), zero_points));
                    }
                    float* const at = c + offset_of(row, panel, ldc);
                    _mm512_storeu_ps(at, add(multiply(centered, scales), load_columns(at)));
                }
            }
        }

        /// Moves a and b behind these steps.
        template <int Rows, int Panels, class Strip>
        QUANTKIT_TARGET("avx512f,avx512bw,fma")
        static QUANTKIT_INLINE void sum_steps(Strip& a, const std::byte*& b, std::size_t steps,
                                              std::size_t panel_stride, __m512 (&sum)[Rows][Panels])
        {
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    sum[row][panel] = _mm512_setzero_ps();
            }
            for (; steps > 0; --steps)
            {
                step(a, b, panel_stride, sum);
                a.advance();
                b += panel_columns * group_bytes_of_b(Format);
            }
        }

        template <int Rows, int Panels, class Strip>
        QUANTKIT_TARGET("avx512f,avx512bw,fma")
        static QUANTKIT_INLINE
            void step(const Strip& a, const std::byte* b, std::size_t panel_stride, __m512 (&sum)[Rows][Panels])
        {
            __m512i words[Panels];
            QUANTKIT_UNROLL(4)
            for (int panel = 0; panel < Panels; ++panel)
            {
                const std::byte* const weights = b + static_cast<std::size_t>(panel) * panel_stride;
                words[panel] = detail::avx512_weights<Format>::load(weights);
                if constexpr (Rows > 4) // few rows take weights as fast as they come
                    _mm_prefetch(weights + prefetch_bytes, _MM_HINT_T0);
            }
            add_all_products(a, words, sum, std::make_integer_sequence<int, int { group_values(Format) }> {});
        }

        template <int Rows, int Panels, class Strip, int... I>
        QUANTKIT_TARGET("avx512f,avx512bw,fma")
        static QUANTKIT_INLINE void add_all_products(const Strip& a, const __m512i (&words)[Panels],
                                                     __m512 (&sum)[Rows][Panels], std::integer_sequence<int, I...>)
        {
            (add_products(a, words, I, sum), ...);
        }

        template <int Rows, int Panels, class Strip>
        QUANTKIT_TARGET("avx512f,avx512bw,fma")
        static QUANTKIT_INLINE
            void add_products(const Strip& a, const __m512i (&words)[Panels], int i, __m512 (&sum)[Rows][Panels])
        {
            __m512 column[Panels];
            QUANTKIT_UNROLL(4)
            for (int panel = 0; panel < Panels; ++panel)
            {
                column[panel] = detail::avx512_weights<Format>::value(words[panel], i);
                __asm__("" : "+v"(column[panel])); // GCC would widen it again for each row
            }
            QUANTKIT_UNROLL(12)
            for (int row = 0; row < Rows; ++row)
            {
                const __m512 x = _mm512_set1_ps(reinterpret_cast<const float*>(a.at(row))[i]);
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    sum[row][panel] = _mm512_fmadd_ps(x, column[panel], sum[row][panel]);
            }
        }
    };
}
#endif
