// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/evaluation_result.hpp>
#include <quantkit/sensitivity/sensitivity_evaluator.hpp>

#include "../support/toy_evaluated_model.hpp"

#include <quantkit/tensor/thread_pool.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;
using quantkit::test::toy_evaluated_model;

namespace
{
    /// Policies that the library does not know.
    struct length_of_name
    {
        std::size_t operator()(const layer_facts& layer) const { return layer.name.size(); }
    };

    /// The last candidate that is allowed, budgets or not.
    struct last_option
    {
        plan_solution operator()(const plan_problem& problem) const
        {
            plan_solution solution { plan_status::feasible, {}, {}, 0.0 };
            for (const std::vector<plan_option>& options : problem.layers)
            {
                std::size_t last = options.size() - 1;
                while (!is_allowed(options[last]))
                    --last;
                solution.plan.push_back(last);
            }
            solution.total = total_of(problem, solution.plan);
            return solution;
        }
    };
    static_assert(layer_opinion<length_of_name> && plan_search<last_option>);

    /// The fewest bytes within an error.
    evaluation_options fewest_bytes()
    {
        evaluation_options options;
        options.objective = plan_objective::bytes;
        options.budgets.error = 1e-5;
        options.measuring.block = 2;
        return options;
    }
}

TEST_CASE("sensitivity evaluator: from a model to a plan with all defaults")
{
    const toy_evaluated_model subject;
    const auto found = sensitivity_evaluator {}(subject);
    CHECK_EQ(found.priors.size(), 4u);
    CHECK_EQ(found.table.block_samples(), std::vector<std::size_t> { 8, 8 }); // 5 of 21 are held out
    CHECK_EQ(found.problem.budgets.bytes, 8u);
    CHECK_EQ(found.solution.status, plan_status::optimal);
    CHECK_LE(found.solution.total.bytes, 8u);
    CHECK_EQ(found.verified.plan, found.solution.plan);
    CHECK_EQ(found.verified.measured,
             measured_error(subject, found.verified.plan, output_mse {}, { 16, 5, 8 }, sequential {}));
}

TEST_CASE("sensitivity evaluator: every policy can be another")
{
    const toy_evaluated_model subject;
    Eigen::ThreadPool pool(2);
    const auto found = sensitivity_evaluator {}
                           .with_prior(length_of_name {})
                           .with_perturbation(leave_one_out {})
                           .with_metric(output_kl {})
                           .with_search(last_option {})
                           .with_executor(thread_pool(pool))(subject);
    CHECK_EQ(found.priors, std::vector<std::size_t> { 2, 2, 2, 2 });
    CHECK_EQ(found.table.metric(), "output KL divergence [nat]");
    CHECK_EQ(found.solution.plan, choices { 2, 2, 2, 1 });
}

TEST_CASE("sensitivity evaluator: a bound of the error is kept on samples that chose nothing")
{
    const toy_evaluated_model subject;
    evaluation_options options;
    options.objective = plan_objective::bytes;
    options.budgets.error = 1e-5;
    const auto found = sensitivity_evaluator { options }(subject);
    REQUIRE(found.solution.found());
    CHECK_LE(found.solution.total.error, 1e-5);
    CHECK(found.verified.keeps_bound);
    CHECK_LE(found.verified.measured, 1e-5);
    CHECK_LT(total_of(found.problem, found.verified.plan).bytes, 16u);
}

TEST_CASE("sensitivity evaluator: no plan, and no samples")
{
    toy_evaluated_model subject;
    evaluation_options options;
    options.budgets.bytes = 1;
    const auto found = sensitivity_evaluator { options }(subject);
    CHECK_EQ(found.solution.status, plan_status::infeasible);
    CHECK(found.verified.plan.empty());
    subject.sample_count = 1;
    CHECK_THROWS_WITH_AS(sensitivity_evaluator {}(subject),
                         "quantkit: of 1 samples, 0 are held out: both parts need some", std::invalid_argument);
    options.held_out = 1.0;
    CHECK_THROWS_WITH_AS(sensitivity_evaluator { options }(subject),
                         "quantkit: the held-out share lies between 0 and 1, but is 1", std::invalid_argument);
}

TEST_CASE("sensitivity evaluator: what it found as a result, whose digest no executor changes")
{
    const toy_evaluated_model subject;
    evaluation_options options = fewest_bytes();
    options.pairs = 5;
    const sensitivity_evaluator evaluate { options };
    Eigen::ThreadPool pool(3);
    const auto found = evaluate(subject);
    const sensitivity_result result = result_of("toy", found, 1, options);
    CHECK_EQ(result.priors.size(), 4u);
    REQUIRE_EQ(result.plans.size(), 1u);
    CHECK_EQ(result.plans[0].plan, found.verified.plan);
    CHECK_EQ(result.plans[0].predicted.error, found.verified.predicted);
    CHECK_EQ(result.plans[0].repairs, found.verified.repairs);
    CHECK_EQ(result.interactions.size(), 5u);
    CHECK_EQ(result.interactions[0].first_choice, found.verified.plan[result.interactions[0].first]);
    CHECK_EQ(result.plans[0].measured[0].name, "output MSE, held out");
    CHECK_EQ(result.plans[0].measured[0].value, found.verified.measured);
    const auto by_threads = evaluate.with_executor(thread_pool(pool))(subject);
    CHECK_EQ(digest_of(result).value(), digest_of(result_of("toy", by_threads, 1, options)).value());
    options.measuring.bootstrap.seed = 2;
    const auto otherwise = evaluate.with_options(options)(subject);
    CHECK_NE(digest_of(result).value(), digest_of(result_of("toy", otherwise, 1, options)).value());
    options.budgets.bytes = 0, options.budgets.error.reset();
    CHECK(result_of("toy", evaluate.with_options(options)(subject), 1).plans.empty());
}

TEST_CASE("sensitivity evaluator: a repaired plan is the result's, without the search's proof")
{
    const toy_evaluated_model subject;
    evaluation_options options = fewest_bytes();
    auto found = sensitivity_evaluator { options }(subject);
    const std::vector<std::size_t> coarse { 2, 2, 2, 1 };
    found.verified = verify_plan(subject, found.problem, coarse, output_mse {}, { 0, 21, 4 }, sequential {}, 0.0);
    REQUIRE_GT(found.verified.repairs.size(), 0u);

    const planned_model plan = result_of("toy", found, 1, options).plans.at(0);
    CHECK_EQ(plan.name, "least bytes, " + std::to_string(found.verified.repairs.size()) + " repairs");
    CHECK_EQ(plan.plan, found.verified.plan);
    CHECK_EQ(plan.repairs, found.verified.repairs);
    CHECK_EQ(plan.predicted.bytes, total_of(found.problem, found.verified.plan).bytes);
    CHECK_EQ(plan.status, plan_status::feasible);
}
