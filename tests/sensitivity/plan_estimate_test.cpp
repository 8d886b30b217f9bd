// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/plan_estimate.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <stdexcept>

using namespace quantkit;

namespace
{
    sensitivity_table timed_table()
    {
        sensitivity_table table("output MSE",
                                { { "a", layer_kind::feed_forward, 100, 100 }, { "b", layer_kind::pooling, 0, 0 } },
                                { { "FP32" }, { "INT8" } }, { 4 });
        const auto set = [&](std::size_t layer, std::size_t choice, double error, std::size_t bytes, double time)
        {
            sensitivity_entry& entry = table.at(layer, choice);
            entry.allowed = true;
            entry.error = error;
            entry.interval = { 0.5 * error, 2.0 * error };
            entry.settled = layer == 0;
            entry.bytes = bytes;
            entry.microseconds = time;
        };
        set(0, 0, 0.0, 400, 10.0);
        set(0, 1, 0.25, 100, 4.0);
        set(1, 0, 0.0, 0, 2.0);
        set(1, 1, 0.75, 0, 1.0);
        return table;
    }
}

TEST_CASE("estimate_plan: sums over layers")
{
    const sensitivity_table table = timed_table();
    const plan_estimate estimate = estimate_plan(table, { 1, 0 });
    CHECK(estimate.times_smaller == 4.0);
    CHECK(estimate.speed_up == 2.0);
    CHECK(estimate.error == 0.25);
    CHECK(estimate.interval == error_interval { 0.125, 0.5 });
    CHECK(estimate.confidence == estimate_confidence::high);
    CHECK(text_of(estimate, table.metric())
          == "estimate: 4.00 times smaller, 2.00 times as fast, output MSE 0.25 (0.125 to 0.5), confidence high");
}

TEST_CASE("estimate_plan: confidence by the settled share of the error")
{
    const sensitivity_table table = timed_table();
    CHECK(estimate_plan(table, { 1, 1 }).confidence == estimate_confidence::low); // 0.25 of 1
    CHECK(estimate_plan(table, { 1, 1 }, { 0.9, 0.2 }).confidence == estimate_confidence::medium);
    CHECK(estimate_plan(table, { 0, 0 }).confidence == estimate_confidence::high);
    CHECK(estimate_plan(table, { 0, 0 }).times_smaller == 1.0);
}

TEST_CASE("estimate_plan: without times there is no speed-up")
{
    sensitivity_table table = timed_table();
    table.at(1, 0).microseconds.reset();
    CHECK(!estimate_plan(table, { 1, 0 }).speed_up);
    CHECK(text_of(estimate_plan(table, { 1, 0 }), "x").find("speed not measured") != std::string::npos);
}

TEST_CASE("estimate_plan: plans that do not fit")
{
    sensitivity_table table = timed_table();
    CHECK_THROWS_WITH_AS(estimate_plan(table, { 0 }), "quantkit: a plan of 1 choices does not fit a table of 2 layers",
                         std::invalid_argument);
    table.at(1, 1).allowed = false;
    CHECK_THROWS_WITH_AS(estimate_plan(table, { 0, 1 }), "quantkit: layer 'b' does not allow INT8",
                         std::invalid_argument);
}
