// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Two neighbouring indices by one load: one for each would take turns of L1 that the counters at these indices need.
#pragma once

#include <quantkit/core/config.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

namespace quantkit::kernels::detail
{
    struct index_pair
    {
        std::size_t first = 0, second = 0;
    };

    /// indices   [2], none of them negative; no alignment needed
    QUANTKIT_INLINE index_pair load_pair(const std::int32_t* indices)
    {
        std::uint64_t both = 0;
        std::memcpy(&both, indices, sizeof(both));
        return { static_cast<std::uint32_t>(both), static_cast<std::size_t>(both >> 32) };
    }
}
