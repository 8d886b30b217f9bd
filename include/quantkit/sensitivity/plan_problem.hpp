// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Choosing one option for each layer, as numbers: what searches solve, whatever the model.
///
/// Errors, bytes and microseconds of a plan are the sums of those of its options. For bytes that is exact; for errors
/// it is the assumption that layers disturb the outputs independently, which a run of the finished plan checks.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/choice.hpp>

#include <cmath>
#include <cstddef>
#include <limits>
#include <optional>
#include <string_view>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// error         lower is better, not negative; infinite if the option must not be taken
    /// microseconds  0 where latency does not count
    struct plan_option
    {
        double error = 0.0;
        std::size_t bytes = 0;
        double microseconds = 0.0;

        friend constexpr bool operator==(const plan_option&, const plan_option&) = default;
    };

    /// Of a candidate that a layer cannot take.
    inline constexpr plan_option forbidden_option { std::numeric_limits<double>::infinity(), 0, 0.0 };

    /// What is to be as small as the budgets allow.
    enum class plan_objective
    {
        error,
        bytes,
        microseconds
    };

    /// Greatest sums of a plan, each included; what is not there does not count.
    struct plan_budgets
    {
        std::optional<std::size_t> bytes {};
        std::optional<double> microseconds {};
        std::optional<double> error {};
    };

    constexpr std::string_view name_of(plan_objective objective)
    {
        constexpr std::string_view names[] = { "error", "bytes", "microseconds" };
        return names[static_cast<std::size_t>(objective)];
    }

    /// Whether the layer can take it.
    constexpr bool is_allowed(const plan_option& option) { return option.error <= std::numeric_limits<double>::max(); }

    /// layers     [layers][options] in the order of the candidates; layers may have different numbers of them
    /// objective  the sum to be minimised under the budgets
    struct plan_problem
    {
        std::vector<std::vector<plan_option>> layers;
        plan_budgets budgets {}; ///< what the plan must keep
        plan_objective objective = plan_objective::error;
    };

    /// Throws unless errors and times are numbers that are not negative, and each layer has an allowed option.
    inline void check_problem(const plan_problem& problem)
    {
        for (std::size_t i = 0; i < problem.layers.size(); ++i)
        {
            bool possible = false;
            for (const plan_option& option : problem.layers[i])
            {
                require(option.error >= 0.0, "an error must not be negative, but layer ", i, " has ", option.error);
                require(option.microseconds >= 0.0 && std::isfinite(option.microseconds),
                        "a time must be finite and not negative, but layer ", i, " has ", option.microseconds);
                possible = possible || is_allowed(option);
            }
            require(possible, "layer ", i, " has no option that is allowed");
        }
        require(!problem.budgets.error || *problem.budgets.error >= 0.0, "no plan has an error of at most ",
                problem.budgets.error.value_or(0.0));
        require(!problem.budgets.microseconds || *problem.budgets.microseconds >= 0.0, "no plan takes at most ",
                problem.budgets.microseconds.value_or(0.0), " microseconds");
    }

    /// The sums over the chosen options; infinite errors where one is forbidden. Throws unless each choice exists.
    inline plan_option total_of(const plan_problem& problem, const choices& plan)
    {
        require(plan.size() == problem.layers.size(), "a plan of ", plan.size(), " choices does not fit ",
                problem.layers.size(), " layers");
        plan_option total;
        for (std::size_t i = 0; i < plan.size(); ++i)
        {
            require(plan[i] < problem.layers[i].size(), "layer ", i, " has ", problem.layers[i].size(),
                    " options, not option ", plan[i]);
            const plan_option& option = problem.layers[i][plan[i]];
            total.error += option.error;
            total.bytes += option.bytes;
            total.microseconds += option.microseconds;
        }
        return total;
    }

    /// Whether a plan keeps all budgets.
    inline bool fits(const plan_option& total, const plan_budgets& budgets)
    {
        return is_allowed(total) && (!budgets.bytes || total.bytes <= *budgets.bytes)
               && (!budgets.microseconds || total.microseconds <= *budgets.microseconds)
               && (!budgets.error || total.error <= *budgets.error);
    }
}
