// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From a model to a plan: what its layers' kinds say, what each of them really does, the best plan under a budget, and
/// what that plan does to samples that were not measured with.
///
///     const simulated_model subject(network, calibration, windows);
///     const auto found = sensitivity_evaluator {}(subject);
///     const session smaller(convert(prepared, subject.plan_of(found.verified.plan)));
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/executor.hpp>
#include <quantkit/sensitivity/blended_prior.hpp>
#include <quantkit/sensitivity/evaluated_model.hpp>
#include <quantkit/sensitivity/exact_search.hpp>
#include <quantkit/sensitivity/layer_facts.hpp>
#include <quantkit/sensitivity/layer_latency.hpp>
#include <quantkit/sensitivity/layerwise_model.hpp>
#include <quantkit/sensitivity/measure_sensitivity.hpp>
#include <quantkit/sensitivity/output_metric.hpp>
#include <quantkit/sensitivity/pair_interactions.hpp>
#include <quantkit/sensitivity/perturbation.hpp>
#include <quantkit/sensitivity/plan_problem.hpp>
#include <quantkit/sensitivity/plan_solution.hpp>
#include <quantkit/sensitivity/plan_verification.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>
#include <quantkit/sensitivity/table_problem.hpp>

#include <cmath>
#include <concepts>
#include <cstddef>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

namespace quantkit
{
    /// What a layer's facts say, in any type: shown beside the measurement, never a part of it.
    template <class Prior>
    concept layer_opinion = std::regular_invocable<const Prior&, const layer_facts&>;
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// priors    [layers] what the prior says
    /// table     what was measured
    /// problem   the table as numbers, with the budgets
    /// solution  what the search found
    /// verified  that plan on held-out samples, repaired if need be; empty if the search found none
    /// interactions  pairs of layers that this plan changes
    template <class Opinion>
    struct evaluated_sensitivity
    {
        std::vector<Opinion> priors;
        sensitivity_table table;
        plan_problem problem;
        plan_solution solution;
        verified_plan verified;
        std::vector<pair_interaction> interactions {};
    };

    /// measuring  its samples are those that measure; by default the first of the model's, without the held-out ones
    /// held_out   share of the model's samples, the last ones, that only verify
    /// budgets    without any, half of the reference's bytes
    /// objective  what is minimised under them
    /// timing     times each layer as each candidate, which a budget or an objective of microseconds needs
    /// estimate   whether a plan trusts mean errors or the upper ends of their intervals
    /// pairs      how many pairs of layers that the plan changes are measured together, on the samples that measured
    struct evaluation_options
    {
        measurement_options measuring {};
        double held_out = 0.25;
        plan_budgets budgets {};
        plan_objective objective = plan_objective::error;
        std::optional<latency_options> timing {};
        error_estimate estimate = error_estimate::mean;
        std::size_t pairs = 0;
    };

    /// Policies are values, each with a default: the prior, the perturbation, the metric, the search, the executor.
    template <layer_opinion Prior = blended_prior<>, class Perturbation = one_at_a_time,
              output_metric Metric = output_mse, plan_search Search = exact_search, executor Executor = sequential>
    class sensitivity_evaluator
    {
    public:
        /// What the prior says about a layer.
        using opinion = std::remove_cvref_t<std::invoke_result_t<const Prior&, const layer_facts&>>;

        explicit sensitivity_evaluator(evaluation_options options = {}, Prior prior = {},
                                       Perturbation perturbation = {}, Metric metric = {}, Search search = {},
                                       Executor executor = {})
            : options_(std::move(options))
            , prior_(std::move(prior))
            , perturbation_(std::move(perturbation))
            , metric_(std::move(metric))
            , search_(std::move(search))
            , executor_(std::move(executor))
        {
        }

        /// A copy that differs in one policy only, as do the following.
        sensitivity_evaluator with_options(evaluation_options options) const
        {
            return sensitivity_evaluator(std::move(options), prior_, perturbation_, metric_, search_, executor_);
        }
        /// A copy with this prior.
        template <layer_opinion Other>
        auto with_prior(Other other) const
        {
            return sensitivity_evaluator<Other, Perturbation, Metric, Search, Executor>(
                options_, std::move(other), perturbation_, metric_, search_, executor_);
        }
        /// A copy with this perturbation.
        template <class Other>
        auto with_perturbation(Other other) const
        {
            return sensitivity_evaluator<Prior, Other, Metric, Search, Executor>(options_, prior_, std::move(other),
                                                                                 metric_, search_, executor_);
        }
        /// A copy with this metric.
        template <output_metric Other>
        auto with_metric(Other other) const
        {
            return sensitivity_evaluator<Prior, Perturbation, Other, Search, Executor>(
                options_, prior_, perturbation_, std::move(other), search_, executor_);
        }
        /// A copy with this search.
        template <plan_search Other>
        auto with_search(Other other) const
        {
            return sensitivity_evaluator<Prior, Perturbation, Metric, Other, Executor>(
                options_, prior_, perturbation_, metric_, std::move(other), executor_);
        }
        /// A copy with this executor.
        template <executor Other>
        auto with_executor(Other other) const
        {
            return sensitivity_evaluator<Prior, Perturbation, Metric, Search, Other>(
                options_, prior_, perturbation_, metric_, search_, std::move(other));
        }

        /// Throws what the policies throw, and std::invalid_argument where there are no samples to measure with or to
        /// verify with, where times are wanted and not measured, and where the model's layers cannot be timed.
        template <evaluated_model Model>
        evaluated_sensitivity<opinion> operator()(const Model& model) const
        {
            check_timing(layerwise_model<Model>);
            const std::size_t held_out = held_out_samples(model.samples());
            measurement_options measuring = options_.measuring;
            if (measuring.samples == 0 && model.samples() - held_out > measuring.first)
                measuring.samples = model.samples() - held_out - measuring.first;
            std::vector<opinion> priors;
            for (const layer_facts& layer : model.layers())
                priors.push_back(prior_(layer));
            sensitivity_table table = measure_sensitivity(model, perturbation_, metric_, executor_, measuring);
            if constexpr (layerwise_model<Model>)
                if (options_.timing)
                    set_microseconds(table, latencies_of(model));
            plan_problem problem = problem_of(table, budgets_of(table), options_.objective, options_.estimate);
            plan_solution solution = search_(problem);
            const sample_range rest { model.samples() - held_out, held_out, measuring.block };
            evaluated_sensitivity<opinion> found {
                std::move(priors), std::move(table), std::move(problem), std::move(solution), {}
            };
            if (!found.solution.found())
                return found;
            const auto on = [&](const auto& executor)
            {
                const double bound = found.problem.budgets.error.value_or(std::numeric_limits<double>::infinity());
                found.verified = verify_plan(model, found.problem, found.solution.plan, metric_, rest, executor, bound);
                found.interactions = plan_interactions(model, found.table, found.verified.plan, metric_,
                                                       { measuring.first, measuring.samples, measuring.block },
                                                       executor, options_.pairs, measuring.bootstrap.seed);
            };
            if constexpr (sharing_executor<Executor>)
                on(sequential {}); // every process on its own: that takes a few runs
            else
                on(executor_);
            return found;
        }

    private:
        void check_timing(bool layers_run_alone) const
        {
            const bool wanted =
                options_.budgets.microseconds.has_value() || options_.objective == plan_objective::microseconds;
            require(options_.timing || !wanted, "a plan by microseconds needs times: the option timing measures them");
            require(!options_.timing || layers_run_alone, "layers of this model do not run alone, so that nothing can "
                                                          "time them");
        }

        /// Of several processes, the times of the first: all of them plan by the same numbers.
        template <layerwise_model Model>
        std::vector<std::vector<measured_latency>> latencies_of(const Model& model) const
        {
            std::vector<std::vector<measured_latency>> latencies = layer_latencies(model, *options_.timing);
            if constexpr (sharing_executor<Executor>)
            {
                std::vector<double> row;
                for (const std::vector<measured_latency>& layer : latencies)
                    for (const measured_latency& each : layer)
                        row.insert(row.end(), { each.microseconds, each.error });
                executor_.share(row, row.size());
                auto number = row.begin();
                for (std::vector<measured_latency>& layer : latencies)
                    for (measured_latency& each : layer)
                        each = { *number++, *number++ };
            }
            return latencies;
        }

        std::size_t held_out_samples(std::size_t samples) const
        {
            require(options_.held_out > 0.0 && options_.held_out < 1.0,
                    "the held-out share lies between 0 and 1, but is ", options_.held_out);
            const auto held_out =
                static_cast<std::size_t>(std::llround(options_.held_out * static_cast<double>(samples)));
            require(held_out > 0 && held_out < samples, "of ", samples, " samples, ", held_out,
                    " are held out: both parts need some");
            return held_out;
        }

        plan_budgets budgets_of(const sensitivity_table& table) const
        {
            const plan_budgets& given = options_.budgets;
            if (given.bytes || given.microseconds || given.error)
                return given;
            std::size_t bytes = 0;
            for (std::size_t layer = 0; layer < table.layers().size(); ++layer)
                bytes += table.at(layer, reference_candidate).bytes;
            plan_budgets half;
            half.bytes = bytes / 2;
            return half;
        }

        evaluation_options options_;
        Prior prior_;
        Perturbation perturbation_;
        Metric metric_;
        Search search_;
        Executor executor_;
    };
}
