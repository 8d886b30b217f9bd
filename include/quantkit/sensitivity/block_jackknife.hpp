// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Intervals by leaving out one block at a time.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/block_errors.hpp>

#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <utility>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The z below which a standard normal value lies with this probability, in [0.5, 1): Newton's method on the
    /// distribution function, which is concave there, so that it rises to z without passing it.
    inline double normal_quantile(double probability)
    {
        double z = 0.0;
        for (int step = 0; step < 100; ++step)
        {
            const double density = std::exp(-z * z / 2.0) / std::sqrt(2.0 * std::numbers::pi);
            const double missing = std::erfc(z / std::numbers::sqrt2) / 2.0 - (1.0 - probability);
            const double next = z + missing / density;
            if (next <= z)
                break;
            z = next;
        }
        return z;
    }

    /// The same of Student's distribution: within 2 % of the exact value from 3 degrees of freedom on, for
    /// probabilities up to 0.975; too small below.
    ///
    /// source  Abramowitz, Stegun 1964, 26.7.5
    inline double student_quantile(double probability, std::size_t degrees)
    {
        const double z = normal_quantile(probability), z2 = z * z, n = static_cast<double>(degrees);
        const double g1 = (z2 + 1.0) * z / 4.0;
        const double g2 = ((5.0 * z2 + 16.0) * z2 + 3.0) * z / 96.0;
        const double g3 = (((3.0 * z2 + 19.0) * z2 + 17.0) * z2 - 15.0) * z / 384.0;
        const double g4 = ((((79.0 * z2 + 776.0) * z2 + 1482.0) * z2 - 1920.0) * z2 - 945.0) * z / 92160.0;
        return z + (g1 + (g2 + (g3 + g4 / n) / n) / n) / n;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// mean -+ t sqrt((n - 1) / n sum((mean without block i - mean of these)^2)), t of n - 1 degrees of freedom.
    ///
    /// No randomness, n sums; symmetric, so that its lower end may be negative where errors are not. Fewer than two
    /// blocks give unknown_interval; errors that are not finite give infinite_error.
    ///
    /// source  Efron, Tibshirani 1993, "An introduction to the bootstrap", chapter 11
    class block_jackknife
    {
    public:
        /// block_samples  [blocks] samples of each block, at least 1; confidence  in (0, 1)
        explicit block_jackknife(std::vector<std::size_t> block_samples, double confidence = 0.95)
            : block_samples_(std::move(block_samples))
        {
            require(confidence > 0.0 && confidence < 1.0, "a confidence lies between 0 and 1, but is ", confidence);
            check_blocks(std::vector<double>(block_samples_.size()), block_samples_);
            if (block_samples_.size() > 1)
                deviations_ = detail::student_quantile(0.5 + confidence / 2.0, block_samples_.size() - 1);
        }

        error_interval interval(std::span<const double> errors) const
        {
            const double mean = mean_error(errors, block_samples_);
            if (!std::isfinite(mean))
                return infinite_error;
            if (errors.size() < 2)
                return unknown_interval;
            const double width = deviations_ * standard_error(errors);
            return { mean - width, mean + width };
        }

        /// Interval of the mean of a - b, of the same blocks: narrower than both where they rise and fall together.
        error_interval difference(std::span<const double> a, std::span<const double> b) const
        {
            return interval(detail::block_differences(a, b));
        }

    private:
        double standard_error(std::span<const double> errors) const
        {
            double sum = 0.0, samples = 0.0;
            for (std::size_t i = 0; i < errors.size(); ++i)
            {
                sum += static_cast<double>(block_samples_[i]) * errors[i];
                samples += static_cast<double>(block_samples_[i]);
            }
            const auto count = static_cast<double>(errors.size());
            std::vector<double> without(errors.size());
            double centre = 0.0;
            for (std::size_t i = 0; i < errors.size(); ++i)
            {
                const auto left_out = static_cast<double>(block_samples_[i]);
                without[i] = (sum - left_out * errors[i]) / (samples - left_out);
                centre += without[i] / count;
            }
            double squares = 0.0;
            for (const double mean : without)
                squares += (mean - centre) * (mean - centre);
            return std::sqrt((count - 1.0) / count * squares);
        }

        std::vector<std::size_t> block_samples_;
        double deviations_ = 0.0;
    };
    static_assert(error_confidence<block_jackknife>);
}
