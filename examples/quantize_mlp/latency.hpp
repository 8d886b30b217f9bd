// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Times several ways of doing the same work fairly: they take turns, and the median of the turns counts.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <functional>
#include <vector>

namespace demo
{
    /// Calls one after the other until the time has passed; seconds per call.
    inline double seconds_per_call(const std::function<void()>& call, double seconds)
    {
        using clock = std::chrono::steady_clock;
        const auto begin = clock::now();
        double elapsed = 0;
        std::size_t calls = 0;
        for (std::size_t burst = 1; elapsed < seconds; burst *= 2)
        {
            for (std::size_t i = 0; i < burst; ++i)
                call();
            calls += burst;
            elapsed = std::chrono::duration<double>(clock::now() - begin).count();
        }
        return elapsed / static_cast<double>(calls);
    }

    /// The median seconds per call of each contestant, over turns of about a millisecond each.
    inline std::vector<double> median_latencies(const std::vector<std::function<void()>>& contestants, int turns)
    {
        constexpr double turn_seconds = 1e-3;
        std::vector<std::vector<double>> samples(contestants.size());
        for (int turn = 0; turn < turns; ++turn)
            for (std::size_t i = 0; i < contestants.size(); ++i)
                samples[i].push_back(seconds_per_call(contestants[i], turn_seconds));

        std::vector<double> medians;
        for (std::vector<double>& sample : samples)
        {
            std::sort(sample.begin(), sample.end());
            medians.push_back(sample[sample.size() / 2]);
        }
        return medians;
    }
}
