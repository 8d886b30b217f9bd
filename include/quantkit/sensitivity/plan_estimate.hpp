// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a plan will probably do, before it has run: estimates, and labelled so. Only bytes are exact.
///
///     times smaller  = bytes of the reference / bytes of the plan                      exact
///     speed-up       = us of the reference / us of the plan, sums over layers          if all of them were timed
///     error          = sum of the layers' errors, from low to high the sum of their intervals
///     confidence     = by the share of the error that settled measurements make up:
///                      at least 0.9 high, at least 0.5 medium, else low
///
/// Sums over layers leave out that errors of layers can cancel or feed each other, and that layers next to each other
/// can be computed together: verify_plan() and a session's latency say what is true.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/choice.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace quantkit
{
    /// How far an estimate may be trusted.
    enum class estimate_confidence
    {
        low,
        medium,
        high
    };

    constexpr std::string_view name_of(estimate_confidence confidence)
    {
        constexpr std::string_view names[] = { "low", "medium", "high" };
        return names[static_cast<std::size_t>(confidence)];
    }

    /// Least shares of the error that is settled.
    struct confidence_thresholds
    {
        double high = 0.9;
        double medium = 0.5;
    };

    struct plan_estimate
    {
        double times_smaller = 1.0;
        std::optional<double> speed_up {};
        double error = 0.0;
        error_interval interval {};
        estimate_confidence confidence = estimate_confidence::high;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Throws unless the plan has one allowed candidate of the table for each layer. A plan without any error, such as
    /// the reference, is settled; one without any bytes is 1 time smaller.
    inline plan_estimate estimate_plan(const sensitivity_table& table, const choices& plan,
                                       const confidence_thresholds& thresholds = {})
    {
        require(plan.size() == table.layers().size(), "a plan of ", plan.size(), " choices does not fit a table of ",
                table.layers().size(), " layers");
        plan_estimate estimate;
        double reference_bytes = 0.0, bytes = 0.0, reference_time = 0.0, time = 0.0, settled = 0.0;
        bool timed = !plan.empty();
        for (std::size_t i = 0; i < plan.size(); ++i)
        {
            const sensitivity_entry &before = table.at(i, reference_candidate), &after = table.at(i, plan[i]);
            require(after.allowed, "layer '", table.layers()[i].name, "' does not allow ",
                    table.candidates()[plan[i]].name);
            reference_bytes += static_cast<double>(before.bytes);
            bytes += static_cast<double>(after.bytes);
            timed = timed && before.microseconds && after.microseconds;
            reference_time += before.microseconds.value_or(0.0);
            time += after.microseconds.value_or(0.0);
            estimate.error += after.error;
            estimate.interval.low += after.interval.low;
            estimate.interval.high += after.interval.high;
            settled += after.settled || plan[i] == reference_candidate ? std::max(0.0, after.error) : 0.0;
        }
        if (bytes > 0.0)
            estimate.times_smaller = reference_bytes / bytes;
        if (timed && time > 0.0)
            estimate.speed_up = reference_time / time;
        const double share = estimate.error > 0.0 ? settled / estimate.error : 1.0;
        estimate.confidence = share >= thresholds.high     ? estimate_confidence::high
                              : share >= thresholds.medium ? estimate_confidence::medium
                                                           : estimate_confidence::low;
        return estimate;
    }

    /// "estimate: 3.97 times smaller, 2.10 times as fast, output MSE 1.2e-05 (1.0e-05 to 1.5e-05), confidence medium"
    inline std::string text_of(const plan_estimate& estimate, std::string_view metric)
    {
        const std::string speed =
            estimate.speed_up ? fixed_text(*estimate.speed_up, 2) + " times as fast" : "speed not measured";
        return concat("estimate: ", fixed_text(estimate.times_smaller, 2), " times smaller, ", speed, ", ", metric, " ",
                      short_text(estimate.error), " (", short_text(estimate.interval.low), " to ",
                      short_text(estimate.interval.high), "), confidence ", name_of(estimate.confidence));
    }
}
