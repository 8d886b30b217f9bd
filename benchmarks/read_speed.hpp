// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How fast one core reads memory again and again: what a product with one row can reach at most.
#pragma once

#include <quantkit/core/aligned_buffer.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace quantkit::bench
{
    /// Bytes a second of reading this many bytes, wherever they stay in between: the best of many runs.
    inline double bytes_read_per_second(std::size_t bytes)
    {
        constexpr std::size_t lanes = 16;
        const aligned_buffer<std::uint64_t> words(bytes / sizeof(std::uint64_t) / lanes * lanes);
        double best = 0.0;
        for (int run = 0; run < 100; ++run)
        {
            const auto begin = std::chrono::steady_clock::now();
            std::uint64_t sums[lanes] = {};
            for (std::size_t i = 0; i < words.size(); i += lanes)
                for (std::size_t lane = 0; lane < lanes; ++lane)
                    sums[lane] += words[i + lane];
            benchmark::DoNotOptimize(sums);
            const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - begin;
            best = std::max(best, static_cast<double>(bytes) / seconds.count());
        }
        return best;
    }
}
