// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The axes of charts: where a value lies, and which ticks and labels a reader wants.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// A mark on an axis.
    struct axis_tick
    {
        double value = 0.0;
        std::string label;
    };

    /// Values to positions in [0, 1].
    class axis
    {
    public:
        /// From low to high with about so many ticks at round numbers (Heckbert, Nice numbers for graph labels,
        /// Graphics Gems, 1990); the ends move out to ticks, and so far apart that doubles tell ticks from one another.
        /// Throws unless both are finite, low <= high, and less than 1e300 lies between them.
        static axis linear(double low, double high, int ticks = 5)
        {
            check(low, high);
            require(high - low < 1e300, "an axis cannot go from ", low, " to ", high);
            if (low == high)
                high = low + (low == 0.0 ? 1.0 : std::abs(low));
            high = std::max(high, low + std::max(1e-9 * std::max(std::abs(low), std::abs(high)), 1e-290));
            const double step = round_number((high - low) / std::max(1, ticks));
            const double first = std::floor(low / step), last = std::ceil(high / step);
            axis result(first * step, last * step, false);
            for (double i = first; i <= last; ++i)
                result.ticks_.push_back({ i * step, short_text(i * step, 6) });
            return result;
        }

        /// Powers of 10 from below low to above high. Values that are not positive lie at the low end. Throws unless 0
        /// < low <= high, both finite.
        static axis logarithmic(double low, double high)
        {
            check(low, high);
            require(low > 0.0, "a logarithmic axis cannot begin at ", low);
            const double first = std::floor(std::log10(low));
            const double last = std::max(first + 1.0, std::ceil(std::log10(high)));
            axis result(first, last, true);
            const double step = std::ceil((last - first) / 8.0);
            for (double i = first; i <= last; i += step)
                result.ticks_.push_back({ std::pow(10.0, i), "1e" + short_text(i) });
            return result;
        }

        /// Name i lies at i, in the middle of its share.
        static axis categories(const std::vector<std::string>& names)
        {
            axis result(-0.5, std::max<double>(1.0, static_cast<double>(names.size())) - 0.5, false);
            for (std::size_t i = 0; i < names.size(); ++i)
                result.ticks_.push_back({ static_cast<double>(i), names[i] });
            return result;
        }

        /// Beyond the ends: the end. NaN lies at the low end.
        double position(double value) const
        {
            const double at = is_logarithmic_ ? std::log10(std::max(value, 1e-300)) : value;
            const double share = (at - low_) / (high_ - low_);
            return share > 0.0 ? std::min(share, 1.0) : 0.0;
        }

        /// In ascending order.
        const std::vector<axis_tick>& ticks() const { return ticks_; }

    private:
        axis(double low, double high, bool is_logarithmic)
            : low_(low)
            , high_(high)
            , is_logarithmic_(is_logarithmic)
        {
        }

        static void check(double low, double high)
        {
            require(std::isfinite(low) && std::isfinite(high) && low <= high, "an axis cannot go from ", low, " to ",
                    high);
        }

        /// 1, 2 or 5 times a power of 10, near `about`.
        static double round_number(double about)
        {
            const double power = std::pow(10.0, std::floor(std::log10(about))), digits = about / power;
            return power * (digits < 1.5 ? 1.0 : digits < 3.0 ? 2.0 : digits < 7.0 ? 5.0 : 10.0);
        }

        double low_, high_; ///< exponents of 10 where logarithmic
        bool is_logarithmic_;
        std::vector<axis_tick> ticks_;
    };
}
