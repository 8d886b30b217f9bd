// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The classes with the largest logits of one row, best first. The lowest index wins a tie; NaN counts as -inf.
#pragma once

#include <quantkit/core/config.hpp>

#include <array>
#include <cstddef>
#include <limits>

namespace quantkit
{
    /// Up to here the ranks of classes are kept.
    inline constexpr std::size_t max_top_k = 16;

    /// The best min(max_top_k, classes) of a row.
    struct top_ranks
    {
        std::array<std::ptrdiff_t, max_top_k> classes {};
        std::size_t count = 0;
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// logits  [classes], `stride` elements apart
    inline top_ranks ranked(const float* logits, std::ptrdiff_t classes, std::ptrdiff_t stride)
    {
        top_ranks best;
        std::array<float, max_top_k> values {};
        for (std::ptrdiff_t i = 0; i < classes; ++i)
        {
            const float logit = logits[i * stride];
            const float value = logit == logit ? logit : -std::numeric_limits<float>::infinity();
            if (best.count == max_top_k && !(value > values[max_top_k - 1]))
                continue;
            std::size_t place = best.count < max_top_k ? best.count++ : max_top_k - 1;
            for (; place > 0 && value > values[place - 1]; --place)
            {
                values[place] = values[place - 1];
                best.classes[place] = best.classes[place - 1];
            }
            values[place] = value;
            best.classes[place] = i;
        }
        return best;
    }

    /// max_top_k for a class that is not among them.
    inline std::size_t rank_of(std::ptrdiff_t one, const top_ranks& best)
    {
        for (std::size_t rank = 0; rank < best.count; ++rank)
            if (best.classes[rank] == one)
                return rank;
        return max_top_k;
    }
}
