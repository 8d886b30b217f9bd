// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/plan_verification.hpp>

#include "../support/toy_evaluated_model.hpp"

#include <quantkit/sensitivity/measure_sensitivity.hpp>
#include <quantkit/sensitivity/table_problem.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>
#include <vector>

using namespace quantkit;
using quantkit::test::toy_evaluated_model;

namespace
{
    const sample_range all { 0, 21, 4 };
    const choices coarse { 2, 2, 2, 1 };

    plan_problem problem_of(const toy_evaluated_model& subject)
    {
        return quantkit::problem_of(measure_sensitivity(subject));
    }
}

TEST_CASE("plan verification: the error of a whole plan, however it is divided")
{
    const toy_evaluated_model subject;
    std::vector<float> want(42), y(42);
    subject.run(choices(4), 0, 21, want);
    subject.run(coarse, 0, 21, y);
    const double error = output_mse {}.error(want, y, { 0, 21, 2 });
    CHECK_GT(error, 0.0);
    const double measured = measured_error(subject, coarse, output_mse {}, all, sequential {});
    CHECK_EQ(measured, doctest::Approx(error).epsilon(1e-12));
    Eigen::ThreadPool pool(2);
    CHECK_EQ(measured_error(subject, coarse, output_mse {}, all, thread_pool(pool)), measured);
    CHECK_EQ(measured_error(subject, choices(4), output_mse {}, all, sequential {}), 0.0);
    CHECK_THROWS_WITH_AS(measured_error(subject, coarse, output_mse {}, { 0, 0, 4 }, sequential {}),
                         "quantkit: a plan cannot be measured on 0 samples by 4", std::invalid_argument);
    toy_evaluated_model broken;
    broken.broken_sample = 5;
    CHECK_THROWS_WITH_AS(measured_error(broken, coarse, output_mse {}, all, sequential {}), "a broken sample",
                         std::runtime_error);
}

TEST_CASE("plan verification: without a bound, a plan stays what it is")
{
    const toy_evaluated_model subject;
    const plan_problem problem = problem_of(subject);
    const verified_plan verified = verify_plan(subject, problem, coarse, output_mse {}, all, sequential {});
    CHECK_EQ(verified.plan, coarse);
    CHECK(verified.keeps_bound);
    CHECK(verified.repairs.empty());
    CHECK_EQ(verified.predicted, total_of(problem, coarse).error);
    CHECK_EQ(verified.measured, measured_error(subject, coarse, output_mse {}, all, sequential {}));
}

TEST_CASE("plan verification: layers take better candidates until the bound is kept")
{
    const toy_evaluated_model subject;
    const plan_problem problem = problem_of(subject);
    const double before = measured_error(subject, coarse, output_mse {}, all, sequential {});
    for (const double share : { 0.9, 0.3, 0.01, 0.0 })
    {
        const verified_plan verified =
            verify_plan(subject, problem, coarse, output_mse {}, all, sequential {}, share * before);
        CHECK(verified.keeps_bound);
        CHECK_LE(verified.measured, share * before);
        CHECK_FALSE(verified.repairs.empty());
        choices repaired = coarse;
        for (const plan_repair& repair : verified.repairs)
        {
            CHECK_EQ(repaired[repair.layer], repair.from);
            repaired[repair.layer] = repair.to;
        }
        CHECK_EQ(repaired, verified.plan);
    }
    CHECK_EQ(verify_plan(subject, problem, coarse, output_mse {}, all, sequential {}, 0.0).plan, choices(4));
}

TEST_CASE("plan verification: repairs keep the budget of bytes, even if the bound is missed")
{
    const toy_evaluated_model subject;
    plan_problem problem = problem_of(subject);
    problem.budgets.bytes = total_of(problem, coarse).bytes + 1; // room for one layer from 1 to 2 bytes
    const verified_plan verified = verify_plan(subject, problem, coarse, output_mse {}, all, sequential {}, 0.0);
    CHECK_FALSE(verified.keeps_bound);
    CHECK_EQ(verified.repairs.size(), 1u);
    CHECK_LE(total_of(problem, verified.plan).bytes, *problem.budgets.bytes);
}
