// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Activation functions on 8 lanes of AVX2: activations_scalar.hpp line by line.
///
/// The formulas stand here once more because GCC and clang inline target-specific operations only into functions with
/// the same target, which cannot be a template parameter.
#pragma once

#include <quantkit/kernels/gemm/activations.hpp>
#include <quantkit/kernels/gemm/epilogue_avx2.hpp>

#if defined(QUANTKIT_X86)

#include <cstddef>

namespace quantkit::kernels::avx2_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 broadcast(float x) { return _mm256_set1_ps(x); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 add(__m256 a, __m256 b) { return _mm256_add_ps(a, b); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 subtract(__m256 a, __m256 b) { return _mm256_sub_ps(a, b); }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 multiply(__m256 a, __m256 b) { return product(a, b).v; }

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

    /// coefficients[0] + coefficients[1] x + ...
    template <std::size_t Count>
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 polynomial(__m256 x, const float (&coefficients)[Count])
    {
        __m256 result = broadcast(coefficients[Count - 1]);
#pragma GCC unroll 8
        for (std::size_t i = 1; i < Count; ++i)
            result = add(multiply(result, x), broadcast(coefficients[Count - 1 - i]));
        return result;
    }

    /// exp(x) for x <= 0.
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 exp_of_negative(__m256 x)
    {
        const __m256 bounded = at_least(x, activation::lowest_exponent);
        const __m256 shifted = add(multiply(bounded, broadcast(activation::log2_e)), broadcast(activation::to_integer));
        const __m256 n = subtract(shifted, broadcast(activation::to_integer));
        const __m256 high = subtract(bounded, multiply(n, broadcast(activation::ln2_high)));
        const __m256 rest = subtract(high, multiply(n, broadcast(activation::ln2_low)));
        const __m256 curve = multiply(multiply(rest, rest), polynomial(rest, activation::exp_polynomial));
        return times_power_of_two(add(add(curve, rest), broadcast(1.0f)), shifted);
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 activated(apply_sigmoid, __m256 x)
    {
        const __m256 e = exp_of_negative(negative_magnitude(x)), one = broadcast(1.0f);
        return divide(if_below(x, 0.0f, e, one), add(one, e));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 activated(apply_silu, __m256 x)
    {
        const __m256 bounded = at_least(x, activation::silu_lowest);
        return multiply(bounded, activated(apply_sigmoid {}, bounded));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 activated(apply_gelu_tanh, __m256 x)
    {
        const __m256 bounded = at_least(x, activation::gelu_lowest);
        const __m256 slope = add(multiply(multiply(bounded, bounded), broadcast(activation::gelu_cubic)),
                                 broadcast(activation::gelu_linear));
        return multiply(bounded, activated(apply_sigmoid {}, multiply(bounded, slope)));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 activated(apply_gelu, __m256 x)
    {
        const __m256 bounded = at_least(x, activation::gelu_lowest), one = broadcast(1.0f);
        const __m256 magnitude = negative_magnitude(bounded);
        const __m256 t = divide(one, subtract(one, multiply(magnitude, broadcast(activation::normal_slope))));
        const __m256 bell = exp_of_negative(multiply(multiply(magnitude, magnitude), broadcast(-0.5f)));
        const __m256 tail = multiply(multiply(t, polynomial(t, activation::normal_polynomial)), bell);
        return multiply(bounded, if_below(bounded, 0.0f, tail, subtract(one, tail)));
    }

    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE __m256 activated(apply_tanh, __m256 x)
    {
        const __m256 magnitude = negative_magnitude(x), square = multiply(x, x), one = broadcast(1.0f);
        const __m256 middle = multiply(x, add(multiply(square, polynomial(square, activation::tanh_polynomial)), one));
        const __m256 e = exp_of_negative(add(magnitude, magnitude));
        const __m256 end = divide(subtract(one, e), add(one, e));
        const __m256 signed_end = if_below(x, 0.0f, subtract(broadcast(0.0f), end), end);
        return if_below(magnitude, -activation::tanh_middle, signed_end, middle);
    }

    template <activation_stage Stage>
    struct bound_activation
    {
        QUANTKIT_TARGET("avx2")
        QUANTKIT_INLINE f32 operator()(f32 x, std::size_t) const
        {
            const __m256 nan = _mm256_cmp_ps(x.v, x.v, _CMP_UNORD_Q);
            return { _mm256_blendv_ps(activated(Stage {}, x.v), add(x.v, x.v), nan) };
        }
    };

    template <activation_stage Stage>
    QUANTKIT_TARGET("avx2")
    QUANTKIT_INLINE bound_activation<Stage> bind(const Stage&, place)
    {
        return {};
    }
}
#endif
