// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The epilogue stages that rescale without floating point, on 8 lanes of AVX2.
#pragma once

#include <quantkit/core/fixed_point.hpp>
#include <quantkit/kernels/gemm/epilogue_avx2.hpp>

#if defined(QUANTKIT_X86)

namespace quantkit::kernels::avx2_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256i load_columns(const std::int32_t* columns, std::size_t step, place at)
    {
        return step == 0 ? _mm256_set1_epi32(*columns) : load_columns(columns + at.j);
    }

    /// Lanes 1, 3, ... as the low halves of 64 bits.
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256i odd(__m256i x) { return _mm256_srli_epi64(x, 32); }

    /// scaled_double_rounding(), its products in 64 bits: first of lanes 0, 2, ..., then of lanes 1, 3, ...
    struct bound_double_rounding
    {
        __m256i q31, left, right;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE s32 operator()(s32 x, std::size_t) const
        {
            return { divided_by_pot(doubling_high_product(shifted(x.v))) };
        }

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE __m256i shifted(__m256i x) const
        {
            const __m256i result = _mm256_sllv_epi32(x, left);
            const __m256i fits = _mm256_cmpeq_epi32(_mm256_srav_epi32(result, left), x);
            const __m256i limit = _mm256_xor_si256(_mm256_srai_epi32(x, 31), _mm256_set1_epi32(0x7fffffff));
            return _mm256_blendv_epi8(limit, result, fits);
        }

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE __m256i doubling_high_product(__m256i x) const
        {
            const __m256i half = _mm256_set1_epi64x(std::int64_t { 1 } << 30);
            const __m256i even_sum = _mm256_add_epi64(_mm256_mul_epi32(x, q31), half);
            const __m256i odd_sum = _mm256_add_epi64(_mm256_mul_epi32(odd(x), odd(q31)), half);
            return _mm256_blend_epi32(_mm256_srli_epi64(even_sum, 31), _mm256_slli_epi64(odd_sum, 1), 0b10101010);
        }

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE __m256i divided_by_pot(__m256i x) const
        {
            const __m256i one = _mm256_set1_epi32(1);
            const __m256i mask = _mm256_sub_epi32(_mm256_sllv_epi32(one, right), one);
            const __m256i threshold = _mm256_sub_epi32(_mm256_srli_epi32(mask, 1), _mm256_srai_epi32(x, 31));
            const __m256i up = _mm256_cmpgt_epi32(_mm256_and_si256(x, mask), threshold);
            return _mm256_sub_epi32(_mm256_srav_epi32(x, right), up);
        }
    };

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_double_rounding bind(const rescale_fixed_point<double_rounding>& stage, place at)
    {
        const __m256i shift = load_columns(stage.shift, stage.column_step, at), zero = _mm256_setzero_si256();
        return { load_columns(stage.q31, stage.column_step, at), _mm256_max_epi32(shift, zero),
                 _mm256_max_epi32(_mm256_sub_epi32(zero, shift), zero) };
    }

    /// scaled_single_rounding() in 64 bits: lanes 0, 2, ..., then lanes 1, 3, ...
    struct bound_single_rounding
    {
        __m256i q31, even_count, odd_count; ///< count = 31 - shift, 64 bits each

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE s32 operator()(s32 x, std::size_t) const
        {
            const __m256i even_result = rounded(_mm256_mul_epi32(x.v, q31), even_count);
            const __m256i odd_result = rounded(_mm256_mul_epi32(odd(x.v), odd(q31)), odd_count);
            return { _mm256_blend_epi32(even_result, _mm256_slli_epi64(odd_result, 32), 0b10101010) };
        }

        /// (x + 2^(count - 1)) >> count, saturated. AVX2 shifts 64 bits only without sign: 2^63 more, and less again.
        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE static __m256i rounded(__m256i x, __m256i count)
        {
            const __m256i one = _mm256_set1_epi64x(1), top = _mm256_slli_epi64(one, 63);
            const __m256i half = _mm256_sllv_epi64(one, _mm256_sub_epi64(count, one));
            const __m256i raised = _mm256_xor_si256(_mm256_add_epi64(x, half), top);
            const __m256i result = _mm256_sub_epi64(_mm256_srlv_epi64(raised, count), _mm256_srlv_epi64(top, count));
            const __m256i high = _mm256_set1_epi64x(0x7fffffff), lowest = _mm256_set1_epi64x(-0x80000000LL);
            const __m256i lowered = _mm256_blendv_epi8(result, high, _mm256_cmpgt_epi64(result, high));
            return _mm256_blendv_epi8(lowered, lowest, _mm256_cmpgt_epi64(lowest, lowered));
        }
    };

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_single_rounding bind(const rescale_fixed_point<single_rounding>& stage, place at)
    {
        const __m256i shift = load_columns(stage.shift, stage.column_step, at);
        const __m256i count = _mm256_sub_epi32(_mm256_set1_epi32(31), shift);
        return { load_columns(stage.q31, stage.column_step, at),
                 _mm256_and_si256(count, _mm256_set1_epi64x(0xffffffff)), odd(count) };
    }

    struct bound_clamp_to_codes
    {
        __m256i low, high, zero_point;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE s32 operator()(s32 x, std::size_t) const
        {
            return { _mm256_add_epi32(_mm256_min_epi32(_mm256_max_epi32(x.v, low), high), zero_point) };
        }
    };

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_clamp_to_codes bind(const clamp_to_codes& stage, place)
    {
        return { _mm256_set1_epi32(stage.bounds.quant_min - stage.zero_point),
                 _mm256_set1_epi32(stage.bounds.quant_max - stage.zero_point), _mm256_set1_epi32(stage.zero_point) };
    }
}
#endif
