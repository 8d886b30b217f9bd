// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// When there are enough samples: when more of them would not change what follows from the errors.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/block_errors.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <span>

namespace quantkit
{
    /// relative  greatest half width of an interval, as a share of its error
    /// absolute  greatest half width that is settled whatever the error: in the unit of the error
    /// blocks    fewer never settle anything, because their spread is not known
    struct stopping_rule
    {
        double relative = 0.2;
        double absolute = 0.0;
        std::size_t blocks = 8;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// An infinite error is settled: no sample makes it finite again.
    inline bool is_settled(double error, const error_interval& interval, std::size_t blocks,
                           const stopping_rule& rule = {})
    {
        if (std::isinf(error))
            return true;
        const double half_width = (interval.high - interval.low) / 2.0;
        return blocks >= rule.blocks && (half_width <= rule.absolute || half_width <= rule.relative * std::abs(error));
    }

    /// About how many blocks settle this error, as widths shrink with the square root of their number; at least the
    /// rule's. The greatest number there is where nothing is known.
    inline std::size_t blocks_to_settle(double error, const error_interval& interval, std::size_t blocks,
                                        const stopping_rule& rule = {})
    {
        if (is_settled(error, interval, blocks, rule))
            return blocks;
        const double half_width = (interval.high - interval.low) / 2.0;
        const double allowed = std::max(rule.absolute, rule.relative * std::abs(error));
        const double ratio = half_width / allowed;
        const double needed = std::ceil(static_cast<double>(blocks) * ratio * ratio);
        if (!(needed < 1e15))
            return std::numeric_limits<std::size_t>::max();
        return std::max(rule.blocks, static_cast<std::size_t>(needed));
    }

    /// Sets error, interval and settled of an entry from its block errors, which are as many as the block samples.
    template <error_confidence Confidence>
    void set_interval(sensitivity_entry& entry, std::span<const std::size_t> block_samples,
                      const Confidence& confidence, const stopping_rule& rule = {})
    {
        entry.error = mean_error(entry.block_errors, block_samples);
        entry.interval = confidence.interval(entry.block_errors);
        entry.settled = is_settled(entry.error, entry.interval, block_samples.size(), rule);
    }

    /// The same for every allowed entry. Throws, naming layer and candidate, unless each of them has an error for each
    /// block.
    template <error_confidence Confidence>
    void set_intervals(sensitivity_table& table, const Confidence& confidence, const stopping_rule& rule = {})
    {
        const std::size_t blocks = table.block_samples().size();
        for (std::size_t layer = 0; layer < table.layers().size(); ++layer)
            for (std::size_t choice = 0; choice < table.candidates().size(); ++choice)
            {
                sensitivity_entry& entry = table.at(layer, choice);
                if (!entry.allowed)
                    continue;
                require(entry.block_errors.size() == blocks, "layer '", table.layers()[layer].name, "' as ",
                        table.candidates()[choice].name, " has errors of ", entry.block_errors.size(), " blocks, not ",
                        blocks);
                set_interval(entry, table.block_samples(), confidence, rule);
            }
    }

    /// Allowed entries that are not settled: 0 means that there are enough samples.
    inline std::size_t unsettled_entries(const sensitivity_table& table)
    {
        std::size_t count = 0;
        for (std::size_t layer = 0; layer < table.layers().size(); ++layer)
            for (std::size_t choice = 0; choice < table.candidates().size(); ++choice)
                count += table.at(layer, choice).allowed && !table.at(layer, choice).settled;
        return count;
    }
}
