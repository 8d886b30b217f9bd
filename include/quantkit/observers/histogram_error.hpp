// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What quantizing costs the values of a histogram.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/rounding.hpp>
#include <quantkit/observers/range_search.hpp>
#include <quantkit/observers/rounded_product.hpp>
#include <quantkit/observers/value_histogram.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The sum of (x - dequantize(quantize(x)))^2, where the values of each bin are spread evenly between its edges.
    ///
    /// All values that round to the code r contribute sum(x^2) - 2 r scale sum(x) + (r scale)^2 count, whatever their
    /// number: with running sums over the bins, one evaluation takes as many steps as there are codes in use. A bin
    /// that several codes share is integrated piece by piece. Infinities cost nothing.
    class histogram_error
    {
    public:
        histogram_error(const value_histogram& seen, quant_bounds bounds)
            : bounds_(bounds)
            , bins_(number_of_bins(seen))
            , before_(bins_.size() + 1)
        {
            std::size_t i = 0;
            seen.for_each_bin(
                [&](const value_bin& seen_bin)
                {
                    bins_[i] = { seen_bin.lower, seen_bin.upper, static_cast<double>(seen_bin.count) };
                    before_[i + 1] = before_[i];
                    before_[i + 1].add(bins_[i]);
                    ++i;
                });
        }

        /// The finite values.
        double count() const { return before_.back().count; }

        /// At most as many steps as there are bins, or codes in use.
        double operator()(qparams params) const
        {
            const auto scale = static_cast<double>(params.scale);
            double error = 0.0;
            for (std::size_t i = 0; i < bins_.size();)
            {
                const double code = code_of(bins_[i].lower, params);
                const double limit = code < highest(params) ? (code + 0.5) * scale : no_limit;
                const std::size_t next = first_above(limit, i);
                error += next - i == 1 ? bin_error(bins_[i], params) : cell_error(i, next, code * scale);
                i = next;
                if (i < bins_.size() && bins_[i].lower < limit)
                    error += bin_error(bins_[i++], params);
            }
            return error;
        }

    private:
        static constexpr double no_limit = std::numeric_limits<double>::infinity();

        struct bin
        {
            double lower, upper, count;
        };

        struct running_sums
        {
            double count = 0.0, values = 0.0, squares = 0.0;

            /// The edges are floats: the products of two are exact.
            void add(const bin& b)
            {
                count += b.count;
                values += rounded_product(b.count, (b.lower + b.upper) / 2.0);
                squares += rounded_product(b.count, mean_square(b.lower, b.upper));
            }
        };

        static std::size_t number_of_bins(const value_histogram& seen)
        {
            std::size_t bins = 0;
            seen.for_each_bin([&](const value_bin&) { ++bins; });
            return bins;
        }

        /// The mean of x^2 for x between a and b.
        static double mean_square(double a, double b)
        {
            return (rounded_product(a, a) + rounded_product(a, b) + rounded_product(b, b)) / 3.0;
        }

        double highest(qparams params) const { return static_cast<double>(bounds_.quant_max) - params.zero_point; }

        /// Less the zero_point.
        double code_of(double x, qparams params) const
        {
            const double lowest = static_cast<double>(bounds_.quant_min) - params.zero_point;
            return std::clamp(round_half_even(x / static_cast<double>(params.scale)), lowest, highest(params));
        }

        /// The first bin after i that does not end at or below the limit. Looks near i first.
        std::size_t first_above(double limit, std::size_t i) const
        {
            std::size_t near = i + 1, step = 1;
            for (; near < bins_.size() && bins_[near].upper <= limit; step *= 2)
                near = std::min(near + step, bins_.size());
            const bin *const first = bins_.data() + i + 1, *const last = bins_.data() + near;
            const bin* const found = std::partition_point(first, last, [&](const bin& b) { return b.upper <= limit; });
            return static_cast<std::size_t>(found - bins_.data());
        }

        /// Bins from first to last, all of whose values become `real`.
        double cell_error(std::size_t first, std::size_t last, double real) const
        {
            const running_sums &from = before_[first], &to = before_[last];
            const double cross = rounded_product(2.0 * real, to.values - from.values);
            const double square = rounded_product(rounded_product(real, real), to.count - from.count);
            return std::max(to.squares - from.squares - cross + square, 0.0);
        }

        /// With d the distance from the real value of the code: the integral of d^2 from the lower to the upper edge,
        /// which passes (codes in between) * scale^3 / 12, over their distance.
        double bin_error(const bin& b, qparams params) const
        {
            const auto scale = static_cast<double>(params.scale);
            const double first = code_of(b.lower, params), last = code_of(b.upper, params);
            const double from = b.lower - rounded_product(first, scale), to = b.upper - rounded_product(last, scale);
            if (first == last)
                return rounded_product(b.count, mean_square(from, to));
            const double passed = rounded_product(last - first, cube(scale)) / 12.0;
            const double integral = passed + (cube(to) - cube(from)) / 3.0;
            return rounded_product(b.count, integral / (b.upper - b.lower));
        }

        static double cube(double x) { return rounded_product(rounded_product(x, x), x); }

        quant_bounds bounds_;
        std::vector<bin> bins_;
        std::vector<running_sums> before_; ///< of the bins before this one, [bins + 1]
    };
    static_assert(quantization_error<histogram_error>);
}
