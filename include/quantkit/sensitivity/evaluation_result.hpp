// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What an evaluator found in the form that is kept, printed and written.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/disagreements.hpp>
#include <quantkit/sensitivity/sensitivity_evaluator.hpp>
#include <quantkit/sensitivity/sensitivity_result.hpp>

#include <cstddef>
#include <string>
#include <utility>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The plan is the verified one, with the error of the whole model on held-out samples; repairs void the search's
    /// proof. Where the search found no plan, there is none.
    ///
    /// compared  the candidate whose measured order of layers is held against the prior's
    inline sensitivity_result result_of(std::string model, const evaluated_sensitivity<layer_prior>& found,
                                        std::size_t compared, const evaluation_options& options = {})
    {
        sensitivity_result result { std::move(model), found.table };
        result.priors = found.priors;
        result.disagreements = disagreements_of(found.priors, found.table, compared);
        result.seed = options.measuring.bootstrap.seed;
        result.options = { { "block", concat(options.measuring.block) },
                           { "round", concat(options.measuring.round) },
                           { "settled within", concat(options.measuring.stopping.relative) },
                           { "confidence", concat(options.measuring.bootstrap.confidence) },
                           { "resamples", concat(options.measuring.bootstrap.resamples) },
                           { "held out", concat(options.held_out) } };
        result.interactions = found.interactions;
        if (!found.solution.found())
            return result;
        planned_model plan = planned("least " + std::string(name_of(found.problem.objective)), found.solution);
        if (!found.verified.repairs.empty())
        {
            plan.name += concat(", ", found.verified.repairs.size(), " repairs");
            plan.plan = found.verified.plan;
            plan.predicted = total_of(found.problem, plan.plan);
            plan.status = plan_status::feasible;
            plan.repairs = found.verified.repairs;
        }
        plan.measured = { { found.table.metric() + ", held out", found.verified.measured } };
        result.plans.push_back(std::move(plan));
        return result;
    }
}
