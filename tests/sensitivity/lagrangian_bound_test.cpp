// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/lagrangian_bound.hpp>

#include "support/plan_problems.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

using namespace quantkit;

namespace
{
    plan_problem with_budgets(test::random_bits& bits)
    {
        plan_problem problem = test::random_problem(bits, test::plan_numbers::dyadic);
        plan_option total;
        for (const auto& layer : problem.layers)
        {
            total.bytes += layer.front().bytes;
            total.microseconds += layer.front().microseconds;
        }
        problem.budgets.bytes = total.bytes; // of a plan, so that one fits
        problem.budgets.microseconds = total.microseconds;
        return problem;
    }
}

TEST_CASE("no prices make a bound above the best plan, and the best prices none below that of others")
{
    test::random_bits bits(1);
    for (int trial = 0; trial < 500; ++trial)
    {
        const plan_problem problem = with_budgets(bits);
        const detail::search_costs costs(problem);
        const detail::lagrangian dual(costs);
        const detail::dual_point best = dual.maximum();
        const double least = test::least_objective(problem);
        REQUIRE(best.value <= least + 1e-9);
        CHECK_FALSE(dual.proves_infeasible(best));
        CHECK(dual.at(best.prices).value == best.value);
        for (int other = 0; other < 20; ++other)
        {
            const resource_amounts prices { 0.01 * bits.uniform(), 0.1 * bits.uniform() };
            const detail::dual_point point = dual.at(prices);
            REQUIRE(point.value <= best.value + 1e-9 * (1.0 + std::abs(best.value)));
            double tangent = point.value;
            for (std::size_t k = 0; k < max_resources; ++k)
                tangent += point.slope[k] * (best.prices[k] - prices[k]);
            REQUIRE(tangent >= best.value - 1e-9 * (1.0 + std::abs(best.value)));
        }
    }
}

TEST_CASE("one layer that mixes two options is the bound's exact value")
{
    // half of the bytes may be used: the relaxation takes half of each option
    const plan_problem problem { { { { 0.0, 100, 0.0 }, { 1.0, 0, 0.0 } } }, { .bytes = 50 } };
    const detail::search_costs costs(problem);
    const detail::dual_point best = detail::lagrangian(costs).maximum();
    CHECK(best.value == doctest::Approx(0.5));
    CHECK(best.prices[0] == doctest::Approx(0.01));
}

TEST_CASE("budgets that nothing keeps are proven infeasible")
{
    const plan_problem problem { { { { 0.0, 100, 1.0 }, { 1.0, 60, 2.0 } } }, { .bytes = 50 } };
    const detail::search_costs costs(problem);
    const detail::lagrangian dual(costs);
    CHECK(dual.proves_infeasible(dual.maximum()));
}

TEST_CASE("options that another one is better than are left out")
{
    const plan_problem problem { { { { 0.5, 10, 3.0 },
                                     { 0.5, 10, 3.0 },
                                     { 0.75, 10, 3.0 },
                                     { 0.25, 11, 3.0 },
                                     forbidden_option,
                                     { 0.5, 9, 3.5 } } },
                                 { .bytes = 100, .microseconds = 100.0 } };
    const auto kept = [](const plan_problem& each)
    {
        const detail::search_costs costs(each);
        std::vector<std::size_t> found;
        for (const detail::search_option& option : costs[0])
            found.push_back(option.choice);
        return found;
    };
    CHECK(kept(problem) == std::vector<std::size_t> { 0, 3, 5 });
    plan_problem without_time = problem;
    without_time.budgets.microseconds.reset();
    CHECK(kept(without_time) == std::vector<std::size_t> { 3, 5 });
    plan_problem free = problem;
    free.budgets = {};
    CHECK(kept(free) == std::vector<std::size_t> { 3 });
}
