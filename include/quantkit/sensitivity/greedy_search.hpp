// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Plans step by step: whatever adds the least error for each byte, or microsecond, that it saves.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/plan_problem.hpp>
#include <quantkit/sensitivity/plan_solution.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// rate  added error for each unit saved
    struct greedy_step
    {
        std::size_t layer = 0, choice = 0;
        double rate = 0.0;
    };

    /// Of least error; of those, the least amount.
    inline std::size_t most_accurate(const std::vector<plan_option>& options, plan_objective amount)
    {
        return static_cast<std::size_t>(
            std::min_element(options.begin(), options.end(),
                             [&](const plan_option& a, const plan_option& b) {
                                 return a.error < b.error
                                        || (a.error == b.error && objective_of(a, amount) < objective_of(b, amount));
                             })
            - options.begin());
    }

    /// The step of the least rate from this option on; of equal rates, the one that saves most. Nothing if none saves.
    inline std::optional<greedy_step> next_step(std::size_t layer, const std::vector<plan_option>& options,
                                                std::size_t now, plan_objective amount)
    {
        std::optional<greedy_step> best;
        double most_saved = 0.0;
        for (std::size_t j = 0; j < options.size(); ++j)
        {
            const double saves = objective_of(options[now], amount) - objective_of(options[j], amount);
            if (!is_allowed(options[j]) || !(saves > 0.0))
                continue;
            const double rate = (options[j].error - options[now].error) / saves;
            if (!best || rate < best->rate || (rate == best->rate && saves > most_saved))
            {
                best = { layer, j, rate };
                most_saved = saves;
            }
        }
        return best;
    }

    /// A layer's steps down from its most accurate option: their rates ascend.
    inline void append_steps(std::size_t layer, const std::vector<plan_option>& options, plan_objective amount,
                             std::vector<greedy_step>& steps)
    {
        auto step = next_step(layer, options, most_accurate(options, amount), amount);
        for (; step; step = next_step(layer, options, step->choice, amount))
            steps.push_back(*step);
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Starts with the plan of least error and takes the steps of all layers in the order of their rates: until the
    /// budgets are kept if the error is minimised, else as long as the error's budget is.
    ///
    /// by  what a step saves: bytes or microseconds. The result is feasible or unknown, never proven.
    struct greedy_search
    {
        plan_objective by = plan_objective::bytes;

        /// Throws where check_problem() does, and if steps are to save error.
        plan_solution operator()(const plan_problem& problem) const
        {
            require(by != plan_objective::error, "greedy steps save bytes or microseconds, not error");
            check_problem(problem);
            plan_solution solution;
            std::vector<detail::greedy_step> steps;
            for (std::size_t i = 0; i < problem.layers.size(); ++i)
            {
                solution.plan.push_back(detail::most_accurate(problem.layers[i], by));
                detail::append_steps(i, problem.layers[i], by, steps);
            }
            std::stable_sort(steps.begin(), steps.end(),
                             [](const detail::greedy_step& a, const detail::greedy_step& b)
                             { return a.rate < b.rate; });
            return problem.objective == plan_objective::error ? until_it_fits(problem, steps, std::move(solution))
                                                              : while_it_fits(problem, steps, std::move(solution));
        }

    private:
        static void apply(const plan_problem& problem, const detail::greedy_step& step, plan_solution& solution,
                          plan_option& total)
        {
            const plan_option& from = problem.layers[step.layer][solution.plan[step.layer]];
            const plan_option& to = problem.layers[step.layer][step.choice];
            total.error += to.error - from.error;
            total.bytes = total.bytes - from.bytes + to.bytes;
            total.microseconds += to.microseconds - from.microseconds;
            solution.plan[step.layer] = step.choice;
        }

        static plan_solution until_it_fits(const plan_problem& problem, const std::vector<detail::greedy_step>& steps,
                                           plan_solution solution)
        {
            plan_option total = total_of(problem, solution.plan);
            for (const detail::greedy_step& step : steps)
            {
                if (fits(total, problem.budgets))
                    break;
                apply(problem, step, solution, total);
            }
            return checked(problem, std::move(solution));
        }

        /// A layer whose step does not fit takes none of its later ones: they cost more.
        static plan_solution while_it_fits(const plan_problem& problem, const std::vector<detail::greedy_step>& steps,
                                           plan_solution solution)
        {
            plan_option total = total_of(problem, solution.plan);
            std::vector<bool> stopped(problem.layers.size(), false);
            for (const detail::greedy_step& step : steps)
            {
                if (stopped[step.layer])
                    continue;
                plan_option after = total;
                const std::size_t before = solution.plan[step.layer];
                apply(problem, step, solution, after);
                const bool accurate = !problem.budgets.error || after.error <= *problem.budgets.error;
                if (accurate)
                    total = after;
                else
                {
                    solution.plan[step.layer] = before;
                    stopped[step.layer] = true;
                }
            }
            return checked(problem, std::move(solution));
        }

        static plan_solution checked(const plan_problem& problem, plan_solution solution)
        {
            solution.total = total_of(problem, solution.plan);
            solution.status = plan_status::feasible;
            if (!fits(solution.total, problem.budgets))
                solution = {};
            return solution;
        }
    };
    static_assert(plan_search<greedy_search>);
}
