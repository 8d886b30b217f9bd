// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// In which order blocks of samples are measured, and after which of them it is looked at what is settled.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/output_metric.hpp>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// blocks  in the order in which they are measured
    /// ends    [rounds] how many of them are measured then
    struct measurement_rounds
    {
        std::vector<sample_block> blocks;
        std::vector<std::size_t> ends;
    };

    /// Divides all blocks into rounds of at most `round` blocks; 0 is one round of all.
    ///
    /// Each round takes every so-manieth block, so that a series whose samples follow each other in time is seen from
    /// its beginning to its end in every round. Nothing but the arguments decides, so that every executor and every
    /// process finds the same rounds.
    inline measurement_rounds rounds_of(const std::vector<sample_block>& blocks, std::size_t round)
    {
        require(!blocks.empty(), "there are no blocks to measure");
        const std::size_t count = round == 0 ? 1 : (blocks.size() - 1) / round + 1;
        measurement_rounds result;
        for (std::size_t first = 0; first < count; ++first)
        {
            for (std::size_t block = first; block < blocks.size(); block += count)
                result.blocks.push_back(blocks[block]);
            result.ends.push_back(result.blocks.size());
        }
        return result;
    }
}
