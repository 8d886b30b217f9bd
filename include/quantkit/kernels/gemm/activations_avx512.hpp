// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Activation functions on 16 lanes of AVX-512: activations_scalar.hpp line by line.
///
/// The formulas stand here once more because GCC and clang inline target-specific operations only into functions with
/// the same target, which cannot be a template parameter.
#pragma once

#include <quantkit/kernels/gemm/activations.hpp>
#include <quantkit/kernels/gemm/epilogue_avx512.hpp>

#if defined(QUANTKIT_X86)

#include <cstddef>

namespace quantkit::kernels::avx512_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 broadcast(float x) { return _mm512_set1_ps(x); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 add(__m512 a, __m512 b) { return _mm512_add_ps(a, b); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 subtract(__m512 a, __m512 b) { return _mm512_sub_ps(a, b); }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 multiply(__m512 a, __m512 b) { return product(a, b).v; }

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

    /// coefficients[0] + coefficients[1] x + ...
    template <std::size_t Count>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 polynomial(__m512 x, const float (&coefficients)[Count])
    {
        __m512 result = broadcast(coefficients[Count - 1]);
#pragma GCC unroll 8
        for (std::size_t i = 1; i < Count; ++i)
            result = add(multiply(result, x), broadcast(coefficients[Count - 1 - i]));
        return result;
    }

    /// exp(x) for x <= 0.
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 exp_of_negative(__m512 x)
    {
        const __m512 bounded = at_least(x, activation::lowest_exponent);
        const __m512 shifted = add(multiply(bounded, broadcast(activation::log2_e)), broadcast(activation::to_integer));
        const __m512 n = subtract(shifted, broadcast(activation::to_integer));
        const __m512 high = subtract(bounded, multiply(n, broadcast(activation::ln2_high)));
        const __m512 rest = subtract(high, multiply(n, broadcast(activation::ln2_low)));
        const __m512 curve = multiply(multiply(rest, rest), polynomial(rest, activation::exp_polynomial));
        return times_power_of_two(add(add(curve, rest), broadcast(1.0f)), shifted);
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 activated(apply_sigmoid, __m512 x)
    {
        const __m512 e = exp_of_negative(negative_magnitude(x)), one = broadcast(1.0f);
        return divide(if_below(x, 0.0f, e, one), add(one, e));
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 activated(apply_silu, __m512 x)
    {
        const __m512 bounded = at_least(x, activation::silu_lowest);
        return multiply(bounded, activated(apply_sigmoid {}, bounded));
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 activated(apply_gelu_tanh, __m512 x)
    {
        const __m512 bounded = at_least(x, activation::gelu_lowest);
        const __m512 slope = add(multiply(multiply(bounded, bounded), broadcast(activation::gelu_cubic)),
                                 broadcast(activation::gelu_linear));
        return multiply(bounded, activated(apply_sigmoid {}, multiply(bounded, slope)));
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 activated(apply_gelu, __m512 x)
    {
        const __m512 bounded = at_least(x, activation::gelu_lowest), one = broadcast(1.0f);
        const __m512 magnitude = negative_magnitude(bounded);
        const __m512 t = divide(one, subtract(one, multiply(magnitude, broadcast(activation::normal_slope))));
        const __m512 bell = exp_of_negative(multiply(multiply(magnitude, magnitude), broadcast(-0.5f)));
        const __m512 tail = multiply(multiply(t, polynomial(t, activation::normal_polynomial)), bell);
        return multiply(bounded, if_below(bounded, 0.0f, tail, subtract(one, tail)));
    }

    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE __m512 activated(apply_tanh, __m512 x)
    {
        const __m512 magnitude = negative_magnitude(x), square = multiply(x, x), one = broadcast(1.0f);
        const __m512 middle = multiply(x, add(multiply(square, polynomial(square, activation::tanh_polynomial)), one));
        const __m512 e = exp_of_negative(add(magnitude, magnitude));
        const __m512 end = divide(subtract(one, e), add(one, e));
        const __m512 signed_end = if_below(x, 0.0f, subtract(broadcast(0.0f), end), end);
        return if_below(magnitude, -activation::tanh_middle, signed_end, middle);
    }

    template <activation_stage Stage>
    struct bound_activation
    {
        QUANTKIT_TARGET("avx512f,avx512bw")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t) const
        {
            const __mmask16 nan = _mm512_cmp_ps_mask(x.v, x.v, _CMP_UNORD_Q);
            return { _mm512_mask_add_ps(activated(Stage {}, x.v), nan, x.v, x.v) };
        }
    };

    template <activation_stage Stage>
    QUANTKIT_TARGET("avx512f,avx512bw")
    QUANTKIT_INLINE bound_activation<Stage> bind(const Stage&, place)
    {
        return {};
    }
}
#endif
