// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Where to clip a variable of known distribution, so that clipping and rounding together cost least.
///
/// A variable of mean 0 that is clipped at +-t and rounded to 2^bits levels has the expected squared error
///
///     E(t) = C(t) + t^2 / (3 * 4^bits)
///
/// where C is what clipping costs and the rest is the variance of a step of width 2 t / 2^bits. E is convex, so its
/// least value lies where E'(t) = 0.
///
/// source  Banner, Nahshan, Hoffer, Soudry 2018, arXiv:1810.05723, sec. 3 and 4
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <cmath>
#include <concepts>
#include <numbers>

namespace quantkit
{
    /// The cost of clipping and its slope, for a distribution with mean 0 whose unit of t is told by the model.
    template <class Distribution>
    concept clipped_distribution = requires(const Distribution& distribution, double threshold)
    {
        {
            distribution.clipping_error(threshold)
            } -> std::same_as<double>;
        {
            distribution.clipping_slope(threshold)
            } -> std::same_as<double>;
    };

    /// Density exp(-t^2 / 2) / sqrt(2 pi): t in standard deviations.
    struct gauss_distribution
    {
        /// C(t) = (1 + t^2) (1 - erf(t / sqrt 2)) - t sqrt(2 / pi) exp(-t^2 / 2)
        QUANTKIT_INLINE double clipping_error(double t) const
        {
            return (1.0 + t * t) * tails(t) - t * density_at_0_twice * std::exp(-t * t / 2.0);
        }

        /// C'(t) = 2 t (1 - erf(t / sqrt 2)) - 2 sqrt(2 / pi) exp(-t^2 / 2)
        QUANTKIT_INLINE double clipping_slope(double t) const
        {
            return 2.0 * (t * tails(t) - density_at_0_twice * std::exp(-t * t / 2.0));
        }

    private:
        static constexpr double density_at_0_twice = std::numbers::sqrt2 * std::numbers::inv_sqrtpi;
        static QUANTKIT_INLINE double tails(double t) { return std::erfc(t / std::numbers::sqrt2); }
    };
    static_assert(clipped_distribution<gauss_distribution>);

    /// Density exp(-|t|) / 2: t in units of b = E|x|.
    struct laplace_distribution
    {
        /// C(t) = 2 exp(-t)
        QUANTKIT_INLINE double clipping_error(double t) const { return 2.0 * std::exp(-t); }
        /// C'(t) = -2 exp(-t)
        QUANTKIT_INLINE double clipping_slope(double t) const { return -2.0 * std::exp(-t); }
    };
    static_assert(clipped_distribution<laplace_distribution>);
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// E(t): the squared error of clipping at +-t and rounding to 2^bits levels.
    template <clipped_distribution Distribution>
    double clipping_and_rounding_error(double threshold, int bits, const Distribution& distribution)
    {
        return distribution.clipping_error(threshold) + std::ldexp(threshold * threshold, -2 * bits) / 3.0;
    }

    /// The t at which E(t) is least, in the distribution's unit: 5.03 for a Laplace distribution and 4 bits.
    ///
    /// By bisection of E'(t) = C'(t) + 2 t / (3 * 4^bits), which rises with t, until no double lies between the ends.
    /// Throws unless bits lies in [1, 16].
    template <clipped_distribution Distribution>
    double optimal_threshold(int bits, const Distribution& distribution)
    {
        require(bits >= 1 && bits <= 16, "bits must lie in [1, 16], but is ", bits);
        double low = 0.0, high = 64.0; // by then both tails are below 2^-90, and rounding costs 2^-21 or more
        for (double middle = 32.0; low < middle && middle < high; middle = low + (high - low) / 2.0)
        {
            const double slope = distribution.clipping_slope(middle) + std::ldexp(2.0 * middle, -2 * bits) / 3.0;
            (slope < 0.0 ? low : high) = middle;
        }
        return high;
    }
}
