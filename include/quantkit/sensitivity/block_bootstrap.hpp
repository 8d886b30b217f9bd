// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Intervals by drawing the blocks anew, with replacement.
#pragma once

#include <quantkit/calibration/splitmix64.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/block_errors.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace quantkit
{
    /// resamples   how often blocks are drawn; 1000 place the ends of a 95 % interval within a tenth of its width
    /// confidence  in (0, 1)
    struct bootstrap_options
    {
        std::size_t resamples = 1000;
        double confidence = 0.95;
        std::uint64_t seed = 1;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The paired percentile bootstrap.
    ///
    /// Blocks are drawn once: every interval is of the same draws, so that differences are paired and no result depends
    /// on the order in which intervals are asked for. Fewer than two blocks give unknown_interval; errors that are not
    /// finite give infinite_error.
    ///
    /// source  Efron, Tibshirani 1993, "An introduction to the bootstrap", chapter 13
    class block_bootstrap
    {
    public:
        /// block_samples  [blocks] samples of each block, at least 1
        explicit block_bootstrap(std::vector<std::size_t> block_samples, const bootstrap_options& options = {})
            : block_samples_(std::move(block_samples))
            , confidence_(options.confidence)
        {
            require(options.resamples > 0, "a bootstrap needs at least one resample");
            require(options.confidence > 0.0 && options.confidence < 1.0, "a confidence lies between 0 and 1, but is ",
                    options.confidence);
            check_blocks(std::vector<double>(block_samples_.size()), block_samples_);
            if (block_samples_.size() > 1)
                draw(options);
        }

        error_interval interval(std::span<const double> errors) const
        {
            check_blocks(errors, block_samples_);
            if (!all_finite(errors))
                return infinite_error;
            if (errors.size() < 2)
                return unknown_interval;
            std::vector<double> means = means_of(errors);
            std::sort(means.begin(), means.end());
            const double outside = (1.0 - confidence_) / 2.0;
            return { quantile(means, outside), quantile(means, 1.0 - outside) };
        }

        /// Interval of the mean of a - b, of the same blocks: narrower than both where they rise and fall together.
        error_interval difference(std::span<const double> a, std::span<const double> b) const
        {
            return interval(detail::block_differences(a, b));
        }

    private:
        /// weights_ [resamples, blocks]: how many samples of each block a resample has.
        void draw(const bootstrap_options& options)
        {
            const std::size_t blocks = block_samples_.size();
            splitmix64 random(options.seed);
            weights_.assign(options.resamples * blocks, 0.0);
            for (std::size_t resample = 0; resample < options.resamples; ++resample)
                for (std::size_t i = 0; i < blocks; ++i)
                {
                    const std::size_t drawn = static_cast<std::size_t>(random.below(blocks));
                    weights_[resample * blocks + drawn] += static_cast<double>(block_samples_[drawn]);
                }
        }

        std::vector<double> means_of(std::span<const double> errors) const
        {
            std::vector<double> means(weights_.size() / errors.size());
            const double* weight = weights_.data();
            for (double& mean : means)
            {
                double sum = 0.0, samples = 0.0;
                for (const double error : errors)
                {
                    sum += *weight * error;
                    samples += *weight++;
                }
                mean = sum / samples;
            }
            return means;
        }

        /// Between the two order statistics around share * (count - 1).
        static double quantile(const std::vector<double>& sorted, double share)
        {
            const double place = share * static_cast<double>(sorted.size() - 1);
            const auto below = static_cast<std::size_t>(place);
            const std::size_t above = std::min(below + 1, sorted.size() - 1);
            return sorted[below] + (place - static_cast<double>(below)) * (sorted[above] - sorted[below]);
        }

        std::vector<std::size_t> block_samples_;
        double confidence_;
        std::vector<double> weights_;
    };
    static_assert(error_confidence<block_bootstrap>);
}
