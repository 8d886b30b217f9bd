// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Random plan problems, and the definition of what searches look for: every plan is looked at.
#pragma once

#include <quantkit/sensitivity/plan_problem.hpp>
#include <quantkit/sensitivity/plan_solution.hpp>

#include "support/random.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace quantkit::test
{
    template <class Look>
    void for_each_plan(const plan_problem& problem, const Look& look)
    {
        choices plan(problem.layers.size(), 0);
        for (;;)
        {
            look(plan, total_of(problem, plan));
            std::size_t i = 0;
            while (i < plan.size() && ++plan[i] == problem.layers[i].size())
                plan[i++] = 0;
            if (i == plan.size())
                return;
        }
    }

    /// Infinite if no plan fits.
    inline double least_objective(const plan_problem& problem)
    {
        double least = std::numeric_limits<double>::infinity();
        for_each_plan(problem,
                      [&](const choices&, const plan_option& total)
                      {
                          if (fits(total, problem.budgets))
                              least = std::min(least, objective_of(total, problem.objective));
                      });
        return least;
    }

    enum class plan_numbers
    {
        small_integers, ///< many ties
        dyadic,
        decimal, ///< sums round
        equal_layers
    };

    inline plan_option random_option(random_bits& bits, plan_numbers kind)
    {
        if (kind == plan_numbers::decimal)
            return { bits.uniform(), static_cast<std::size_t>(bits.integer(1, 1000)), bits.uniform() * 10.0 };
        const std::int64_t most = kind == plan_numbers::dyadic ? 4096 : 3;
        return { static_cast<double>(bits.integer(0, most)) / 64.0, static_cast<std::size_t>(bits.integer(0, most)),
                 static_cast<double>(bits.integer(0, most)) / 8.0 };
    }

    /// One to six layers of one to four options, some of them forbidden.
    inline plan_problem random_problem(random_bits& bits, plan_numbers kind)
    {
        plan_problem problem;
        problem.layers.resize(static_cast<std::size_t>(bits.integer(1, 6)));
        for (auto& layer : problem.layers)
        {
            const auto options = static_cast<std::size_t>(bits.integer(1, 4));
            for (std::size_t j = 0; j < options; ++j)
                layer.push_back(j > 0 && bits.integer(0, 9) == 0 ? forbidden_option : random_option(bits, kind));
            if (kind == plan_numbers::equal_layers && bits.integer(0, 3) > 0)
                layer = problem.layers.front();
        }
        return problem;
    }

    /// Layers as those of a model: cheaper options have greater errors, with noise. The budgets are tight.
    inline plan_problem large_problem(std::size_t layers, std::size_t options, std::uint64_t seed)
    {
        random_bits bits(seed);
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
