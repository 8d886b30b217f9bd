// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How much of a distribution is lost when a window of its histogram is quantized to a few levels.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/observers/rounded_product.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <utility>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The Kullback-Leibler divergence of P and Q in nats, where
    ///
    ///     P  the counts in the window; those before it are added to its first bin, those behind it to its last
    ///     Q  the counts in the window alone, in levels of equal width, each evenly over its bins that are not empty
    ///
    /// Bin k of a window of n belongs to the level floor(k * levels / n). Q is constant on a level, so that with
    /// running sums of c and c log c one window costs as many logarithms as it has levels.
    ///
    /// source  Migacz 2017, GTC s7310, "8-bit inference with TensorRT", and pytorch-quantization, calib/histogram.py,
    ///         by the same company, which settles what the slides leave open
    class histogram_divergence
    {
    public:
        /// counts  not negative
        explicit histogram_divergence(std::vector<double> counts)
            : counts_(std::move(counts))
            , before_(counts_.size() + 1)
        {
            for (std::size_t i = 0; i < counts_.size(); ++i)
            {
                const running_sums& before = before_[i];
                before_[i + 1] = { before.count + counts_[i], before.count_log_count + times_log(counts_[i]),
                                   before.bins + (counts_[i] > 0.0 ? 1.0 : 0.0) };
            }
        }

        /// Of the bins from first to last, without the latter, at least two. Infinite where P has a bin that Q lacks,
        /// and unless most values lie in the window: the little that a window of one value holds is told without loss.
        double operator()(std::size_t first, std::size_t last, std::size_t levels) const
        {
            const double total = before_.back().count, inside = before_[last].count - before_[first].count;
            const double below = before_[first].count, above = total - before_[last].count;
            if (inside <= total / 2.0 || lacks(first, below) || lacks(last - 1, above))
                return std::numeric_limits<double>::infinity();
            const double p_log_p = before_[last].count_log_count - before_[first].count_log_count
                                   + added_to(first, below) + added_to(last - 1, above);
            double p_log_q = 0.0;
            for (std::size_t level = 0; level < levels; ++level)
            {
                const running_sums& from = before_[first + level_begin(level, last - first, levels)];
                const running_sums& to = before_[first + level_begin(level + 1, last - first, levels)];
                const double count = to.count - from.count;
                const double outside = (level == 0 ? below : 0.0) + (level + 1 == levels ? above : 0.0);
                if (to.bins > from.bins)
                    p_log_q += rounded_product(count + outside, std::log(count / (to.bins - from.bins)));
            }
            return (p_log_p - p_log_q) / total + std::log(inside / total);
        }

    private:
        struct running_sums
        {
            double count = 0.0, count_log_count = 0.0;
            double bins = 0.0; ///< that are not empty
        };

        static double times_log(double x) { return x > 0.0 ? rounded_product(x, std::log(x)) : 0.0; }
        static std::size_t level_begin(std::size_t level, std::size_t bins, std::size_t levels)
        {
            return (level * bins + levels - 1) / levels;
        }

        bool lacks(std::size_t bin, double outside) const { return outside > 0.0 && counts_[bin] <= 0.0; }
        double added_to(std::size_t bin, double outside) const
        {
            return times_log(counts_[bin] + outside) - times_log(counts_[bin]);
        }

        std::vector<double> counts_;
        std::vector<running_sums> before_; ///< of the bins before this one, [bins + 1]
    };
}
