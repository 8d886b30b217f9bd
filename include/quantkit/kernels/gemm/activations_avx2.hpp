// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Activation functions on 8 lanes of AVX2: the operations of activations.inl.
#pragma once

#include <quantkit/kernels/gemm/activations.hpp>
#include <quantkit/kernels/gemm/epilogue_avx2.hpp>

#if defined(QUANTKIT_X86)

#include <cstddef>

namespace quantkit::kernels::avx2_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 divide(__m256 a, __m256 b) { return _mm256_div_ps(a, b); }

    /// x where it is NaN.
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 at_least(__m256 x, float low) { return _mm256_max_ps(broadcast(low), x); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 if_below(__m256 x, float limit, __m256 below, __m256 otherwise)
    {
        return _mm256_blendv_ps(otherwise, below, _mm256_cmp_ps(x, broadcast(limit), _CMP_LT_OQ));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 if_nan(__m256 x, __m256 where_nan, __m256 otherwise)
    {
        return _mm256_blendv_ps(otherwise, where_nan, _mm256_cmp_ps(x, x, _CMP_UNORD_Q));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 negative_magnitude(__m256 x) { return _mm256_or_ps(x, broadcast(-0.0f)); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 power_of_two(__m256i exponent)
    {
        return _mm256_castsi256_ps(_mm256_slli_epi32(_mm256_add_epi32(exponent, _mm256_set1_epi32(127)), 23));
    }

    /// x * 2^n, |n| < 252, for shifted = n + activation::to_integer: in two steps, so that only the last one rounds.
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 times_power_of_two(__m256 x, __m256 shifted)
    {
        const __m256i n =
            _mm256_sub_epi32(_mm256_castps_si256(shifted), _mm256_castps_si256(broadcast(activation::to_integer)));
        const __m256i first = _mm256_srai_epi32(n, 1);
        return multiply(multiply(x, power_of_two(first)), power_of_two(_mm256_sub_epi32(n, first)));
    }

#define QUANTKIT_LANES QUANTKIT_TARGET("avx2") QUANTKIT_INLINE
#include <quantkit/kernels/gemm/activations.inl>
#undef QUANTKIT_LANES

    template <activation_stage Stage>
    struct bound_activation
    {
        [[no_unique_address]] Stage stage;

        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t) const { return { applied(stage, x.v) }; }
    };

    template <activation_stage Stage>
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_activation<Stage> bind(const Stage& stage, place)
    {
        return { stage };
    }
}
#endif
