// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A plan that a search found, and what is proven about it.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/choice.hpp>
#include <quantkit/sensitivity/plan_problem.hpp>

#include <concepts>
#include <cstddef>
#include <string_view>

namespace quantkit
{
    /// What is known about a solution.
    enum class plan_status
    {
        optimal,    ///< no plan within the budgets is better, but for rounding (1e-12 of the objective)
        feasible,   ///< within the budgets; better ones may exist, down to lower_bound
        infeasible, ///< no plan is within the budgets
        unknown     ///< none was found, but one may exist
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    constexpr std::string_view name_of(plan_status status)
    {
        constexpr std::string_view names[] = { "optimal", "feasible", "infeasible", "unknown" };
        return names[static_cast<std::size_t>(status)];
    }

    /// plan, total  empty and zero unless a plan was found
    /// lower_bound  no plan within the budgets has a lesser objective
    struct plan_solution
    {
        plan_status status = plan_status::unknown; ///< what is known about the plan
        choices plan {};
        plan_option total {};
        double lower_bound = 0.0;

        /// Whether there is a plan.
        bool found() const { return status == plan_status::optimal || status == plan_status::feasible; }
    };

    /// A policy that solves plan problems.
    template <class Search>
    concept plan_search = requires(const Search& search, const plan_problem& problem)
    {
        {
            search(problem)
            } -> std::same_as<plan_solution>;
    };

    /// The number that was to be small.
    constexpr double objective_of(const plan_option& total, plan_objective objective)
    {
        return objective == plan_objective::error   ? total.error
               : objective == plan_objective::bytes ? static_cast<double>(total.bytes)
                                                    : total.microseconds;
    }

    /// How much better a plan might exist: 0 once the plan is proven optimal.
    inline double gap_of(const plan_solution& solution, plan_objective objective)
    {
        return solution.found() ? objective_of(solution.total, objective) - solution.lower_bound : 0.0;
    }
}
