// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/exact_search.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace quantkit;

namespace
{
    /// The definition: every plan is looked at. Infinite if none fits.
    double least_objective(const plan_problem& problem)
    {
        double least = std::numeric_limits<double>::infinity();
        choices plan(problem.layers.size(), 0);
        for (;;)
        {
            const plan_option total = total_of(problem, plan);
            if (fits(total, problem.budgets))
                least = std::min(least, objective_of(total, problem.objective));
            std::size_t i = 0;
            while (i < plan.size() && ++plan[i] == problem.layers[i].size())
                plan[i++] = 0;
            if (i == plan.size())
                return least;
        }
    }

    enum class numbers
    {
        small_integers, ///< many ties
        dyadic,
        decimal, ///< sums round
        equal_layers
    };

    plan_option random_option(test::random_bits& bits, numbers kind)
    {
        if (kind == numbers::decimal)
            return { bits.uniform(), static_cast<std::size_t>(bits.integer(1, 1000)), bits.uniform() * 10.0 };
        const std::int64_t most = kind == numbers::dyadic ? 4096 : 3;
        return { static_cast<double>(bits.integer(0, most)) / 64.0, static_cast<std::size_t>(bits.integer(0, most)),
                 static_cast<double>(bits.integer(0, most)) / 8.0 };
    }

    plan_problem random_problem(test::random_bits& bits, numbers kind)
    {
        plan_problem problem;
        problem.layers.resize(static_cast<std::size_t>(bits.integer(1, 6)));
        for (auto& layer : problem.layers)
        {
            const auto options = static_cast<std::size_t>(bits.integer(1, 4));
            for (std::size_t j = 0; j < options; ++j)
                layer.push_back(j > 0 && bits.integer(0, 9) == 0 ? forbidden_option : random_option(bits, kind));
            if (kind == numbers::equal_layers && bits.integer(0, 3) > 0)
                layer = problem.layers.front();
        }
        return problem;
    }

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

    /// Layers of a model: cheaper options have greater errors, with noise.
    plan_problem large_problem(std::size_t layers, std::size_t options, std::uint64_t seed)
    {
        test::random_bits bits(seed);
        plan_problem problem;
        plan_option dearest;
        for (std::size_t i = 0; i < layers; ++i)
        {
            const double size = std::exp(4.0 * bits.uniform()), sensitivity = std::exp(8.0 * bits.uniform());
            auto& layer = problem.layers.emplace_back();
            for (std::size_t j = 0; j < options; ++j)
            {
                const double width = static_cast<double>(options - j) / static_cast<double>(options);
                layer.push_back({ j == 0 ? 0.0 : sensitivity * std::exp(-6.0 * width) * (0.5 + bits.uniform()),
                                  static_cast<std::size_t>(1000.0 * size * width),
                                  size * (0.3 + width * (0.5 + bits.uniform())) });
            }
            dearest.bytes += layer.front().bytes;
            dearest.microseconds += layer.front().microseconds;
        }
        problem.budgets.bytes = dearest.bytes * 45 / 100;
        problem.budgets.microseconds = dearest.microseconds * 0.7;
        return problem;
    }
}

TEST_CASE("the plan is as good as the best of all plans")
{
    for (const numbers kind : { numbers::small_integers, numbers::dyadic, numbers::decimal, numbers::equal_layers })
    {
        test::random_bits bits(static_cast<std::uint64_t>(kind) + 1);
        int infeasible = 0;
        for (int trial = 0; trial < 1500; ++trial)
        {
            CAPTURE(trial);
            plan_problem problem = random_problem(bits, kind);
            add_budgets(problem, bits);
            const double least = least_objective(problem);
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
            const double rounding = kind == numbers::decimal ? 1e-9 * least : 0.0;
            REQUIRE(std::abs(objective_of(solution.total, problem.objective) - least) <= rounding);
            REQUIRE(gap_of(solution, problem.objective) == 0.0);
        }
        CHECK(infeasible > 20);
        CHECK(infeasible < 1000);
    }
}

TEST_CASE("a large problem is solved within its budgets, and the bound holds")
{
    const plan_problem problem = large_problem(2000, 8, 1);
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
        const plan_problem problem = large_problem(40, 4, seed);
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
    const plan_problem problem = large_problem(300, 5, 7);
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
