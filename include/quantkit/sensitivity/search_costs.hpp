// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A plan problem as searches see it: one cost, at most two resources, and no option that another one is better than.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/plan_problem.hpp>
#include <quantkit/sensitivity/plan_solution.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace quantkit
{
    /// Two of the three sums of a plan can be bounded while the third is minimised.
    inline constexpr std::size_t max_resources = 2;

    /// Bytes and microseconds, as far as they are bounded.
    using resource_amounts = std::array<double, max_resources>;
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// cost       what is minimised
    /// resources  what is bounded; 0 beyond those that are
    /// choice     the option's index in the problem
    struct search_option
    {
        double cost = 0.0;
        resource_amounts resources {};
        std::size_t choice = 0;

        /// At least as good in everything; of equal ones, the first.
        bool dominates(const search_option& other) const
        {
            const bool no_worse =
                cost <= other.cost && resources[0] <= other.resources[0] && resources[1] <= other.resources[1];
            const bool equal = cost == other.cost && resources == other.resources;
            return no_worse && (!equal || choice < other.choice);
        }

        bool same_numbers(const search_option& other) const
        {
            return cost == other.cost && resources == other.resources && choice == other.choice;
        }
    };

    inline std::optional<double> budget_of(const plan_budgets& budgets, plan_objective what)
    {
        if (what == plan_objective::error)
            return budgets.error;
        if (what == plan_objective::microseconds)
            return budgets.microseconds;
        return budgets.bytes ? std::optional(static_cast<double>(*budgets.bytes)) : std::nullopt;
    }

    /// Options of all layers, one after another. Bytes are exact up to 2^53.
    class search_costs
    {
    public:
        /// Throws where check_problem() does.
        explicit search_costs(const plan_problem& problem)
        {
            check_problem(problem);
            for (const plan_objective what :
                 { plan_objective::error, plan_objective::bytes, plan_objective::microseconds })
                if (const auto budget = budget_of(problem.budgets, what); budget && what != problem.objective)
                {
                    bounded_[resources_] = what;
                    budgets_[resources_++] = *budget;
                }
            begins_.push_back(0);
            for (const std::vector<plan_option>& layer : problem.layers)
            {
                add_layer(layer, problem.objective);
                begins_.push_back(options_.size());
            }
        }

        std::size_t layers() const { return begins_.size() - 1; }
        std::size_t resources() const { return resources_; }
        const resource_amounts& budgets() const { return budgets_; }

        /// All but that of the objective.
        bool keeps_budgets(const plan_option& total) const
        {
            for (std::size_t k = 0; k < resources_; ++k)
                if (objective_of(total, bounded_[k]) > budgets_[k])
                    return false;
            return is_allowed(total);
        }

        std::span<const search_option> operator[](std::size_t layer) const
        {
            return { options_.data() + begins_[layer], begins_[layer + 1] - begins_[layer] };
        }

    private:
        void add_layer(const std::vector<plan_option>& layer, plan_objective objective)
        {
            std::vector<search_option> all;
            for (std::size_t j = 0; j < layer.size(); ++j)
            {
                if (!is_allowed(layer[j]))
                    continue;
                search_option option { objective_of(layer[j], objective), {}, j };
                for (std::size_t k = 0; k < resources_; ++k)
                    option.resources[k] = objective_of(layer[j], bounded_[k]);
                all.push_back(option);
            }
            for (const search_option& option : all)
                if (std::none_of(all.begin(), all.end(),
                                 [&](const search_option& other) { return other.dominates(option); }))
                    options_.push_back(option);
        }

        std::size_t resources_ = 0;
        std::array<plan_objective, max_resources> bounded_ {};
        resource_amounts budgets_ {};
        std::vector<search_option> options_;
        std::vector<std::size_t> begins_;
    };
}
