// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How a real number becomes an integer: rounding policies, and the two ways to divide by the scale.
///
/// The functions here do not depend on the processor's rounding mode; the kernels use the hardware's conversion and
/// expect its default, round to nearest even, which they leave as it is. Denormals that the processor flushes to 0 (FTZ
/// and DAZ, which linking with -ffast-math turns on) change no code and no real value for scales from 2^-125 to 2^126.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>

namespace quantkit
{
    namespace detail
    {
        /// From here on every float (2^23), every double (2^52) is an integer.
        template <std::floating_point Real>
        inline constexpr Real all_integers_from = std::same_as<Real, float> ? Real(8388608.0)
                                                                            : Real(4503599627370496.0);

        template <std::floating_point Real>
        QUANTKIT_INLINE constexpr bool is_integral_by_size(Real x)
        {
            return !(x > -all_integers_from<Real> && x < all_integers_from<Real>);
        }
    }

    namespace detail
    {
        /// Nearest integer, ties to the even one, of an x that is not integral by its size.
        template <std::floating_point Real>
        QUANTKIT_INLINE constexpr std::int64_t nearest_even(Real x)
        {
            const auto whole = static_cast<std::int64_t>(x);
            const Real rest = x - static_cast<Real>(whole);
            // without jumps, which the processor could not foresee
            const int odd = static_cast<int>(whole & 1);
            const int up = int { rest > Real(0.5) } | (int { rest == Real(0.5) } & odd);
            const int down = int { rest < Real(-0.5) } | (int { rest == Real(-0.5) } & odd);
            return whole + up - down;
        }
    }

    /// Nearest integer, ties to the even one: 0.5 -> 0, 1.5 -> 2, -2.5 -> -2. NaN and infinities pass through.
    template <std::floating_point Real>
    QUANTKIT_INLINE constexpr Real round_half_even(Real x)
    {
        return detail::is_integral_by_size(x) ? x : static_cast<Real>(detail::nearest_even(x));
    }

    /// Nearest integer, ties away from zero: 0.5 -> 1, -2.5 -> -3. NaN and infinities pass through.
    template <std::floating_point Real>
    QUANTKIT_INLINE constexpr Real round_half_away(Real x)
    {
        if (detail::is_integral_by_size(x))
            return x;
        const auto whole = static_cast<std::int64_t>(x);
        const Real rest = x - static_cast<Real>(whole);
        return static_cast<Real>(whole + (rest >= Real(0.5) ? 1 : 0) - (rest <= Real(-0.5) ? 1 : 0));
    }

    /// Ties to even: the default of PyTorch, ONNX and IEEE 754.
    struct half_even
    {
        QUANTKIT_INLINE constexpr float operator()(float x, std::uint64_t /*index*/) const
        {
            return round_half_even(x);
        }
    };
    static_assert(rounding_policy<half_even>);

    /// Ties away from zero: std::round, and the final step of gemmlowp and TensorFlow Lite.
    struct half_away
    {
        QUANTKIT_INLINE constexpr float operator()(float x, std::uint64_t /*index*/) const
        {
            return round_half_away(x);
        }
    };
    static_assert(rounding_policy<half_away>);

    /// Up with a probability equal to the fraction, so that the expected value is x itself.
    ///
    /// The random number depends only on seed and index: the same tensor gives the same codes whatever the batch,
    /// thread count or ISA. 24 random bits a value. source: Gupta et al. 2015, arXiv:1502.02551; the mixer is Wellons'
    /// lowbias32.
    struct stochastic
    {
        std::uint64_t seed = 0;

        /// Mixes 32 bits well: each of them changes about half of the result's.
        QUANTKIT_INLINE static constexpr std::uint32_t mixed(std::uint32_t bits)
        {
            bits = (bits ^ (bits >> 16)) * 0x7feb352du;
            bits = (bits ^ (bits >> 15)) * 0x846ca68bu;
            return bits ^ (bits >> 16);
        }

        /// The part of the random number that all indices with the same upper 32 bits share.
        QUANTKIT_INLINE constexpr std::uint32_t key(std::uint64_t index) const
        {
            const auto low = static_cast<std::uint32_t>(seed);
            const auto high = static_cast<std::uint32_t>(seed >> 32);
            return mixed(mixed(mixed(low) + high) + static_cast<std::uint32_t>(index >> 32));
        }

        /// Uniform in [0, 1), a multiple of 2^-24.
        QUANTKIT_INLINE constexpr float uniform(std::uint64_t index) const
        {
            const std::uint32_t bits = mixed(mixed(static_cast<std::uint32_t>(index)) ^ key(index));
            return static_cast<float>(bits >> 8) * 0x1p-24f;
        }

        QUANTKIT_INLINE constexpr float operator()(float x, std::uint64_t index) const
        {
            if (detail::is_integral_by_size(x))
                return x;
            const auto truncated = static_cast<float>(static_cast<std::int32_t>(x));
            const float below = truncated - (truncated > x ? 1.0f : 0.0f);
            return below + (uniform(index) < x - below ? 1.0f : 0.0f);
        }
    };
    static_assert(rounding_policy<stochastic>);

    /// x * (1 / scale), both rounded to float: the default, as PyTorch and FBGEMM do.
    ///
    /// It differs from a division only next to ties: -0.873999357 / 0.00852682255 is -102.500008, the product with the
    /// reciprocal is -102.5, so the codes are -103 and -102. Of 200 million random pairs 177 differed.
    struct by_reciprocal
    {
        /// What scaled() takes, computed once for many values; and x in steps of the scale.
        QUANTKIT_INLINE static constexpr float factor(float scale) { return 1.0f / scale; }
        QUANTKIT_INLINE static constexpr float scaled(float x, float factor) { return x * factor; }
    };
    static_assert(scaling_policy<by_reciprocal>);

    /// x / scale, rounded once: what ONNX QuantizeLinear specifies.
    struct by_division
    {
        /// What scaled() takes, computed once for many values; and x in steps of the scale.
        QUANTKIT_INLINE static constexpr float factor(float scale) { return scale; }
        QUANTKIT_INLINE static constexpr float scaled(float x, float factor) { return x / factor; }
    };
    static_assert(scaling_policy<by_division>);
}
