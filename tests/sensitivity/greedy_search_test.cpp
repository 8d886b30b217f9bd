// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/greedy_search.hpp>

#include <quantkit/sensitivity/exact_search.hpp>

#include "support/plan_problems.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <stdexcept>

using namespace quantkit;

namespace
{
    /// Saving the second layer's bytes is cheap, the first one's dear; INT4 is dear in both.
    const plan_problem two_layers { { { { 0.0, 40, 4.0 }, { 0.8, 10, 2.0 }, { 2.0, 5, 2.0 } },
                                      { { 0.0, 40, 4.0 }, { 0.1, 10, 3.5 }, { 9.0, 5, 1.0 } } } };

    choices greedy_plan(plan_problem problem, const plan_budgets& budgets, greedy_search search = {})
    {
        problem.budgets = budgets;
        return search(problem).plan;
    }
}

TEST_CASE("steps are taken by the error for what they save")
{
    CHECK(greedy_plan(two_layers, {}) == choices { 0, 0 });
    CHECK(greedy_plan(two_layers, { .bytes = 80 }) == choices { 0, 0 });
    CHECK(greedy_plan(two_layers, { .bytes = 79 }) == choices { 0, 1 });
    CHECK(greedy_plan(two_layers, { .bytes = 50 }) == choices { 0, 1 });
    CHECK(greedy_plan(two_layers, { .bytes = 49 }) == choices { 1, 1 });
    CHECK(greedy_plan(two_layers, { .bytes = 19 }) == choices { 2, 1 });
    CHECK(greedy_plan(two_layers, { .bytes = 10 }) == choices { 2, 2 });
    CHECK(greedy_plan(two_layers, { .bytes = 9 }).empty());
    CHECK(greedy_plan(two_layers, { .microseconds = 7.5 }, { plan_objective::microseconds }) == choices { 0, 1 });
    CHECK(greedy_plan(two_layers, { .microseconds = 7.4 }, { plan_objective::microseconds }) == choices { 1, 1 });
}

TEST_CASE("bytes shrink as long as the error allows")
{
    plan_problem problem = two_layers;
    problem.objective = plan_objective::bytes;
    CHECK(greedy_plan(problem, { .error = 0.0 }) == choices { 0, 0 });
    CHECK(greedy_plan(problem, { .error = 0.5 }) == choices { 0, 1 });
    CHECK(greedy_plan(problem, { .error = 0.9 }) == choices { 1, 1 });
    CHECK(greedy_plan(problem, { .error = 3.0 }) == choices { 2, 1 });
    CHECK(greedy_plan(problem, {}) == choices { 2, 2 });
}

TEST_CASE("greedy plans keep the budgets and are never better than the best")
{
    int best = 0;
    for (std::uint64_t seed = 0; seed < 200; ++seed)
    {
        plan_problem problem = test::large_problem(12, 4, seed);
        problem.budgets.microseconds.reset();
        const plan_solution greedy = greedy_search {}(problem), exact = exact_search {}(problem);
        REQUIRE(greedy.status == plan_status::feasible);
        REQUIRE(exact.status == plan_status::optimal);
        CHECK(fits(greedy.total, problem.budgets));
        CHECK(greedy.total == total_of(problem, greedy.plan));
        CHECK(greedy.total.error >= exact.total.error);
        best += greedy.total.error == exact.total.error;
    }
    CHECK(best > 5);
    CHECK(best < 195);
}

TEST_CASE("forbidden options are never taken")
{
    const plan_problem problem { { { forbidden_option, { 0.5, 8, 1.0 }, { 0.75, 2, 1.0 }, forbidden_option } },
                                 { .bytes = 4 } };
    CHECK(greedy_search {}(problem).plan == choices { 2 });
    CHECK_THROWS_WITH_AS(greedy_search { plan_objective::error }(problem),
                         "quantkit: greedy steps save bytes or microseconds, not error", std::invalid_argument);
    CHECK_THROWS_WITH_AS(greedy_search {}({ { { forbidden_option } } }),
                         "quantkit: layer 0 has no option that is allowed", std::invalid_argument);
}
