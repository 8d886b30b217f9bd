// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The part of a histogram that is worth its codes: PyTorch's search of the HistogramObserver.
///
/// source  torch.ao.quantization.observer.HistogramObserver, _non_linear_param_search; in double here
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/observers/equal_bins.hpp>
#include <quantkit/observers/rounded_product.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <numeric>
#include <vector>

namespace quantkit
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// Bins from start to end, both included, that are to be represented by 256 steps, whatever the codes.
        struct bin_interval
        {
            std::size_t start = 0;
            std::size_t end = 0;

            friend constexpr bool operator==(const bin_interval&, const bin_interval&) = default;
        };

        inline constexpr double searched_steps = 256.0;

        /// The integral of u^2 from a to b.
        inline double squared_integral(double a, double b)
        {
            return (rounded_product(b * b, b) - rounded_product(a * a, a)) / 3.0;
        }

        /// The squared error of all values when those of a bin are spread evenly, each is represented by the middle of
        /// its step, and beyond the interval by the first or last step.
        inline double interval_error(const std::vector<double>& counts, double bin_width, bin_interval kept)
        {
            const double step = bin_width * static_cast<double>(kept.end - kept.start + 1) / searched_steps;
            const auto step_of = [&](double x) { return std::clamp(std::floor(x / step), 0.0, searched_steps - 1.0); };
            const double whole_step = squared_integral(-step / 2.0, step / 2.0);
            double error = 0.0;
            for (std::size_t bin = 0; bin < counts.size(); ++bin)
            {
                if (counts[bin] == 0.0)
                    continue;
                const double place = static_cast<double>(bin) - static_cast<double>(kept.start);
                const double begin = rounded_product(place, bin_width);
                const double end = begin + bin_width, first = step_of(begin), last = step_of(end);
                const double integral = squared_integral(begin - rounded_product(first + 0.5, step), step / 2.0)
                                        + rounded_product(last - first - 1.0, whole_step)
                                        + squared_integral(-step / 2.0, end - rounded_product(last + 0.5, step));
                error += rounded_product(counts[bin] / bin_width, integral);
            }
            return error;
        }

        /// Narrows the interval from the side on which a quantile of 1e-5 covers more bins, until the error grows.
        class interval_search
        {
        public:
            explicit interval_search(const std::vector<double>& counts)
                : counts_(counts)
                , cumulative_(counts.size())
                , kept_ { 0, counts.size() - 1 }
            {
                std::partial_sum(counts.begin(), counts.end(), cumulative_.begin());
            }

            bin_interval run(double bin_width)
            {
                double least_error = std::numeric_limits<double>::infinity();
                while (low_quantile_ < high_quantile_)
                {
                    const bin_interval next = moved();
                    if (next == kept_)
                        continue;
                    const double error = interval_error(counts_, bin_width, next);
                    if (error > least_error)
                        break;
                    least_error = error;
                    kept_ = next;
                }
                return kept_;
            }

        private:
            static constexpr double quantile_step = 1e-5;

            bin_interval moved()
            {
                const double total = cumulative_.back();
                const double low = low_quantile_ + quantile_step, high = high_quantile_ - quantile_step;
                std::size_t start = kept_.start, end = kept_.end;
                while (start < kept_.end && cumulative_[start] < low * total)
                    ++start;
                while (end > kept_.start && cumulative_[end] > high * total)
                    --end;
                if (start - kept_.start > kept_.end - end)
                {
                    low_quantile_ = low;
                    return { start, kept_.end };
                }
                high_quantile_ = high;
                return { kept_.start, end };
            }

            const std::vector<double>& counts_;
            std::vector<double> cumulative_;
            bin_interval kept_;
            double low_quantile_ = 0.0, high_quantile_ = 1.0;
        };
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The range whose 256 steps represent the histogram with little squared error: from all of it, the ends are moved
    /// inward while the error does not grow. Of a single value it is that value; of no values, nothing_observed.
    inline real_range searched_range(const equal_bins& histogram)
    {
        if (histogram.range == nothing_observed || histogram.is_single_value())
            return histogram.range;
        const double low = histogram.low();
        const double width = (histogram.high() - low) / static_cast<double>(histogram.counts.size());
        const auto [start, end] = detail::interval_search(histogram.counts).run(width);
        const auto edge = [&](std::size_t bin)
        { return static_cast<float>(low + detail::rounded_product(static_cast<double>(bin), width)); };
        return { edge(start), edge(end + 1) };
    }
}
