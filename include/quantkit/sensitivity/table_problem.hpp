// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From a table of measurements to the numbers that searches see.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/plan_problem.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <vector>

namespace quantkit
{
    /// Which number stands for a layer's error.
    enum class error_estimate
    {
        mean,
        upper_end ///< of its interval: a plan then keeps clear of layers that little is known of
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The option of an entry: forbidden where it is not allowed or its error is infinite or unknown. Errors below 0,
    /// of a model that gains from rounding, count as 0. Without a time, it takes none.
    inline plan_option option_of(const sensitivity_entry& entry, error_estimate estimate = error_estimate::mean)
    {
        const double error = estimate == error_estimate::mean ? entry.error : entry.interval.high;
        if (!entry.allowed || !(error <= std::numeric_limits<double>::max()))
            return forbidden_option;
        return { std::max(0.0, error), entry.bytes, entry.microseconds.value_or(0.0) };
    }

    /// Options are in the order of the table's candidates, so that a solution's plan is one for its model.
    inline plan_problem problem_of(const sensitivity_table& table, const plan_budgets& budgets = {},
                                   plan_objective objective = plan_objective::error,
                                   error_estimate estimate = error_estimate::mean)
    {
        plan_problem problem { {}, budgets, objective };
        for (std::size_t layer = 0; layer < table.layers().size(); ++layer)
        {
            std::vector<plan_option>& options = problem.layers.emplace_back();
            for (std::size_t choice = 0; choice < table.candidates().size(); ++choice)
                options.push_back(option_of(table.at(layer, choice), estimate));
        }
        return problem;
    }
}
