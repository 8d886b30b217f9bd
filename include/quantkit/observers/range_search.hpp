// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The search for the range whose quantization error is least, whatever the error is measured on.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/observers/rounded_product.hpp>

#include <algorithm>
#include <concepts>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The sum of the squared errors of quantizing some values, as a function of the qparams; and how many they are.
    template <class Error>
    concept quantization_error = requires(const Error& error, qparams params)
    {
        {
            error(params)
            } -> std::same_as<double>;
        {
            error.count()
            } -> std::same_as<double>;
    };

    /// Which ends of the range move; both move as one.
    struct moved_ends
    {
        bool low = true;
        bool high = true;
    };

    /// Factors between which one is looked for.
    struct factor_interval
    {
        double low = 0.0;
        double high = 1.0;
    };

    /// Candidates are the observed range with each end multiplied by a factor in [0, 1]. The best one is kept, at first
    /// the observed range itself: no result is worse. The first of equals stays.
    ///
    /// Factors are made from dyadic fractions and rounded products: the same on every instruction set.
    template <quantization_scheme Scheme, quantization_error Error>
    class range_search
    {
    public:
        /// observed  finite; the exact range of the values
        /// error     must outlive the search
        range_search(real_range observed, quant_bounds bounds, const Scheme& scheme, const Error& error)
            : observed_(observed)
            , bounds_(bounds)
            , scheme_(scheme)
            , error_(error)
            , params_(scheme(observed, bounds))
            , least_(error(params_))
        {
        }

        real_range best() const { return range_of(best_); }

        /// Both ends as one; then, if the scheme has a use for each, one after the other, while that gains 0.1 %.
        ///
        /// per_octave  factors in a halving of the range
        /// refine      called as refine(search, ends, interval): looks between the neighbours of the best factor
        template <class Refine>
        void run(int per_octave, const Refine& refine)
        {
            improve({ true, true }, per_octave, refine);
            const bool holds_zero = observed_.min < 0.0f && observed_.max > 0.0f;
            if (!holds_zero || !matters({ true, false }) || !matters({ false, true }))
                return;
            for (double before = 2.0 * least_; least_ < worthwhile_gain * before;)
            {
                before = least_;
                improve({ true, false }, per_octave, refine);
                improve({ false, true }, per_octave, refine);
            }
        }

        /// `steps` intervals of equal width: the factors between them.
        void scan(moved_ends ends, factor_interval interval, int steps)
        {
            const double width = (interval.high - interval.low) / steps;
            for (int step = 1; step < steps; ++step)
                cost_of(ends, interval.high - rounded_product(step, width));
        }

        /// Until the interval is narrower than the given part of its upper end. Finds the least error if there is one
        /// valley in the interval, and a valley in any case.
        void golden_section(moved_ends ends, factor_interval interval, double precision)
        {
            constexpr double golden = 0x1.3c6ef372fe95p-1; // (sqrt(5) - 1) / 2
            const auto between = [](double from, double to) { return from + rounded_product(golden, to - from); };
            double left = between(interval.high, interval.low), right = between(interval.low, interval.high);
            double left_error = cost_of(ends, left).error, right_error = cost_of(ends, right).error;
            while (interval.high - interval.low > precision * interval.high)
                if (left_error < right_error)
                {
                    interval.high = right, right = left, right_error = left_error;
                    left = between(interval.high, interval.low);
                    left_error = cost_of(ends, left).error;
                }
                else
                {
                    interval.low = left, left = right, left_error = right_error;
                    right = between(interval.low, interval.high);
                    right_error = cost_of(ends, right).error;
                }
        }

    private:
        struct cost
        {
            double error = 0.0;
            /// A lower bound of what the values outside the range contribute; it rises as the range shrinks.
            double clipping = 0.0;
        };

        /// A range smaller than this part of the observed one is not looked for: more than 2^32 values could pay for
        /// clipping so hard, hardly fewer.
        static constexpr double smallest_factor = 0x1p-24;
        static constexpr double worthwhile_gain = 0.999;

        static factor_interval moved(factor_interval at, moved_ends ends, double factor)
        {
            return { ends.low ? factor : at.low, ends.high ? factor : at.high };
        }

        real_range range_of(factor_interval factors) const
        {
            return { static_cast<float>(static_cast<double>(observed_.min) * factors.low),
                     static_cast<float>(static_cast<double>(observed_.max) * factors.high) };
        }

        /// False for the nearer end where the scheme is symmetric.
        bool matters(moved_ends ends) const
        {
            return !(scheme_(range_of(moved({ 1.0, 1.0 }, ends, 0.5)), bounds_) == scheme_(observed_, bounds_));
        }

        template <class Refine>
        void improve(moved_ends ends, int per_octave, const Refine& refine)
        {
            scan_octaves(ends, per_octave);
            const double factor = ends.low ? best_.low : best_.high, width = factor / per_octave;
            refine(*this, ends, factor_interval { factor - width, std::min(factor + width, 1.0) });
        }

        /// From the observed end down, until the clipped values alone cost more than the best range.
        void scan_octaves(moved_ends ends, int per_octave)
        {
            for (double octave = 1.0; octave > smallest_factor; octave /= 2.0)
                for (int step = per_octave; step > 0; --step)
                    if (cost_of(ends, octave * (per_octave + step) / (2 * per_octave)).clipping > least_)
                        return;
        }

        cost cost_of(moved_ends ends, double factor)
        {
            const factor_interval factors = moved(best_, ends, factor);
            const qparams params = scheme_(range_of(factors), bounds_);
            if (params == params_)
                return { least_, 0.0 };
            const double error = error_(params), half_step = static_cast<double>(params.scale) / 2.0;
            if (error < least_)
            {
                best_ = factors;
                params_ = params;
                least_ = error;
            }
            return { error, error - rounded_product(error_.count() * half_step, half_step) };
        }

        real_range observed_;
        quant_bounds bounds_;
        [[no_unique_address]] Scheme scheme_;
        const Error& error_;
        factor_interval best_ { 1.0, 1.0 };
        qparams params_;
        double least_;
    };
}
