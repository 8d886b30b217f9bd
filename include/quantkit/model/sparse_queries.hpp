// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How many queries ProbSparse attention lets see the keys (Zhou et al. 2021, arXiv:2012.07436).
#pragma once

#include <quantkit/core/config.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// factor * ceil(ln(time)), at most all; 0 for all.
    inline std::size_t sparse_query_count(std::size_t factor, std::size_t time)
    {
        if (factor == 0)
            return 0;
        const double logarithm = std::ceil(std::log(static_cast<double>(time)));
        return std::min(factor * static_cast<std::size_t>(logarithm), time);
    }
}
