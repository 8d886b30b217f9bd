// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Numbers that say how far an approximation a is from its reference r, each from the same pass: e = r - a.
///
///     measure<mse, sqnr_db>(reference, approximation)
///
/// Each is computed from exact sums by a few operations in double, every one of which rounds; decibels also depend on
/// the C library's log10. Values for empty, zero and equal tensors are stated with each metric. NaN among the values
/// makes all of them NaN but max_abs_error, which skips it; an infinite error makes them infinite or NaN.
#pragma once

#include <quantkit/metrics/error_metrics.hpp>
#include <quantkit/metrics/metric.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

namespace quantkit
{
    namespace detail
    {
        /// 10 log10(signal / noise): +inf without noise, else -inf without signal.
        QUANTKIT_INLINE double decibels(double signal, double noise)
        {
            return noise == 0.0 ? std::numeric_limits<double>::infinity() : 10.0 * std::log10(signal / noise);
        }

        QUANTKIT_INLINE double decibels_of_peak(double peak, const error_metrics& seen)
        {
            return decibels(peak * peak, seen.mean(seen.squared_error()));
        }
    }

    /// Mean squared error: mean of e * e; 0 if empty.
    struct mse
    {
        using accumulator = error_metrics;
        static constexpr std::string_view name = "MSE";
        static constexpr bool higher_is_better = false;

        QUANTKIT_INLINE double operator()(const error_metrics& seen) const { return seen.mean(seen.squared_error()); }
    };

    /// Root of the mean squared error, in the unit of the values; 0 if empty.
    struct rmse
    {
        using accumulator = error_metrics;
        static constexpr std::string_view name = "RMSE";
        static constexpr bool higher_is_better = false;

        QUANTKIT_INLINE double operator()(const error_metrics& seen) const { return std::sqrt(mse {}(seen)); }
    };

    /// Mean absolute error: mean of |e|; 0 if empty.
    struct mae
    {
        using accumulator = error_metrics;
        static constexpr std::string_view name = "MAE";
        static constexpr bool higher_is_better = false;

        QUANTKIT_INLINE double operator()(const error_metrics& seen) const
        {
            return seen.mean(seen.sums().absolute_error.value());
        }
    };

    /// Greatest |e|; NaN is skipped; 0 if empty.
    struct max_abs_error
    {
        using accumulator = error_metrics;
        static constexpr std::string_view name = "greatest error";
        static constexpr bool higher_is_better = false;

        QUANTKIT_INLINE double operator()(const error_metrics& seen) const { return seen.sums().max_error; }
    };

    /// Signal to quantization noise: 10 log10(sum of r * r / sum of e * e). Without noise +inf, even of an empty
    /// signal; else without signal -inf.
    struct sqnr_db
    {
        using accumulator = error_metrics;
        static constexpr std::string_view name = "SQNR [dB]";
        static constexpr bool higher_is_better = true;

        QUANTKIT_INLINE double operator()(const error_metrics& seen) const
        {
            return detail::decibels(seen.sums().squared_reference.value(), seen.squared_error());
        }
    };

    /// Peak signal to noise: 10 log10(peak^2 / MSE), peak = greatest |r|. Degenerate values as sqnr_db.
    struct psnr_db
    {
        using accumulator = error_metrics;
        static constexpr std::string_view name = "PSNR [dB]";
        static constexpr bool higher_is_better = true;

        QUANTKIT_INLINE double operator()(const error_metrics& seen) const
        {
            const real_range range = seen.sums().reference_range;
            return detail::decibels_of_peak(static_cast<double>(std::max(std::abs(range.min), std::abs(range.max))),
                                            seen);
        }
    };

    /// The same with the width of the range as the peak, max r - min r: -inf for a constant r with noise.
    struct psnr_range_db
    {
        using accumulator = error_metrics;
        static constexpr std::string_view name = "PSNR of the range [dB]";
        static constexpr bool higher_is_better = true;

        QUANTKIT_INLINE double operator()(const error_metrics& seen) const
        {
            const real_range range = seen.sums().reference_range;
            return detail::decibels_of_peak(static_cast<double>(range.max) - static_cast<double>(range.min), seen);
        }
    };

    /// <r, a> / (|r| |a|), from -1 to 1: 1 if both are zero or empty, 0 if one of them is zero.
    struct cosine_similarity
    {
        using accumulator = error_metrics;
        static constexpr std::string_view name = "cosine similarity";
        static constexpr bool higher_is_better = true;

        QUANTKIT_INLINE double operator()(const error_metrics& seen) const
        {
            const double r = seen.sums().squared_reference.value(), a = seen.sums().squared_approximation.value();
            if (r == 0.0 && a == 0.0)
                return 1.0;
            if (r == 0.0 || a == 0.0)
                return seen.sums().dot.value(); // 0, or NaN if the other has a value that is not finite
            // Sums of squares of floats lie between 2^-298 and 2^342: their product is a normal double.
            return std::clamp(seen.sums().dot.value() / std::sqrt(r * a), -1.0, 1.0);
        }
    };

    /// |e| / |r|, lengths of vectors: 0 without error, also if empty, else +inf if r is zero.
    struct relative_l2
    {
        using accumulator = error_metrics;
        static constexpr std::string_view name = "relative L2 error";
        static constexpr bool higher_is_better = false;

        QUANTKIT_INLINE double operator()(const error_metrics& seen) const
        {
            const double error = seen.squared_error();
            return error == 0.0 ? 0.0 : std::sqrt(error / seen.sums().squared_reference.value());
        }
    };

    static_assert(pair_metric<mse> && pair_metric<rmse> && pair_metric<mae> && pair_metric<max_abs_error>);
    static_assert(pair_metric<sqnr_db> && pair_metric<psnr_db> && pair_metric<psnr_range_db>);
    static_assert(pair_metric<cosine_similarity> && pair_metric<relative_l2>);
}
