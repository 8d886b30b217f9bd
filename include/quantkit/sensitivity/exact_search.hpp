// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The best plan within the budgets, with a proof: one of error, bytes and microseconds is minimised, the others may be
/// bounded. This is the multiple-choice knapsack problem with up to two constraints.
///
///     1  lagrangian_bound.hpp   prices of the resources, and a lower bound for every plan
///     2  rounded_plan.hpp       a good plan near the one of these prices: an upper bound
///     3  core_problem.hpp       deviations from that plan, with what each costs beyond the lower bound
///     4  core_search.hpp        all sets of deviations that fit between the bounds, for limits that grow until they
///                               reach the upper bound; what is best then is optimal
///
/// Step 4 may take exponential time; it ends after a number of steps, not after a time, so that the result is always
/// the same. Then the plan comes with the bound that was proven.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/core_problem.hpp>
#include <quantkit/sensitivity/core_search.hpp>
#include <quantkit/sensitivity/lagrangian_bound.hpp>
#include <quantkit/sensitivity/plan_problem.hpp>
#include <quantkit/sensitivity/plan_solution.hpp>
#include <quantkit/sensitivity/rounded_plan.hpp>
#include <quantkit/sensitivity/search_costs.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    class exact_solver
    {
    public:
        exact_solver(const plan_problem& problem, std::size_t work)
            : problem_(problem)
            , costs_(problem)
            , work_(work)
        {
        }

        plan_solution solve()
        {
            const lagrangian dual(costs_);
            const dual_point best = dual.maximum();
            bound_ = best.value;
            solution_.lower_bound = std::max(0.0, bound_);
            if (dual.proves_infeasible(best))
                solution_.status = plan_status::infeasible;
            else
                search(core_of(costs_, best.prices), best.prices);
            look_at_own_budget();
            return solution_;
        }

    private:
        void search(const core_problem& core, const resource_amounts& prices)
        {
            accept(core.plan);
            if (const auto plan = plan_rounding(costs_, core).plan())
                accept(*plan);
            tolerance_ =
                relative_rounding * (core.cost + prices[0] * costs_.budgets()[0] + prices[1] * costs_.budgets()[1]);

            core_search sets(core, costs_, slack_of(core), work_);
            const auto improve = [&](const core_state& state, double limit)
            {
                if (core.cost + state.cost < least_ - tolerance_)
                    accept(sets.plan_of(state));
                return std::min(limit, gap());
            };
            const double all_sets = greatest_sum(core);
            double done = 0.0; // all sets below were seen
            for (double limit = first_limit(core); done < gap() - tolerance_ && done <= all_sets; limit *= growth)
            {
                if (sets.run(std::min(limit, gap()), improve) == core_outcome::out_of_work)
                    return conclude(false, done);
                done = limit;
            }
            conclude(true, done);
        }

        /// The objective's own budget is looked at once the minimum is known.
        void accept(const choices& plan)
        {
            const plan_option total = total_of(problem_, plan);
            if (!costs_.keeps_budgets(total) || objective_of(total, problem_.objective) >= least_)
                return;
            least_ = objective_of(total, problem_.objective);
            solution_.plan = plan;
            solution_.total = total;
        }

        /// What the base plan leaves of the budgets, and a little more: sums of deviations round otherwise than those
        /// of plans, and plans are checked in the end.
        resource_amounts slack_of(const core_problem& core) const
        {
            resource_amounts slack {};
            for (std::size_t k = 0; k < costs_.resources(); ++k)
            {
                const double budget = costs_.budgets()[k];
                slack[k] = budget - core.resources[k] + relative_rounding * (budget + core.resources[k]);
            }
            return slack;
        }

        double gap() const { return least_ - bound_; }

        /// A few deviations are below it. Limits grow slowly from there: the number of sets grows exponentially.
        static double first_limit(const core_problem& core)
        {
            constexpr std::size_t few = 8;
            std::vector<double> reduced;
            for (const core_layer& layer : core.layers)
                for (const deviation& each : layer.deviations)
                    if (each.reduced > 0.0)
                        reduced.push_back(each.reduced);
            if (reduced.empty())
                return 1.0;
            const auto place = reduced.begin() + static_cast<std::ptrdiff_t>(std::min(few, reduced.size() - 1));
            std::nth_element(reduced.begin(), place, reduced.end());
            return *place;
        }

        static double greatest_sum(const core_problem& core)
        {
            double sum = 0.0;
            for (const core_layer& layer : core.layers)
                sum += layer.deviations.back().reduced;
            return sum;
        }

        void conclude(bool complete, double done)
        {
            const bool found = std::isfinite(least_);
            if (complete)
                solution_.status = found ? plan_status::optimal : plan_status::infeasible;
            else
                solution_.status = found ? plan_status::feasible : plan_status::unknown;
            solution_.lower_bound = complete && found ? least_ : std::max(0.0, std::min(bound_ + done, least_));
        }

        void look_at_own_budget()
        {
            const auto budget = detail::budget_of(problem_.budgets, problem_.objective);
            if (!budget || (solution_.found() && least_ <= *budget))
                return;
            if (solution_.lower_bound > *budget)
                solution_.status = plan_status::infeasible;
            else if (solution_.status == plan_status::feasible)
                solution_.status = plan_status::unknown;
            solution_.plan.clear();
            solution_.total = {};
        }

        static constexpr double relative_rounding = 1e-12;
        static constexpr double growth = 1.25;

        const plan_problem& problem_;
        search_costs costs_;
        std::size_t work_;
        double bound_ = 0.0;
        double least_ = std::numeric_limits<double>::infinity();
        double tolerance_ = 0.0;
        plan_solution solution_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// work  steps, each of one set of deviations: 2^23 take 0.2 to 0.4 s and at most 250 MB
    ///
    /// 57 layers of 8 options take 0.2 ms, or 30 ms where two budgets are tight; 10,000 layers 40 ms. Where two budgets
    /// are tight and hundreds of layers are all different, the work ends after 0.2 s, before the proof, with a gap
    /// below 10^-3 of the objective, for 10,000 layers about 10^-4 (benchmarks/plan_search_bench, Zen 3, -O2).
    struct exact_search
    {
        std::size_t work = std::size_t { 1 } << 23;

        /// Throws where check_problem() does.
        plan_solution operator()(const plan_problem& problem) const
        {
            return detail::exact_solver(problem, work).solve();
        }
    };
    static_assert(plan_search<exact_search>);
}
