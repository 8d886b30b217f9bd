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
    using reals = float;

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

    QUANTKIT_INLINE float if_nan(float x, float where_nan, float otherwise) { return x != x ? where_nan : otherwise; }

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

#define QUANTKIT_LANES QUANTKIT_INLINE
#include <quantkit/kernels/gemm/activations.inl>
#undef QUANTKIT_LANES

    template <activation_stage Stage>
    QUANTKIT_INLINE float apply(const Stage& stage, float x, place)
    {
        return applied(stage, x);
    }
}
