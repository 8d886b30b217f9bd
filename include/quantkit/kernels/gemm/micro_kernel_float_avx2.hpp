// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Products in float with AVX2, FMA and F16C. Main tile 6 x 16: 12 accumulators, 2 registers of B, 1 of A: 15 of 16.
#pragma once

#include <quantkit/kernels/gemm/avx2_operations.hpp>
#include <quantkit/kernels/gemm/micro_kernel_float.hpp>

#include <utility>

#if defined(QUANTKIT_X86)
#include <immintrin.h>

namespace quantkit::kernels
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// Half a group step, 8 columns, as it is loaded; and value i of its groups as floats.
        ///
        /// f32_f32, f32_f16, f32_s8: one value to the group, widened at once.
        template <operand_format Format>
        struct avx2_weights
        {
            __m256 columns;

            QUANTKIT_TARGET("avx2,fma,f16c")
            QUANTKIT_INLINE avx2_weights(const std::byte* step, int half)
                : columns(load(step + half * int { 8 * group_bytes_of_b(Format) }))
            {
            }

            QUANTKIT_TARGET("avx2,fma,f16c") QUANTKIT_INLINE __m256 value(int) const { return columns; }

        private:
            QUANTKIT_TARGET("avx2,fma,f16c") static QUANTKIT_INLINE __m256 load(const std::byte* from)
            {
                const auto* half_register = reinterpret_cast<const __m128i*>(from);
                if constexpr (Format == operand_format::f32_f32)
                    return _mm256_loadu_ps(reinterpret_cast<const float*>(from));
                else if constexpr (Format == operand_format::f32_f16)
                    return _mm256_cvtph_ps(_mm_loadu_si128(half_register));
                else
                    return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64(half_register)));
            }
        };

        /// The columns of even number, then those of odd number: a shift and a mask widen them where they stand.
        template <>
        struct avx2_weights<operand_format::f32_bf16>
        {
            __m256 columns;

            QUANTKIT_TARGET("avx2,fma,f16c")
            QUANTKIT_INLINE avx2_weights(const std::byte* step, int half)
            {
                const __m256i both = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(step));
                columns = _mm256_castsi256_ps(half == 0 ? _mm256_slli_epi32(both, 16)
                                                        : _mm256_and_si256(both, _mm256_set1_epi32(-0x10000)));
            }

            QUANTKIT_TARGET("avx2,fma,f16c") QUANTKIT_INLINE __m256 value(int) const { return columns; }
        };

        /// Sums of 16 columns as avx2_weights has them, to columns 0 .. 7 and 8 .. 15.
        template <operand_format Format>
        QUANTKIT_TARGET("avx2,fma,f16c")
        QUANTKIT_INLINE void store_columns(float* to, __m256 first, __m256 second)
        {
            if constexpr (Format == operand_format::f32_bf16)
            {
                const __m256 low = _mm256_unpacklo_ps(first, second), high = _mm256_unpackhi_ps(first, second);
                first = _mm256_permute2f128_ps(low, high, 0x20);
                second = _mm256_permute2f128_ps(low, high, 0x31);
            }
            _mm256_storeu_ps(to, first);
            _mm256_storeu_ps(to + 8, second);
        }

        /// Eight codes to the word of a column.
        template <>
        struct avx2_weights<operand_format::f32_u4>
        {
            __m256i words;

            QUANTKIT_TARGET("avx2,fma,f16c")
            QUANTKIT_INLINE avx2_weights(const std::byte* step, int half)
                : words(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(step) + half))
            {
            }

            QUANTKIT_TARGET("avx2,fma,f16c") QUANTKIT_INLINE __m256 value(int i) const
            {
                return _mm256_cvtepi32_ps(i == 7 ? _mm256_srli_epi32(words, 28)
                                                 : _mm256_and_si256(words, _mm256_set1_epi32(0xf << (4 * i))));
            }
        };
    }
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    template <operand_format Format>
    struct avx2_float_tiles
    {
        static constexpr isa_level level = isa_level::avx2;
        static constexpr operand_format format = Format;
        static constexpr lane_family lanes = lane_family::avx2;
        static constexpr bool direct_output = false;
        static constexpr std::size_t main_panels = 1;
        static constexpr int max_rows[3] = { 6, 3, 1 };
        static constexpr int grouped_rows = float_grouped_rows<Format>;

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx2,fma,f16c")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            auto* out = reinterpret_cast<float*>(c);
            if constexpr (Rows <= grouped_rows)
                if (operands.grouped != nullptr)
                    return grouped_tile<Rows, Panels>(operands, *operands.grouped, out, ldc);
            __m256 sum[Rows][Panels][2];
            detail::strip_rows<Rows, group_bytes_of_a(Format)> a { operands };
            const std::byte* b = operands.b;
            sum_steps<Rows>(a, b, operands.groups, operands.panel_stride, sum);
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    detail::store_columns<Format>(out + offset_of(row, panel, 0, ldc), sum[row][panel][0],
                                                  sum[row][panel][1]);
            }
        }

    private:
        using weights = detail::avx2_weights<Format>;

        QUANTKIT_INLINE static std::size_t offset_of(int row, int panel, int half, std::size_t ldc)
        {
            return static_cast<std::size_t>(row) * ldc + static_cast<std::size_t>(panel) * panel_columns
                   + static_cast<std::size_t>(half) * 8;
        }

        /// Totals stay in c: with the sums of a group they would be more than the registers hold.
        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx2,fma,f16c")
        static QUANTKIT_INLINE
            void grouped_tile(const tile_operands& operands, const scaled_groups& groups, float* c, std::size_t ldc)
        {
            for (std::size_t row = 0; row < Rows; ++row)
                for (std::size_t column = 0; column < Panels * panel_columns; column += 8)
                    _mm256_storeu_ps(c + row * ldc + column, _mm256_setzero_ps());
            detail::strip_rows<Rows, group_bytes_of_a(Format)> a { operands };
            const std::byte* b = operands.b;
            for (std::size_t step = 0, group = 0; step < operands.groups; step += groups.steps, ++group)
            {
                const std::size_t left = operands.groups - step;
                __m256 sum[Rows][Panels][2];
                sum_steps<Rows>(a, b, groups.steps < left ? groups.steps : left, operands.panel_stride, sum);
                add_group<Rows>(groups, group, sum, c, ldc);
            }
        }

        template <int Rows, int Panels>
        QUANTKIT_TARGET("avx2,fma,f16c")
        static QUANTKIT_INLINE void add_group(const scaled_groups& groups, std::size_t group,
                                              const __m256 (&sum)[Rows][Panels][2], float* c, std::size_t ldc)
        {
            using namespace avx2_lanes;
            QUANTKIT_UNROLL(4)
            for (int panel = 0; panel < Panels; ++panel)
            {
                QUANTKIT_UNROLL(2)
                for (int half = 0; half < 2; ++half)
                {
                    const auto at_panel = static_cast<std::size_t>(panel);
                    const reals scales = load_columns(groups.scales.at(at_panel, group) + half * 8);
                    QUANTKIT_UNROLL(4)
                    for (int row = 0; row < Rows; ++row)
                    {
                        reals centered = sum[row][panel][half];
                        if (!groups.zero_points.empty())
                        {
                            const float* row_sums =
                                groups.row_sums + static_cast<std::size_t>(row) * groups.row_sums_stride;
                            const reals zero_points = load_columns(groups.zero_points.at(at_panel, group) + half * 8);
                            centered = subtract(centered, multiply(broadcast(row_sums[group]), zero_points));
                        }
                        float* const at = c + offset_of(row, panel, half, ldc);
                        _mm256_storeu_ps(at, add(multiply(centered, scales), load_columns(at)));
                    }
                }
            }
        }

        /// Moves a and b behind these steps.
        template <int Rows, int Panels, class Strip>
        QUANTKIT_TARGET("avx2,fma,f16c")
        static QUANTKIT_INLINE void sum_steps(Strip& a, const std::byte*& b, std::size_t steps,
                                              std::size_t panel_stride, __m256 (&sum)[Rows][Panels][2])
        {
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    sum[row][panel][0] = sum[row][panel][1] = _mm256_setzero_ps();
            }
            for (; steps > 0; --steps)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    step<Rows>(a, b + static_cast<std::size_t>(panel) * panel_stride, panel, sum);
                a.advance();
                b += panel_columns * group_bytes_of_b(Format);
            }
        }

        template <int Rows, int Panels, class Strip>
        QUANTKIT_TARGET("avx2,fma,f16c")
        static QUANTKIT_INLINE void step(const Strip& a, const std::byte* b, int panel, __m256 (&sum)[Rows][Panels][2])
        {
            add_all_products<Rows>(a, weights(b, 0), weights(b, 1), panel, sum,
                                   std::make_integer_sequence<int, int { group_values(Format) }> {});
        }

        template <int Rows, int Panels, class Strip, int... I>
        QUANTKIT_TARGET("avx2,fma,f16c")
        static QUANTKIT_INLINE
            void add_all_products(const Strip& a, const weights& left, const weights& right, int panel,
                                  __m256 (&sum)[Rows][Panels][2], std::integer_sequence<int, I...>)
        {
            (add_products<Rows>(a, left.value(I), right.value(I), I, panel, sum), ...);
        }

        template <int Rows, int Panels, class Strip>
        QUANTKIT_TARGET("avx2,fma,f16c")
        static QUANTKIT_INLINE void add_products(const Strip& a, __m256 left, __m256 right, int i, int panel,
                                                 __m256 (&sum)[Rows][Panels][2])
        {
            __asm__("" : "+x"(left), "+x"(right)); // GCC would widen them again for each row
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                const __m256 x = _mm256_broadcast_ss(reinterpret_cast<const float*>(a.at(row)) + i);
                sum[row][panel][0] = _mm256_fmadd_ps(x, left, sum[row][panel][0]);
                sum[row][panel][1] = _mm256_fmadd_ps(x, right, sum[row][panel][1]);
            }
        }
    };
}
#endif
