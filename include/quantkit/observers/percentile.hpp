// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The range without the few values that are largest: everything between two percentiles of all values seen.
///
/// A percentile p of n values is numpy's: in ascending order from 0 on, the value at position p / 100 * (n - 1),
/// linearly between its neighbours. It is exact, to the bit, up to percentile_settings::exact_capacity values. From
/// then on the values are counted (value_histogram.hpp), and each order statistic is known to its bin, so that
///
///     |percentile - numpy's| <= 2^-11 * max(|neighbours|)       (below 2^-126: 2^-137)
///
/// NaN is skipped; infinities are values. The state depends on the values alone, not on their order, division or
/// merges.
///
/// Memory: 4 bytes a value while exact (256 KB by default), then 8 KB for each sign and exponent that occurs: 64 of
/// them are 0.5 MB. All 512 with 2^32 values or more are 512 * 2048 * (4 + 8) bytes = 12.6 MB, at most twice that as
/// vectors grow: calibration with 10^9 values fits into 64 MB whatever they are.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/observers/few_values.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/observer.hpp>
#include <quantkit/observers/rounded_product.hpp>
#include <quantkit/observers/value_histogram.hpp>
#include <quantkit/observers/value_runs.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace quantkit
{
    /// Which end of the range a percentile p cuts.
    enum class percentile_ends
    {
        both,      ///< [percentile 100 - p, percentile p]
        upper,     ///< [least value, percentile p], for what follows a ReLU
        magnitudes ///< [-a, a] with the percentile a of |x|, for symmetric schemes
    };

    /// What a percentile_observer needs to know. Up to exact_capacity values the percentile is exact.
    struct percentile_settings
    {
        double percentile = 99.99;
        percentile_ends ends = percentile_ends::both;
        std::size_t exact_capacity = 65536; ///< values

        friend constexpr bool operator==(const percentile_settings&, const percentile_settings&) = default;
    };

    namespace detail
    {
        /// numpy.percentile with method "linear", the same bits; value_of_rank(rank) is the order statistic.
        ///
        /// Between a finite and an infinite neighbour it is the infinite one, where numpy may give NaN.
        template <class Statistic>
        double interpolated_percentile(double percentile, std::uint64_t count, const Statistic& value_of_rank)
        {
            const double position = percentile / 100.0 * static_cast<double>(count - 1);
            const double rank = std::floor(position), share = position - rank;
            const double below = value_of_rank(static_cast<std::uint64_t>(rank));
            if (share == 0.0)
                return below;
            const double above = value_of_rank(static_cast<std::uint64_t>(rank) + 1);
            if (below == above || std::isinf(below))
                return below;
            if (std::isinf(above))
                return above;
            return share < 0.5 ? below + rounded_product(above - below, share)
                               : above - rounded_product(above - below, 1.0 - share);
        }
    }

    class percentile_observer
    {
    public:
        /// Throws unless 50 <= percentile <= 100 for both ends, 0 <= percentile <= 100 for one.
        percentile_observer(percentile_settings settings = {})
            : settings_(settings)
            , first_(settings.exact_capacity)
        {
            const double least = settings.ends == percentile_ends::both ? 50.0 : 0.0;
            require(settings.percentile >= least && settings.percentile <= 100.0, "percentile must lie in [", least,
                    ", 100], but is ", settings.percentile);
        }

        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        void observe(const Tensor& batch)
        {
            for_each_value_run(batch, [&](const float* x, std::size_t count) { add<Arch>(x, count); });
        }

        /// As if this one had seen the other's values, too. Throws if their settings differ.
        template <class Arch = kernels::active_arch>
        void merge(const percentile_observer& other)
        {
            require(other.settings_ == settings_, "observers of the percentiles ", settings_.percentile, " and ",
                    other.settings_.percentile, " cannot be merged, or their ends or capacities differ");
            if (other.is_exact())
            {
                const std::vector<float> others = other.first_.values(); // which may be these
                add<Arch>(others.data(), others.size());
                return;
            }
            count_instead<Arch>();
            histogram_.merge(other.histogram_);
        }

        void reset() { *this = percentile_observer(settings_); }

        /// What the settings ask for, rounded to float; nothing_observed if all values were NaN.
        real_range range() const
        {
            if (count() == 0)
                return nothing_observed;
            const double p = settings_.percentile;
            switch (settings_.ends)
            {
            case percentile_ends::magnitudes:
            {
                const auto greatest = static_cast<float>(magnitude_percentile(p));
                return united({ -greatest, greatest }, { -greatest, greatest });
            }
            case percentile_ends::upper:
                return { static_cast<float>(percentile(0.0)), static_cast<float>(percentile(p)) };
            default:
                return { static_cast<float>(percentile(100.0 - p)), static_cast<float>(percentile(p)) };
            }
        }

        /// Any percentile of the values. Throws unless 0 <= p <= 100 and there are values.
        double percentile(double p) const
        {
            check_percentile(p);
            return is_exact() ? exact_percentile(p, first_.values()) : counted_percentile(p, histogram_);
        }

        /// Any percentile of |x|. Throws unless 0 <= p <= 100 and there are values.
        double magnitude_percentile(double p) const
        {
            check_percentile(p);
            if (!is_exact())
                return counted_percentile(p, histogram_.magnitudes());
            std::vector<float> magnitudes = first_.values();
            for (float& x : magnitudes)
                x = std::abs(x);
            return exact_percentile(p, std::move(magnitudes));
        }

        /// How many values; NaN is none.
        std::uint64_t count() const { return is_exact() ? first_.values().size() : histogram_.count(); }
        /// Whether all values were kept; otherwise the percentile comes from a histogram.
        bool is_exact() const { return first_.are_all(); }
        /// As given.
        const percentile_settings& settings() const { return settings_; }

        /// Memory in use.
        std::size_t bytes() const
        {
            return sizeof(*this) - sizeof(histogram_) + histogram_.bytes() + first_.values().capacity() * sizeof(float);
        }

    private:
        void check_percentile(double p) const
        {
            require(p >= 0.0 && p <= 100.0, "percentiles lie in [0, 100], but this one is ", p);
            require(count() > 0, "there is no percentile ", p, " of no values");
        }

        static double exact_percentile(double p, std::vector<float> values)
        {
            return detail::interpolated_percentile(p, values.size(),
                                                   [&](std::uint64_t rank)
                                                   {
                                                       float* const place = values.data() + rank;
                                                       std::nth_element(values.data(), place,
                                                                        values.data() + values.size());
                                                       return static_cast<double>(*place);
                                                   });
        }

        static double counted_percentile(double p, const value_histogram& histogram)
        {
            return detail::interpolated_percentile(p, histogram.count(),
                                                   [&](std::uint64_t rank) { return histogram.value_of_rank(rank); });
        }

        template <class Arch>
        void add(const float* x, std::size_t count)
        {
            if (first_.keep<Arch>(x, count))
                return;
            count_instead<Arch>();
            histogram_.observe<std::span<const float>, Arch>({ x, count });
        }

        template <class Arch>
        void count_instead()
        {
            histogram_.observe<std::span<const float>, Arch>(first_.values());
            first_.forget();
        }

        percentile_settings settings_;
        few_values first_;          ///< all values while they are few
        value_histogram histogram_; ///< all of them from then on
    };
    static_assert(mergeable_observer<percentile_observer>);
}
