// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Activation functions on single values: the definition of what the vector versions compute.
#pragma once

#include <quantkit/kernels/gemm/activations.hpp>
#include <quantkit/kernels/gemm/epilogue_scalar.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels::scalar_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    QUANTKIT_INLINE float broadcast(float x) { return x; }
    QUANTKIT_INLINE float add(float a, float b) { return a + b; }
    QUANTKIT_INLINE float subtract(float a, float b) { return a - b; }
    QUANTKIT_INLINE float multiply(float a, float b) { return product(a, b); }
    QUANTKIT_INLINE float divide(float a, float b) { return a / b; }
    QUANTKIT_INLINE float at_least(float x, float low) { return x < low ? low : x; }
    QUANTKIT_INLINE float if_below(float x, float limit, float below, float otherwise)
    {
        return x < limit ? below : otherwise;
    }

    QUANTKIT_INLINE float negative_magnitude(float x)
    {
        return std::bit_cast<float>(std::bit_cast<std::uint32_t>(x) | 0x80000000u);
    }

    /// x * 2^n, |n| < 252, for shifted = n + activation::to_integer: in two steps, so that only the last one rounds.
    QUANTKIT_INLINE float times_power_of_two(float x, float shifted)
    {
        const std::int32_t n =
            std::bit_cast<std::int32_t>(shifted) - std::bit_cast<std::int32_t>(activation::to_integer);
        const auto power = [](std::int32_t exponent)
        { return std::bit_cast<float>((static_cast<std::uint32_t>(exponent) + 127u) << 23); };
        return product(product(x, power(n >> 1)), power(n - (n >> 1)));
    }

    /// coefficients[0] + coefficients[1] x + ...
    template <std::size_t Count>
    QUANTKIT_INLINE float polynomial(float x, const float (&coefficients)[Count])
    {
        float result = broadcast(coefficients[Count - 1]);
#pragma GCC unroll 8
        for (std::size_t i = 1; i < Count; ++i)
            result = add(multiply(result, x), broadcast(coefficients[Count - 1 - i]));
        return result;
    }

    /// exp(x) for x <= 0.
    QUANTKIT_INLINE float exp_of_negative(float x)
    {
        const float bounded = at_least(x, activation::lowest_exponent);
        const float shifted = add(multiply(bounded, broadcast(activation::log2_e)), broadcast(activation::to_integer));
        const float n = subtract(shifted, broadcast(activation::to_integer));
        const float high = subtract(bounded, multiply(n, broadcast(activation::ln2_high)));
        const float rest = subtract(high, multiply(n, broadcast(activation::ln2_low)));
        const float curve = multiply(multiply(rest, rest), polynomial(rest, activation::exp_polynomial));
        return times_power_of_two(add(add(curve, rest), broadcast(1.0f)), shifted);
    }

    QUANTKIT_INLINE float activated(apply_sigmoid, float x)
    {
        const float e = exp_of_negative(negative_magnitude(x)), one = broadcast(1.0f);
        return divide(if_below(x, 0.0f, e, one), add(one, e));
    }

    QUANTKIT_INLINE float activated(apply_silu, float x)
    {
        const float bounded = at_least(x, activation::silu_lowest);
        return multiply(bounded, activated(apply_sigmoid {}, bounded));
    }

    QUANTKIT_INLINE float activated(apply_gelu_tanh, float x)
    {
        const float bounded = at_least(x, activation::gelu_lowest);
        const float slope = add(multiply(multiply(bounded, bounded), broadcast(activation::gelu_cubic)),
                                broadcast(activation::gelu_linear));
        return multiply(bounded, activated(apply_sigmoid {}, multiply(bounded, slope)));
    }

    QUANTKIT_INLINE float activated(apply_gelu, float x)
    {
        const float bounded = at_least(x, activation::gelu_lowest), one = broadcast(1.0f);
        const float magnitude = negative_magnitude(bounded);
        const float t = divide(one, subtract(one, multiply(magnitude, broadcast(activation::normal_slope))));
        const float bell = exp_of_negative(multiply(multiply(magnitude, magnitude), broadcast(-0.5f)));
        const float tail = multiply(multiply(t, polynomial(t, activation::normal_polynomial)), bell);
        return multiply(bounded, if_below(bounded, 0.0f, tail, subtract(one, tail)));
    }

    QUANTKIT_INLINE float activated(apply_tanh, float x)
    {
        const float magnitude = negative_magnitude(x), square = multiply(x, x), one = broadcast(1.0f);
        const float middle = multiply(x, add(multiply(square, polynomial(square, activation::tanh_polynomial)), one));
        const float e = exp_of_negative(add(magnitude, magnitude));
        const float end = divide(subtract(one, e), add(one, e));
        const float signed_end = if_below(x, 0.0f, subtract(broadcast(0.0f), end), end);
        return if_below(magnitude, -activation::tanh_middle, signed_end, middle);
    }

    template <activation_stage Stage>
    QUANTKIT_INLINE float apply(const Stage& stage, float x, place)
    {
        return x != x ? x + x : activated(stage, x);
    }
}
