// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A report of a sensitivity analysis.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/report/report_data.hpp>
#include <quantkit/sensitivity/pareto_front.hpp>
#include <quantkit/sensitivity/plan_estimate.hpp>
#include <quantkit/sensitivity/sensitivity_level.hpp>
#include <quantkit/sensitivity/sensitivity_result.hpp>
#include <quantkit/sensitivity/table_problem.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Layer i as the plan has it, its sensitivity that of one candidate.
    inline report_layer report_layer_of(const sensitivity_result& result, const choices& plan, std::size_t i,
                                        std::size_t candidate)
    {
        const sensitivity_table& table = result.table;
        const sensitivity_entry &shown = table.at(i, candidate), &chosen = table.at(i, plan[i]);
        report_layer layer { table.layers()[i].name, std::string(name_of(table.layers()[i].kind)) };
        if (!result.priors.empty())
        {
            layer.prior_score = result.priors.at(i).total;
            layer.prior_level = name_of(result.priors[i].level);
        }
        layer.error = shown.error;
        layer.low = shown.interval.low;
        layer.high = shown.interval.high;
        layer.settled = shown.settled;
        layer.precision = table.candidates()[plan[i]].name;
        layer.bytes = chosen.bytes;
        layer.reference_bytes = table.at(i, reference_candidate).bytes;
        layer.microseconds = chosen.microseconds;
        return layer;
    }

    /// How many layers a plan gives each candidate: "24 INT8 static, 6 FP16".
    inline std::string counts_of(const choices& plan, const sensitivity_table& table)
    {
        std::string counts;
        for (std::size_t i = 0; i < table.candidates().size(); ++i)
            if (const auto count = std::count(plan.begin(), plan.end(), i); count > 0)
                counts += concat(counts.empty() ? "" : ", ", count, " ", table.candidates()[i].name);
        return counts;
    }

    /// At most `most` points, evenly taken, the ends among them.
    inline std::vector<report_plan_point> points_of(const pareto_front& front, const plan_option& chosen,
                                                    std::size_t most)
    {
        std::vector<report_plan_point> points;
        const std::size_t count = front.points.size(), shown = std::min(count, most);
        for (std::size_t i = 0; i < shown; ++i)
        {
            const plan_option& total = front.points[shown == 1 ? 0 : i * (count - 1) / (shown - 1)].total;
            points.push_back({ static_cast<double>(total.bytes), total.error, false });
        }
        points.push_back({ static_cast<double>(chosen.bytes), chosen.error, true });
        return points;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// plan       index of the plan that is shown
    /// candidate  whose errors are the layers' sensitivity; layers that do not allow it have error 0
    /// Throws unless both exist.
    inline report_data report_of(const sensitivity_result& result, std::size_t plan, std::size_t candidate)
    {
        const sensitivity_table& table = result.table;
        require(plan < result.plans.size(), "there is no plan ", plan, ", there are ", result.plans.size());
        require(candidate < table.candidates().size(), "there is no candidate ", candidate, ", there are ",
                table.candidates().size());
        const planned_model& shown = result.plans[plan];
        report_data report;
        report.title = "Sensitivity of " + result.model;
        report.metric = table.metric();
        std::size_t bytes = 0, unsettled = 0;
        for (std::size_t i = 0; i < table.layers().size(); ++i)
        {
            report.layers.push_back(detail::report_layer_of(result, shown.plan, i, candidate));
            bytes += report.layers.back().reference_bytes;
            unsettled += !report.layers.back().settled;
        }
        report.verdict = concat("Plan ", shown.name, ": ",
                                fixed_text(static_cast<double>(bytes)
                                               / static_cast<double>(std::max<std::size_t>(shown.predicted.bytes, 1)),
                                           2),
                                " times smaller; ", detail::counts_of(shown.plan, table), ".");
        report.reasons = { concat("errors of layers: as ", table.candidates()[candidate].name, ", one at a time"),
                           concat("the search says: ", name_of(shown.status)),
                           text_of(estimate_plan(table, shown.plan), table.metric()) };
        if (unsettled > 0)
            report.warnings.push_back(
                concat(unsettled, " of ", report.layers.size(), " layers are not settled: measure with more samples"));
        for (const disagreement& each : result.disagreements)
            report.warnings.push_back(each.text);
        report.front = detail::points_of(pareto_front_of(problem_of(table)), shown.predicted, 120);
        for (const named_number& each : shown.measured)
            if (each.name.starts_with(table.metric()))
                report.comparisons.push_back({ each.name, "mean", shown.predicted.error, each.value });
        for (const named_option& option : result.options)
            report.facts.push_back({ option.name, option.value });
        report.facts.push_back({ "seed", std::to_string(result.seed) });
        report.facts.push_back({ "digest", digest_of(result).text() });
        return report;
    }
}
