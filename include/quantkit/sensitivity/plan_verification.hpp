// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A plan was chosen by adding up what single layers do. Here all of it runs, on samples that chose nothing, and is
/// repaired where the sum was too hopeful.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/executor.hpp>
#include <quantkit/sensitivity/block_errors.hpp>
#include <quantkit/sensitivity/evaluated_model.hpp>
#include <quantkit/sensitivity/output_metric.hpp>
#include <quantkit/sensitivity/plan_problem.hpp>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <limits>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace quantkit
{
    /// Samples [first, first + count), `block` at a time.
    struct sample_range
    {
        std::size_t first = 0, count = 0;
        std::size_t block = 8;
    };

    /// One layer that took a better candidate because the plan had missed its bound.
    struct plan_repair
    {
        std::size_t layer = 0;
        std::size_t from = 0, to = 0;

        friend constexpr bool operator==(const plan_repair&, const plan_repair&) = default;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// predicted  the sum of the errors of the layers, for the plan as it is now
    /// measured   the error of the whole plan
    /// repairs    in the order in which they were made
    struct verified_plan
    {
        choices plan;
        double predicted = 0.0, measured = 0.0;
        bool keeps_bound = false; ///< whether the measured error is within the bound
        std::vector<plan_repair> repairs {};

        friend bool operator==(const verified_plan&, const verified_plan&) = default;
    };

    /// The mean error of a whole plan against the reference. The executor changes the time, never a bit.
    template <evaluated_model Model, output_metric Metric, executor Executor>
    double measured_error(const Model& model, const choices& plan, const Metric& metric, const sample_range& samples,
                          const Executor& executor)
    {
        check_choices(model, plan);
        require(samples.count > 0 && samples.block > 0, "a plan cannot be measured on ", samples.count, " samples by ",
                samples.block);
        const std::size_t blocks = (samples.count - 1) / samples.block + 1;
        std::vector<double> errors(blocks);
        std::vector<std::size_t> counts(blocks);
        std::vector<std::exception_ptr> failures(blocks);
        const auto measure_one = [&](std::size_t i)
        {
            const sample_block block { samples.first + i * samples.block,
                                       std::min(samples.block, samples.count - i * samples.block),
                                       model.output_size() };
            std::vector<float> reference(block.count * block.outputs), outputs(reference.size());
            model.run(choices(plan.size(), reference_candidate), block.first, block.count, reference);
            model.run(plan, block.first, block.count, outputs);
            errors[i] = metric.error(reference, outputs, block);
            counts[i] = block.count;
        };
        executor.run(blocks,
                     [&](std::size_t i) noexcept
                     {
                         try
                         {
                             measure_one(i);
                         }
                         catch (...)
                         {
                             failures[i] = std::current_exception();
                         }
                     });
        for (const std::exception_ptr& failure : failures)
            if (failure)
                std::rethrow_exception(failure);
        return mean_error(errors, counts);
    }
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The change that saves most error for each byte that it adds, within the budgets of bytes and time; nothing if
    /// none saves any. Of equals, the first.
    inline std::optional<plan_repair> best_repair(const plan_problem& problem, const choices& plan)
    {
        const plan_budgets budgets { problem.budgets.bytes, problem.budgets.microseconds, {} };
        std::optional<plan_repair> best;
        double best_worth = 0.0;
        for (std::size_t layer = 0; layer < plan.size(); ++layer)
            for (std::size_t choice = 0; choice < problem.layers[layer].size(); ++choice)
            {
                const plan_option &now = problem.layers[layer][plan[layer]], &then = problem.layers[layer][choice];
                choices changed = plan;
                changed[layer] = choice;
                const double saved = now.error - then.error;
                if (!(saved > 0.0) || !fits(total_of(problem, changed), budgets))
                    continue;
                const double added = then.bytes > now.bytes ? static_cast<double>(then.bytes - now.bytes) : 0.0;
                if (const double worth = saved / (added + 1.0); worth > best_worth)
                {
                    best = plan_repair { layer, plan[layer], choice };
                    best_worth = worth;
                }
            }
        return best;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Measures a plan and, while its error is above the bound, gives layers better candidates.
    ///
    /// problem  the numbers that the plan was chosen by; repairs keep its budgets of bytes and time
    /// bound    of the measured error; infinity only measures
    ///
    /// Between two measurements it repairs until the sum of errors has come down as much as the measured error has to,
    /// at least once. It ends with the bound kept, or without a repair that is left.
    template <evaluated_model Model, output_metric Metric, executor Executor>
    verified_plan verify_plan(const Model& model, const plan_problem& problem, const choices& plan,
                              const Metric& metric, const sample_range& samples, const Executor& executor,
                              double bound = std::numeric_limits<double>::infinity())
    {
        verified_plan result { plan, total_of(problem, plan).error, 0.0 };
        while (true)
        {
            result.measured = measured_error(model, result.plan, metric, samples, executor);
            result.keeps_bound = result.measured <= bound;
            if (result.keeps_bound)
                return result;
            const double wanted = result.predicted * bound / result.measured;
            const std::size_t repairs_before = result.repairs.size();
            do
            {
                const std::optional<plan_repair> repair = detail::best_repair(problem, result.plan);
                if (!repair)
                    break;
                result.plan[repair->layer] = repair->to;
                result.repairs.push_back(*repair);
                result.predicted = total_of(problem, result.plan).error;
            } while (result.predicted > wanted);
            if (result.repairs.size() == repairs_before)
                return result;
        }
    }
}
