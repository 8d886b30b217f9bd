// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/exact_search.hpp>

#include "support/plan_problems.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <vector>

using namespace quantkit;

namespace
{
    /// Budgets around what random plans take, so that many are tight and some cannot be kept.
    void add_budgets(plan_problem& problem, test::random_bits& bits)
    {
        choices plan;
        for (const auto& layer : problem.layers)
            plan.push_back(static_cast<std::size_t>(bits.integer(0, static_cast<std::int64_t>(layer.size()) - 1)));
        plan_option total = total_of(problem, plan);
        if (!is_allowed(total))
            total.error = 1.0;
        if (bits.integer(0, 3) > 0)
            problem.budgets.bytes = total.bytes;
        if (bits.integer(0, 3) > 0)
            problem.budgets.microseconds = total.microseconds * (bits.integer(0, 1) == 0 ? 1.0 : bits.uniform() + 0.5);
        if (bits.integer(0, 3) == 0)
            problem.budgets.error = total.error;
        problem.objective = static_cast<plan_objective>(bits.integer(0, 2));
    }
}

TEST_CASE("the plan is as good as the best of all plans")
{
    for (const test::plan_numbers kind : { test::plan_numbers::small_integers, test::plan_numbers::dyadic,
                                           test::plan_numbers::decimal, test::plan_numbers::equal_layers })
    {
        test::random_bits bits(static_cast<std::uint64_t>(kind) + 1);
        int infeasible = 0;
        for (int trial = 0; trial < 1500; ++trial)
        {
            CAPTURE(trial);
            plan_problem problem = test::random_problem(bits, kind);
            add_budgets(problem, bits);
            const double least = test::least_objective(problem);
            const plan_solution solution = exact_search {}(problem);
            if (std::isinf(least))
            {
                ++infeasible;
                REQUIRE(solution.status == plan_status::infeasible);
                CHECK(solution.plan.empty());
                continue;
            }
            REQUIRE(solution.status == plan_status::optimal);
            REQUIRE(solution.total == total_of(problem, solution.plan));
            REQUIRE(fits(solution.total, problem.budgets));
            const double rounding = kind == test::plan_numbers::decimal ? 1e-9 * least : 0.0;
            REQUIRE(std::abs(objective_of(solution.total, problem.objective) - least) <= rounding);
            REQUIRE(gap_of(solution, problem.objective) == 0.0);
        }
        CHECK(infeasible > 20);
        CHECK(infeasible < 1000);
    }
}

TEST_CASE("a large problem is solved within its budgets, and the bound holds")
{
    const plan_problem problem = test::large_problem(2000, 8, 1);
    const plan_solution solution = exact_search {}(problem);
    REQUIRE(solution.found());
    CHECK(solution.total == total_of(problem, solution.plan));
    CHECK(fits(solution.total, problem.budgets));
    CHECK(solution.lower_bound <= solution.total.error);
    CHECK(gap_of(solution, problem.objective) <= 1e-4 * solution.total.error);
}

TEST_CASE("with little work a plan is found all the same, with an honest bound")
{
    for (std::uint64_t seed = 0; seed < 20; ++seed)
    {
        const plan_problem problem = test::large_problem(40, 4, seed);
        const plan_solution best = exact_search {}(problem), hasty = exact_search { 10 }(problem);
        REQUIRE(best.status == plan_status::optimal);
        REQUIRE(hasty.found());
        CHECK(fits(hasty.total, problem.budgets));
        CHECK(hasty.lower_bound <= best.total.error);
        CHECK(hasty.total.error >= best.total.error);
    }
}

TEST_CASE("thousands of equal layers are no burden")
{
    const std::vector<plan_option> layer { { 0.0, 400, 4.0 }, { 0.125, 200, 2.5 }, { 0.5, 100, 2.0 } };
    plan_problem problem { std::vector<std::vector<plan_option>>(1500, layer) };
    problem.budgets.bytes = 1500 * 250 + 130;
    const plan_solution solution = exact_search {}(problem);
    CHECK(solution.status == plan_status::optimal);
    // 225,000 bytes to save, 200 of them for 1/8 each: 1125 layers less the 130 bytes to spare, which save none
    CHECK(solution.total.error == 1125 * 0.125);
}

TEST_CASE("the same problem gives the same plan")
{
    const plan_problem problem = test::large_problem(300, 5, 7);
    const plan_solution first = exact_search {}(problem), second = exact_search {}(problem);
    CHECK(first.plan == second.plan);
    CHECK(first.lower_bound == second.lower_bound);
}

TEST_CASE("no layers, no budgets, no choice")
{
    CHECK(exact_search {}({}).status == plan_status::optimal);
    const plan_problem free { { { { 0.5, 1, 1.0 }, { 0.25, 9, 9.0 }, { 0.25, 5, 9.0 } } } };
    const plan_solution solution = exact_search {}(free);
    CHECK(solution.status == plan_status::optimal);
    CHECK(solution.total.error == 0.25);
    const plan_problem poor { { { { 0.5, 10, 1.0 } } }, { .bytes = 9 } };
    CHECK(exact_search {}(poor).status == plan_status::infeasible);
    CHECK_THROWS_WITH_AS(exact_search {}({ { { forbidden_option } } }),
                         "quantkit: layer 0 has no option that is allowed", std::invalid_argument);
}
