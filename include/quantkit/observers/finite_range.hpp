// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The range of a histogram's finite values.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/value_histogram.hpp>

#include <algorithm>
#include <cmath>
#include <limits>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Exact if there are no infinities, else the edges of the first and the last bin; nothing_observed without values.
    inline real_range finite_range(const value_histogram& seen)
    {
        if (std::isfinite(seen.range().min) && std::isfinite(seen.range().max))
            return seen.range();
        constexpr auto greatest = static_cast<double>(std::numeric_limits<float>::max());
        real_range range = nothing_observed;
        seen.for_each_bin(
            [&](const value_bin& bin)
            {
                range = united(range, { static_cast<float>(std::max(bin.lower, -greatest)),
                                        static_cast<float>(std::min(bin.upper, greatest)) });
            });
        return range;
    }
}
