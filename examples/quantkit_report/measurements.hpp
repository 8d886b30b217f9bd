// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a report shows beyond the search: what plans do where they run, and how long layers take.
#pragma once

#include "support/latency.hpp"
#include "support/session_call.hpp"

#include <quantkit/model/calibration.hpp>
#include <quantkit/model/model_size.hpp>
#include <quantkit/report/report_data.hpp>
#include <quantkit/sensitivity/layer_latency.hpp>
#include <quantkit/sensitivity/pareto_front.hpp>
#include <quantkit/sensitivity/plan_verification.hpp>
#include <quantkit/sensitivity/simulated_model.hpp>
#include <quantkit/sensitivity/table_problem.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace demo
{
    /// Plans along the front: what the sum over layers says, and what the plans do to samples that chose nothing.
    template <class Metric, class Executor>
    void compare_front(quantkit::report_data& report, const quantkit::simulated_model& subject,
                       const quantkit::sensitivity_table& table, const Metric& metric,
                       const quantkit::sample_range& held_out, const Executor& threads)
    {
        constexpr std::size_t most = 8;
        const auto front = quantkit::pareto_front_of(problem_of(table)).points;
        const std::size_t shown = std::min(front.size(), most);
        for (std::size_t i = 0; i < shown; ++i)
        {
            const quantkit::pareto_point& point = front[i * front.size() / shown]; // the last one is FP32
            const double kib = static_cast<double>(point.total.bytes) / 1024.0;
            report.comparisons.push_back({ report.metric + ", plan of " + quantkit::fixed_text(kib, 1) + " KiB", "mean",
                                           point.total.error,
                                           measured_error(subject, point.plan, metric, held_out, threads) });
        }
    }

    /// How long each layer takes alone, as the plan has it.
    inline void add_latencies(quantkit::report_data& report, const quantkit::simulated_model& subject,
                              const quantkit::choices& plan, int turns)
    {
        quantkit::latency_options options;
        options.turns = static_cast<std::size_t>(turns);
        const auto latencies = layer_latencies(subject, options);
        for (std::size_t i = 0; i < plan.size(); ++i)
            report.layers[i].microseconds = latencies[i][plan[i]].microseconds;
    }

    /// Bytes and time of the plan as the table adds them up, and of its session: the quickest call, as other work on
    /// the machine only adds to it.
    inline void compare_session(quantkit::report_data& report, const quantkit::simulated_model& subject,
                                const quantkit::prepared_model& prepared, const quantkit::choices& plan,
                                const quantkit::matrix_f& sample, int turns)
    {
        double bytes = 0, microseconds = 0;
        for (const quantkit::report_layer& layer : report.layers)
        {
            bytes += static_cast<double>(layer.bytes);
            microseconds += layer.microseconds.value_or(0.0);
        }
        const quantkit::quantized_model quantized = convert(prepared, subject.plan_of(plan));
        const quantkit::session session(quantized);
        const std::vector<latency> times =
            call_latencies({ session_call(session, sample), session_call(prepared.reference, sample) }, turns);
        report.comparisons.push_back(
            { "weights", "bytes", bytes, static_cast<double>(quantkit::size_of(quantized).total()) });
        report.comparisons.push_back(
            { "one sample, layers one by one against the session", "us", microseconds, 1e6 * times[0].least });
        report.facts.push_back({ "one sample in FP32, us", quantkit::short_text(1e6 * times[1].least, 4) });
    }
}
