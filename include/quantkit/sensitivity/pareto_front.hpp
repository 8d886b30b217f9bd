// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// All plans worth considering: those that no other plan beats in both error and bytes (or microseconds).
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/plan_problem.hpp>
#include <quantkit/sensitivity/plan_solution.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// A plan that no other one beats in both.
    struct pareto_point
    {
        choices plan;
        plan_option total;
    };

    /// points  by ascending amount and descending error
    /// exact   every point of the front is there; else points were left out, but those that are there are plans
    struct pareto_front
    {
        std::vector<pareto_point> points;
        bool exact = true;
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// A partial plan: its sums, and from which one it came by which option.
    struct front_state
    {
        double amount = 0.0, error = 0.0;
        std::uint32_t before = 0, choice = 0;
    };

    /// Keeps what nothing before it in the order of amounts is at least as accurate as.
    inline void keep_front(std::vector<front_state>& states)
    {
        std::stable_sort(states.begin(), states.end(),
                         [](const front_state& a, const front_state& b)
                         { return a.amount < b.amount || (a.amount == b.amount && a.error < b.error); });
        double least = std::numeric_limits<double>::infinity();
        std::erase_if(states,
                      [&](const front_state& state)
                      {
                          const bool dominated = state.error >= least;
                          least = std::min(least, state.error);
                          return dominated;
                      });
    }

    /// Leaves the two ends and, in each of equal spans of amounts, the most accurate state.
    inline void thin_front(std::vector<front_state>& states, std::size_t most)
    {
        const double first = states.front().amount, width = states.back().amount - first;
        const auto span_of = [&](const front_state& state)
        { return static_cast<std::size_t>((state.amount - first) / width * static_cast<double>(most - 2)); };
        std::vector<front_state> kept { states.front() };
        for (std::size_t i = 1; i < states.size(); ++i)
        {
            const bool last_of_span = i + 1 == states.size() || span_of(states[i + 1]) != span_of(states[i]);
            if (last_of_span)
                kept.push_back(states[i]);
        }
        states = std::move(kept);
    }

    inline choices plan_behind(const std::vector<std::vector<front_state>>& levels, std::size_t point)
    {
        choices plan(levels.size() - 1);
        for (std::size_t i = plan.size(); i > 0; --i)
        {
            const front_state& state = levels[i][point];
            plan[i - 1] = state.choice;
            point = state.before;
        }
        return plan;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Adds layer after layer and drops what is dominated; budgets and objective do not count. Where a list grows
    /// beyond `most` states it is thinned. Memory and time: layers * most * options.
    ///
    /// amount  bytes or microseconds; most  at least 3, below 2^32
    inline pareto_front pareto_front_of(const plan_problem& problem, plan_objective amount = plan_objective::bytes,
                                        std::size_t most = std::size_t { 1 } << 14)
    {
        require(amount != plan_objective::error, "a front shows bytes or microseconds against error, not error");
        require(most >= 3 && most <= std::numeric_limits<std::uint32_t>::max(), "a front of at most ", most,
                " points is out of bounds");
        check_problem(problem);
        pareto_front front;
        std::vector<std::vector<detail::front_state>> levels { { {} } };
        for (const std::vector<plan_option>& layer : problem.layers)
        {
            std::vector<detail::front_state> next;
            for (std::size_t before = 0; before < levels.back().size(); ++before)
                for (std::size_t j = 0; j < layer.size(); ++j)
                    if (is_allowed(layer[j]))
                        next.push_back({ levels.back()[before].amount + objective_of(layer[j], amount),
                                         levels.back()[before].error + layer[j].error,
                                         static_cast<std::uint32_t>(before), static_cast<std::uint32_t>(j) });
            detail::keep_front(next);
            if (next.size() > most)
            {
                detail::thin_front(next, most);
                front.exact = false;
            }
            levels.push_back(std::move(next));
        }
        for (std::size_t i = 0; i < levels.back().size(); ++i)
        {
            choices plan = detail::plan_behind(levels, i);
            const plan_option total = total_of(problem, plan);
            front.points.push_back({ std::move(plan), total });
        }
        return front;
    }
}
