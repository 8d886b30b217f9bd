// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Activation functions on 16 lanes of AVX-512: the operations of activations.inl.
#pragma once

#include <quantkit/kernels/gemm/activations.hpp>
#include <quantkit/kernels/gemm/epilogue_avx512.hpp>

#if defined(QUANTKIT_X86)

#include <cstddef>

namespace quantkit::kernels::avx512_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 divide(__m512 a, __m512 b) { return _mm512_div_ps(a, b); }

    /// x where it is NaN.
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 at_least(__m512 x, float low) { return max(broadcast(low), x); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 if_below(__m512 x, float limit, __m512 below, __m512 otherwise)
    {
        return _mm512_mask_mov_ps(otherwise, _mm512_cmp_ps_mask(x, broadcast(limit), _CMP_LT_OQ), below);
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 if_nan(__m512 x, __m512 where_nan, __m512 otherwise)
    {
        return _mm512_mask_mov_ps(otherwise, _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q), where_nan);
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 negative_magnitude(__m512 x)
    {
        return _mm512_castsi512_ps(_mm512_or_si512(_mm512_castps_si512(x), _mm512_castps_si512(broadcast(-0.0f))));
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 power_of_two(__m512i exponent)
    {
        return _mm512_castsi512_ps(
            _mm512_maskz_slli_epi32(all_lanes, _mm512_add_epi32(exponent, _mm512_set1_epi32(127)), 23));
    }

    /// x * 2^n, |n| < 252, for shifted = n + activation::to_integer: in two steps, so that only the last one rounds.
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 times_power_of_two(__m512 x, __m512 shifted)
    {
        const __m512i n =
            _mm512_sub_epi32(_mm512_castps_si512(shifted), _mm512_castps_si512(broadcast(activation::to_integer)));
        const __m512i first = _mm512_maskz_srai_epi32(all_lanes, n, 1);
        return multiply(multiply(x, power_of_two(first)), power_of_two(_mm512_sub_epi32(n, first)));
    }

#define QUANTKIT_LANES QUANTKIT_TARGET("avx512f,avx512bw") QUANTKIT_INLINE
#include <quantkit/kernels/gemm/activations.inl>
#undef QUANTKIT_LANES
}

namespace quantkit::kernels::avx512_pairs::inline QUANTKIT_FLAGS_NAMESPACE
{
    namespace lanes = avx512_lanes;

    /// Two registers that take each operation together.
    struct reals
    {
        __m512 first, second;
    };

#define QUANTKIT_LANES QUANTKIT_TARGET("avx512f,avx512bw") QUANTKIT_INLINE
    QUANTKIT_LANES reals broadcast(float x) { return { lanes::broadcast(x), lanes::broadcast(x) }; }

    QUANTKIT_LANES reals add(reals a, reals b)
    {
        return { lanes::add(a.first, b.first), lanes::add(a.second, b.second) };
    }

    QUANTKIT_LANES reals subtract(reals a, reals b)
    {
        return { lanes::subtract(a.first, b.first), lanes::subtract(a.second, b.second) };
    }

    QUANTKIT_LANES reals multiply(reals a, reals b)
    {
        return { lanes::multiply(a.first, b.first), lanes::multiply(a.second, b.second) };
    }

    QUANTKIT_LANES reals divide(reals a, reals b)
    {
        return { lanes::divide(a.first, b.first), lanes::divide(a.second, b.second) };
    }

    QUANTKIT_LANES reals at_least(reals x, float low)
    {
        return { lanes::at_least(x.first, low), lanes::at_least(x.second, low) };
    }

    QUANTKIT_LANES reals if_below(reals x, float limit, reals below, reals otherwise)
    {
        return { lanes::if_below(x.first, limit, below.first, otherwise.first),
                 lanes::if_below(x.second, limit, below.second, otherwise.second) };
    }

    QUANTKIT_LANES reals if_nan(reals x, reals where_nan, reals otherwise)
    {
        return { lanes::if_nan(x.first, where_nan.first, otherwise.first),
                 lanes::if_nan(x.second, where_nan.second, otherwise.second) };
    }

    QUANTKIT_LANES reals negative_magnitude(reals x)
    {
        return { lanes::negative_magnitude(x.first), lanes::negative_magnitude(x.second) };
    }

    QUANTKIT_LANES reals times_power_of_two(reals x, reals shifted)
    {
        return { lanes::times_power_of_two(x.first, shifted.first),
                 lanes::times_power_of_two(x.second, shifted.second) };
    }

#include <quantkit/kernels/gemm/activations.inl>
#undef QUANTKIT_LANES
}

namespace quantkit::kernels::avx512_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    template <activation_stage Stage>
    struct bound_activation
    {
        [[no_unique_address]] Stage stage;

        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t) const { return { applied(stage, x.v) }; }

        /// Step by step on both.
        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE void run_both(f32& x, f32& next) const
        {
            const avx512_pairs::reals y = avx512_pairs::applied(stage, { x.v, next.v });
            x.v = y.first;
            next.v = y.second;
        }
    };

    template <activation_stage Stage>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_activation<Stage> bind(const Stage& stage, place)
    {
        return { stage };
    }
}
#endif
