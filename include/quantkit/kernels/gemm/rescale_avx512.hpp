// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The epilogue stages that rescale without floating point, on 16 lanes of AVX-512.
#pragma once

#include <quantkit/core/fixed_point.hpp>
#include <quantkit/kernels/gemm/epilogue_avx512.hpp>

#if defined(QUANTKIT_X86)

namespace quantkit::kernels::avx512_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline constexpr __mmask8 all_pairs = 0xff;
    inline constexpr __mmask16 odd_lanes = 0xaaaa;

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512i load_columns(const std::int32_t* columns, std::size_t step, place at)
    {
        return step == 0 ? _mm512_set1_epi32(*columns) : _mm512_loadu_si512(columns + at.j);
    }

    /// Lanes 1, 3, ... as the low halves of 64 bits.
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512i odd(__m512i x) { return _mm512_maskz_srli_epi64(all_pairs, x, 32); }

    /// scaled_double_rounding(), its products in 64 bits: first of lanes 0, 2, ..., then of lanes 1, 3, ...
    struct bound_double_rounding
    {
        __m512i q31, left, right;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE s32 operator()(s32 x, std::size_t) const
        {
            return { divided_by_pot(doubling_high_product(shifted(x.v))) };
        }

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE __m512i shifted(__m512i x) const
        {
            const __m512i result = _mm512_maskz_sllv_epi32(all_lanes, x, left);
            const __mmask16 fits = _mm512_cmpeq_epi32_mask(_mm512_maskz_srav_epi32(all_lanes, result, left), x);
            const __m512i limit =
                _mm512_xor_si512(_mm512_maskz_srai_epi32(all_lanes, x, 31), _mm512_set1_epi32(0x7fffffff));
            return _mm512_mask_mov_epi32(limit, fits, result);
        }

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE __m512i doubling_high_product(__m512i x) const
        {
            const __m512i half = _mm512_set1_epi64(std::int64_t { 1 } << 30);
            const __m512i even_sum = _mm512_add_epi64(_mm512_maskz_mul_epi32(all_pairs, x, q31), half);
            const __m512i odd_sum = _mm512_add_epi64(_mm512_maskz_mul_epi32(all_pairs, odd(x), odd(q31)), half);
            return _mm512_mask_mov_epi32(_mm512_maskz_srli_epi64(all_pairs, even_sum, 31), odd_lanes,
                                         _mm512_maskz_slli_epi64(all_pairs, odd_sum, 1));
        }

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE __m512i divided_by_pot(__m512i x) const
        {
            const __m512i one = _mm512_set1_epi32(1);
            const __m512i mask = _mm512_sub_epi32(_mm512_maskz_sllv_epi32(all_lanes, one, right), one);
            const __m512i threshold = _mm512_sub_epi32(_mm512_maskz_srli_epi32(all_lanes, mask, 1),
                                                       _mm512_maskz_srai_epi32(all_lanes, x, 31));
            const __mmask16 up = _mm512_cmpgt_epi32_mask(_mm512_and_si512(x, mask), threshold);
            const __m512i down = _mm512_maskz_srav_epi32(all_lanes, x, right);
            return _mm512_mask_add_epi32(down, up, down, one);
        }
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_double_rounding bind(const rescale_fixed_point<double_rounding>& stage, place at)
    {
        const __m512i shift = load_columns(stage.shift, stage.column_step, at), zero = _mm512_setzero_si512();
        return { load_columns(stage.q31, stage.column_step, at), _mm512_maskz_max_epi32(all_lanes, shift, zero),
                 _mm512_maskz_max_epi32(all_lanes, _mm512_sub_epi32(zero, shift), zero) };
    }

    /// scaled_single_rounding() in 64 bits: lanes 0, 2, ..., then lanes 1, 3, ...
    struct bound_single_rounding
    {
        __m512i q31, even_count, odd_count; ///< count = 31 - shift, 64 bits each

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE s32 operator()(s32 x, std::size_t) const
        {
            const __m512i even_result = rounded(_mm512_maskz_mul_epi32(all_pairs, x.v, q31), even_count);
            const __m512i odd_result = rounded(_mm512_maskz_mul_epi32(all_pairs, odd(x.v), odd(q31)), odd_count);
            return { _mm512_mask_mov_epi32(even_result, odd_lanes,
                                           _mm512_maskz_slli_epi64(all_pairs, odd_result, 32)) };
        }

        /// (x + 2^(count - 1)) >> count, saturated.
        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE static __m512i rounded(__m512i x, __m512i count)
        {
            const __m512i one = _mm512_set1_epi64(1);
            const __m512i half = _mm512_maskz_sllv_epi64(all_pairs, one, _mm512_sub_epi64(count, one));
            const __m512i result = _mm512_maskz_srav_epi64(all_pairs, _mm512_add_epi64(x, half), count);
            const __m512i raised = _mm512_maskz_max_epi64(all_pairs, result, _mm512_set1_epi64(-0x80000000LL));
            return _mm512_maskz_min_epi64(all_pairs, raised, _mm512_set1_epi64(0x7fffffff));
        }
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_single_rounding bind(const rescale_fixed_point<single_rounding>& stage, place at)
    {
        const __m512i shift = load_columns(stage.shift, stage.column_step, at);
        const __m512i count = _mm512_sub_epi32(_mm512_set1_epi32(31), shift);
        return { load_columns(stage.q31, stage.column_step, at), _mm512_and_si512(count, _mm512_set1_epi64(0xffffffff)),
                 odd(count) };
    }

    struct bound_clamp_to_codes
    {
        __m512i low, high, zero_point;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE s32 operator()(s32 x, std::size_t) const
        {
            const __m512i raised = _mm512_maskz_max_epi32(all_lanes, x.v, low);
            return { _mm512_add_epi32(_mm512_maskz_min_epi32(all_lanes, raised, high), zero_point) };
        }
    };

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_clamp_to_codes bind(const clamp_to_codes& stage, place)
    {
        return { _mm512_set1_epi32(stage.bounds.quant_min - stage.zero_point),
                 _mm512_set1_epi32(stage.bounds.quant_max - stage.zero_point), _mm512_set1_epi32(stage.zero_point) };
    }
}
#endif
