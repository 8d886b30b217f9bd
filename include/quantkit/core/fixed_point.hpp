// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Rescaling without floating point: a real multiplier as an int32 and a shift, as gemmlowp and TensorFlow Lite do it.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>

namespace quantkit
{
    /// real multiplier = q31 * 2^(shift - 31), with q31 in [2^30, 2^31) or 0.
    struct fixed_point_multiplier
    {
        std::int32_t q31 = 0;
        std::int32_t shift = 0;

        friend constexpr bool operator==(const fixed_point_multiplier&, const fixed_point_multiplier&) = default;
    };

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        constexpr std::int32_t saturated(std::int64_t x)
        {
            return static_cast<std::int32_t>(std::clamp(x, std::int64_t { std::numeric_limits<std::int32_t>::min() },
                                                        std::int64_t { std::numeric_limits<std::int32_t>::max() }));
        }
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The nearest fixed-point multiplier; multipliers below 2^-32 become 0. Throws unless 0 <= multiplier < 2^31.
    inline fixed_point_multiplier to_fixed_point(double multiplier)
    {
        require(multiplier >= 0.0 && multiplier < 0x1p31, "a fixed-point multiplier must lie in [0, 2^31), but is ",
                multiplier);
        if (multiplier == 0.0)
            return {};
        int shift = 0;
        const double fraction = std::frexp(multiplier, &shift);
        auto q31 = static_cast<std::int64_t>(std::floor(fraction * 0x1p31 + 0.5));
        if (q31 == std::int64_t { 1 } << 31)
        {
            q31 /= 2;
            ++shift;
        }
        if (shift < -31)
            return {};
        return { static_cast<std::int32_t>(q31), shift };
    }

    /// floor(a * b / 2^31 + 1/2), ties up; 2^31 - 1 for a = b = -2^31. (ARM: SQRDMULH)
    constexpr std::int32_t saturating_rounding_doubling_high_mul(std::int32_t a, std::int32_t b)
    {
        constexpr std::int32_t lowest = std::numeric_limits<std::int32_t>::min();
        if (a == lowest && b == lowest)
            return std::numeric_limits<std::int32_t>::max();
        return static_cast<std::int32_t>((std::int64_t { a } * b + (std::int64_t { 1 } << 30)) >> 31);
    }

    /// x / 2^exponent to the nearest integer, ties away from zero. exponent in [0, 31].
    constexpr std::int32_t rounding_divide_by_pot(std::int32_t x, std::int32_t exponent)
    {
        const std::int64_t half = exponent == 0 ? 0 : std::int64_t { 1 } << (exponent - 1);
        return static_cast<std::int32_t>((x + half - (x < 0 && exponent > 0 ? 1 : 0)) >> exponent);
    }

    /// gemmlowp and TensorFlow Lite: the doubling multiply rounds, then the shift rounds again. acc * 2^shift
    /// saturates.
    constexpr std::int32_t scaled_double_rounding(std::int32_t acc, fixed_point_multiplier multiplier)
    {
        const std::int32_t left = std::max(multiplier.shift, 0), right = std::max(-multiplier.shift, 0);
        const std::int32_t shifted = detail::saturated(std::int64_t { acc } * (std::int64_t { 1 } << left));
        return rounding_divide_by_pot(saturating_rounding_doubling_high_mul(shifted, multiplier.q31), right);
    }

    /// One rounding, ties up: (acc * q31 + 2^(30 - shift)) >> (31 - shift), saturated. shift in [-31, 30].
    constexpr std::int32_t scaled_single_rounding(std::int32_t acc, fixed_point_multiplier multiplier)
    {
        const std::int64_t product = std::int64_t { acc } * multiplier.q31;
        const std::int64_t half = std::int64_t { 1 } << (30 - multiplier.shift);
        return detail::saturated((product + half) >> (31 - multiplier.shift));
    }
}

namespace quantkit
{
    /// scaled_double_rounding() as a policy: gemmlowp, TensorFlow Lite's reference kernels.
    struct double_rounding
    {
        static constexpr std::int32_t max_shift = 31;

        QUANTKIT_INLINE constexpr std::int32_t operator()(std::int32_t acc, fixed_point_multiplier multiplier) const
        {
            return scaled_double_rounding(acc, multiplier);
        }
    };

    /// scaled_single_rounding() as a policy: TensorFlow Lite built with TFLITE_SINGLE_ROUNDING.
    struct single_rounding
    {
        static constexpr std::int32_t max_shift = 30;

        QUANTKIT_INLINE constexpr std::int32_t operator()(std::int32_t acc, fixed_point_multiplier multiplier) const
        {
            return scaled_single_rounding(acc, multiplier);
        }
    };
}
