// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Times several ways of doing the same work fairly: they take turns.
#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <functional>
#include <numeric>
#include <utility>
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
    /// Of single calls, in seconds.
    struct latency
    {
        double mean = 0, deviation = 0, least = 0, median = 0, p99 = 0;
    };

    /// Of at least one time; the deviation is that of a sample.
    inline latency latency_of(std::vector<double> seconds)
    {
        std::sort(seconds.begin(), seconds.end());
        const auto count = static_cast<double>(seconds.size());
        latency result;
        result.mean = std::accumulate(seconds.begin(), seconds.end(), 0.0) / count;
        for (const double time : seconds)
            result.deviation += (time - result.mean) * (time - result.mean) / std::max(count - 1, 1.0);
        result.deviation = std::sqrt(result.deviation);
        result.least = seconds.front();
        result.median = seconds[seconds.size() / 2];
        result.p99 = seconds[(seconds.size() * 99 + 99) / 100 - 1];
        return result;
    }

    /// Times single calls for about a millisecond, behind one that is not timed: it finds the caches full of others'.
    inline void add_call_times(const std::function<void()>& call, std::vector<double>& seconds)
    {
        using clock = std::chrono::steady_clock;
        call();
        const auto begin = clock::now();
        auto now = begin;
        do
        {
            const auto before = now;
            call();
            now = clock::now();
            seconds.push_back(std::chrono::duration<double>(now - before).count());
        } while (now - begin < std::chrono::milliseconds(1));
    }

    /// How long single calls of each contestant take, over this many turns of about a millisecond each.
    inline std::vector<latency> call_latencies(const std::vector<std::function<void()>>& contestants, int turns)
    {
        std::vector<std::vector<double>> seconds(contestants.size());
        for (int turn = 0; turn < turns; ++turn)
            for (std::size_t i = 0; i < contestants.size(); ++i)
                add_call_times(contestants[i], seconds[i]);
        std::vector<latency> results;
        for (std::vector<double>& times : seconds)
            results.push_back(latency_of(std::move(times)));
        return results;
    }
}
