// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/pareto_front.hpp>

#include "support/plan_problems.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <map>
#include <stdexcept>
#include <utility>
#include <vector>

using namespace quantkit;

namespace
{
    /// The definition: of all plans, those that no other one beats; amount to error.
    std::map<double, double> front_of_all_plans(const plan_problem& problem, plan_objective amount)
    {
        std::map<double, double> least; // by amount
        test::for_each_plan(problem,
                            [&](const choices&, const plan_option& total)
                            {
                                if (!is_allowed(total))
                                    return;
                                const auto [place, is_new] = least.emplace(objective_of(total, amount), total.error);
                                place->second = std::min(place->second, total.error);
                            });
        std::map<double, double> front;
        double best = std::numeric_limits<double>::infinity();
        for (const auto& [bytes, error] : least)
            if (error < best)
            {
                front.emplace(bytes, error);
                best = error;
            }
        return front;
    }
}

TEST_CASE("the front is that of all plans")
{
    for (const auto kind :
         { test::plan_numbers::small_integers, test::plan_numbers::dyadic, test::plan_numbers::equal_layers })
        for (const auto amount : { plan_objective::bytes, plan_objective::microseconds })
        {
            test::random_bits bits(static_cast<std::uint64_t>(kind) + 1);
            for (int trial = 0; trial < 300; ++trial)
            {
                const plan_problem problem = test::random_problem(bits, kind);
                const pareto_front front = pareto_front_of(problem, amount);
                CHECK(front.exact);
                std::map<double, double> found;
                for (const pareto_point& point : front.points)
                {
                    CHECK(point.total == total_of(problem, point.plan));
                    found.emplace(objective_of(point.total, amount), point.total.error);
                }
                REQUIRE(found.size() == front.points.size());
                REQUIRE(found == front_of_all_plans(problem, amount));
            }
        }
}

TEST_CASE("points ascend in bytes and descend in error, also of a model's size")
{
    const plan_problem problem = test::large_problem(57, 4, 3);
    const pareto_front front = pareto_front_of(problem, plan_objective::bytes, 2000);
    CHECK(front.points.size() <= 2000);
    CHECK(front.points.size() > 1000);
    CHECK_FALSE(front.exact);
    for (std::size_t i = 1; i < front.points.size(); ++i)
    {
        REQUIRE(front.points[i - 1].total.bytes < front.points[i].total.bytes);
        REQUIRE(front.points[i - 1].total.error > front.points[i].total.error);
    }
    CHECK(front.points.back().total.error == 0.0);
}

TEST_CASE("no layers have one plan")
{
    const pareto_front front = pareto_front_of({});
    REQUIRE(front.points.size() == 1);
    CHECK(front.points[0].plan.empty());
    CHECK_THROWS_WITH_AS(pareto_front_of({}, plan_objective::error),
                         "quantkit: a front shows bytes or microseconds against error, not error",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(pareto_front_of({}, plan_objective::bytes, 2),
                         "quantkit: a front of at most 2 points is out of bounds", std::invalid_argument);
}
