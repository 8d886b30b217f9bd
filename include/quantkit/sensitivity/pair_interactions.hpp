// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Whether errors of layers add up, as searches assume: pairs of layers measured together, against the sum of both
/// alone.
#pragma once

#include <quantkit/calibration/splitmix64.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/executor.hpp>
#include <quantkit/sensitivity/choice.hpp>
#include <quantkit/sensitivity/evaluated_model.hpp>
#include <quantkit/sensitivity/output_metric.hpp>
#include <quantkit/sensitivity/plan_verification.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Two layers, each as a candidate.
    ///
    /// sum    of the errors that the table has of them alone
    /// joint  their error together, on the table's samples
    struct pair_interaction
    {
        std::size_t first = 0, second = 0;
        std::size_t first_choice = 0, second_choice = 0;
        double sum = 0.0, joint = 0.0;

        /// 1 where errors add up; above, they reinforce each other, below, they cancel out. 1 where there is none.
        constexpr double ratio() const { return sum > 0.0 ? joint / sum : 1.0; }

        friend constexpr bool operator==(const pair_interaction&, const pair_interaction&) = default;
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// [layer, candidate]
    using table_entries = std::vector<std::pair<std::size_t, std::size_t>>;

    /// Allowed entries but the reference, layer by layer.
    inline table_entries changing_entries(const sensitivity_table& table)
    {
        table_entries entries;
        for (std::size_t layer = 0; layer < table.layers().size(); ++layer)
            for (std::size_t choice = 1; choice < table.candidates().size(); ++choice)
                if (table.at(layer, choice).allowed)
                    entries.emplace_back(layer, choice);
        return entries;
    }

    /// Entries are in the order of layers.
    inline bool has_pairs(const table_entries& entries)
    {
        return !entries.empty() && entries.front().first != entries.back().first;
    }

    template <evaluated_model Model, output_metric Metric, executor Executor>
    std::vector<pair_interaction> measured_pairs(const Model& model, const sensitivity_table& table,
                                                 const table_entries& entries, const Metric& metric,
                                                 const sample_range& samples, const Executor& executor,
                                                 std::size_t pairs, std::uint64_t seed)
    {
        splitmix64 random(seed);
        std::vector<pair_interaction> found;
        while (found.size() < pairs)
        {
            auto a = entries[random.below(entries.size())], b = entries[random.below(entries.size())];
            if (a.first == b.first)
                continue;
            if (a.first > b.first)
                std::swap(a, b);
            choices plan(table.layers().size(), reference_candidate);
            plan[a.first] = a.second;
            plan[b.first] = b.second;
            found.push_back({ a.first, b.first, a.second, b.second,
                              table.at(a.first, a.second).error + table.at(b.first, b.second).error,
                              measured_error(model, plan, metric, samples, executor) });
        }
        return found;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Measures so many pairs of the table's entries, drawn by the seed, each of two different layers; a pair may be
    /// drawn twice.
    ///
    /// table    measured one layer at a time, on the same samples
    /// Throws unless two layers can change.
    template <evaluated_model Model, output_metric Metric, executor Executor>
    std::vector<pair_interaction> pair_interactions(const Model& model, const sensitivity_table& table,
                                                    const Metric& metric, const sample_range& samples,
                                                    const Executor& executor, std::size_t pairs, std::uint64_t seed = 1)
    {
        const auto entries = detail::changing_entries(table);
        require(detail::has_pairs(entries), "pairs need two layers that can change");
        return detail::measured_pairs(model, table, entries, metric, samples, executor, pairs, seed);
    }

    /// The same of pairs of layers that a plan changes, as what the plan makes them; none where it changes fewer than
    /// two.
    template <evaluated_model Model, output_metric Metric, executor Executor>
    std::vector<pair_interaction> plan_interactions(const Model& model, const sensitivity_table& table,
                                                    const choices& plan, const Metric& metric,
                                                    const sample_range& samples, const Executor& executor,
                                                    std::size_t pairs, std::uint64_t seed = 1)
    {
        check_choices(model, plan);
        detail::table_entries entries;
        for (std::size_t layer = 0; layer < plan.size(); ++layer)
            if (plan[layer] != reference_candidate)
                entries.emplace_back(layer, plan[layer]);
        if (!detail::has_pairs(entries))
            return {};
        return detail::measured_pairs(model, table, entries, metric, samples, executor, pairs, seed);
    }

    /// The ratio in the middle: what a plan's measured error is likely to be, as a share of the predicted one. 1
    /// without pairs.
    inline double median_ratio(const std::vector<pair_interaction>& pairs)
    {
        if (pairs.empty())
            return 1.0;
        std::vector<double> ratios;
        for (const pair_interaction& pair : pairs)
            ratios.push_back(pair.ratio());
        const auto middle = ratios.begin() + static_cast<std::ptrdiff_t>(ratios.size() / 2);
        std::nth_element(ratios.begin(), middle, ratios.end());
        return *middle;
    }
}
