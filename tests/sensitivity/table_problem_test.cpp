// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/table_problem.hpp>

#include <doctest/doctest.h>

#include <limits>

using namespace quantkit;

namespace
{
    sensitivity_entry entry_of(double error, double high, std::size_t bytes)
    {
        sensitivity_entry entry;
        entry.allowed = true;
        entry.error = error;
        entry.interval = { 0.0, high };
        entry.bytes = bytes;
        return entry;
    }
}

TEST_CASE("entries become options")
{
    CHECK(option_of(entry_of(0.5, 0.75, 8)) == plan_option { 0.5, 8, 0.0 });
    CHECK(option_of(entry_of(0.5, 0.75, 8), error_estimate::upper_end) == plan_option { 0.75, 8, 0.0 });
    CHECK(option_of(entry_of(-0.5, 0.75, 8)) == plan_option { 0.0, 8, 0.0 });
    CHECK(option_of({}) == forbidden_option);
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK(option_of(entry_of(infinity, infinity, 8)) == forbidden_option);
    CHECK(option_of(entry_of(0.5, infinity, 8), error_estimate::upper_end) == forbidden_option);
    CHECK(option_of(entry_of(std::numeric_limits<double>::quiet_NaN(), 1.0, 8)) == forbidden_option);
    sensitivity_entry timed = entry_of(0.5, 0.75, 8);
    timed.microseconds = 3.5;
    CHECK(option_of(timed).microseconds == 3.5);
}

TEST_CASE("a problem has an option for each entry, in order")
{
    sensitivity_table table("MSE", { { "a", layer_kind::pooling, 0, 0 }, { "b", layer_kind::pooling, 0, 0 } },
                            { { "FP32" }, { "FP16" }, { "INT8" } }, { 1 });
    table.at(0, 0) = entry_of(0.0, 0.0, 8);
    table.at(0, 2) = entry_of(0.5, 0.75, 2);
    table.at(1, 0) = entry_of(0.0, 0.0, 16);
    const plan_problem problem = problem_of(table, { .bytes = 20 }, plan_objective::microseconds);
    REQUIRE(problem.layers.size() == 2);
    CHECK(problem.layers[0] == std::vector<plan_option> { { 0.0, 8, 0.0 }, forbidden_option, { 0.5, 2, 0.0 } });
    CHECK(problem.layers[1] == std::vector<plan_option> { { 0.0, 16, 0.0 }, forbidden_option, forbidden_option });
    CHECK(problem.budgets.bytes == 20);
    CHECK(problem.objective == plan_objective::microseconds);
}
