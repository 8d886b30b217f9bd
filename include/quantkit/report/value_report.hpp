// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Histograms of a report from observed values.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/observers/value_histogram.hpp>
#include <quantkit/report/report_data.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <utility>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// What was seen, in equal bins from the least to the greatest value, and the range that is quantized. One bin
    /// around the value where all are the same; no bins without finite values.
    inline report_histogram report_histogram_of(std::string name, const value_histogram& seen, real_range clip,
                                                std::size_t bins = 64)
    {
        report_histogram histogram { std::move(name) };
        histogram.clip_low = static_cast<double>(clip.min);
        histogram.clip_high = static_cast<double>(clip.max);
        const auto low = static_cast<double>(seen.range().min), high = static_cast<double>(seen.range().max);
        if (!std::isfinite(low) || !std::isfinite(high))
            return histogram;
        if (low == high)
        {
            const double half = low == 0.0 ? 0.5 : 0.5 * std::abs(low);
            histogram.edges = { low - half, low + half };
            histogram.counts = { static_cast<double>(seen.count()) };
            return histogram;
        }
        histogram.counts = seen.rebinned(bins, low, high);
        for (std::size_t i = 0; i <= bins; ++i)
            histogram.edges.push_back(low + (high - low) * static_cast<double>(i) / static_cast<double>(bins));
        return histogram;
    }
}
