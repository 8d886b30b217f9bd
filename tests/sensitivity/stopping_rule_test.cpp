// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/stopping_rule.hpp>

#include <quantkit/sensitivity/block_bootstrap.hpp>
#include <quantkit/sensitivity/block_jackknife.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

using namespace quantkit;

namespace
{
    /// Two layers, the reference and INT8, whose errors spread by these shares of their mean.
    sensitivity_table table_of(std::size_t blocks, double spread_a, double spread_b)
    {
        sensitivity_table table("MSE", { { "a", layer_kind::feed_forward, 1, 1 }, { "b", layer_kind::pooling, 0, 0 } },
                                { { "FP32" }, { "INT8" } }, std::vector<std::size_t>(blocks, 4));
        test::random_bits bits(1);
        for (std::size_t layer = 0; layer < 2; ++layer)
            for (std::size_t choice = 0; choice < 2; ++choice)
            {
                table.at(layer, choice).allowed = true;
                for (std::size_t i = 0; i < blocks; ++i)
                    table.at(layer, choice)
                        .block_errors.push_back(
                            choice == 0 ? 0.0 : 1.0 + (layer == 0 ? spread_a : spread_b) * (bits.uniform() - 0.5));
            }
        return table;
    }
}

TEST_CASE("narrow intervals are settled")
{
    CHECK(is_settled(1.0, { 0.8, 1.2 }, 8, { .relative = 0.25 }));
    CHECK_FALSE(is_settled(1.0, { 0.7, 1.3 }, 8, { .relative = 0.25 }));
    CHECK_FALSE(is_settled(1.0, { 0.8, 1.2 }, 7, { .relative = 0.25 }));
    CHECK(is_settled(0.0, { 0.0, 0.0 }, 8));
    CHECK_FALSE(is_settled(0.0, { -0.1, 0.1 }, 8));
    CHECK(is_settled(0.0, { -0.1, 0.1 }, 8, { .absolute = 0.1 }));
    CHECK_FALSE(is_settled(1.0, unknown_interval, 1));
    CHECK(is_settled(std::numeric_limits<double>::infinity(), infinite_error, 1));
}

TEST_CASE("half the width takes four times the blocks")
{
    CHECK(blocks_to_settle(1.0, { 0.6, 1.4 }, 10, { .relative = 0.2 }) == 40);
    CHECK(blocks_to_settle(1.0, { 0.9, 1.1 }, 10, { .relative = 0.2 }) == 10);
    CHECK(blocks_to_settle(1.0, { 0.9, 1.1 }, 3, { .relative = 0.2 }) == 8);
    CHECK(blocks_to_settle(1.0, unknown_interval, 1) == std::numeric_limits<std::size_t>::max());
    CHECK(blocks_to_settle(0.0, { -1.0, 1.0 }, 10) == std::numeric_limits<std::size_t>::max());
}

TEST_CASE("a table gets means, intervals and flags; what is not allowed is left alone")
{
    sensitivity_table table = table_of(16, 0.1, 4.0);
    table.at(1, 0) = {};
    set_intervals(table, block_bootstrap(table.block_samples()), { .relative = 0.1 });
    CHECK(table.at(0, 0).error == 0.0);
    CHECK(table.at(0, 0).settled);
    CHECK(table.at(0, 1).error == doctest::Approx(1.0).epsilon(0.05));
    CHECK(table.at(0, 1).interval.low < table.at(0, 1).error);
    CHECK(table.at(0, 1).interval.high > table.at(0, 1).error);
    CHECK(table.at(0, 1).settled);
    CHECK_FALSE(table.at(1, 1).settled);
    CHECK(table.at(1, 0) == sensitivity_entry {});
    CHECK(unsettled_entries(table) == 1);
}

TEST_CASE("more samples settle what few leave open")
{
    sensitivity_table few = table_of(10, 2.0, 2.0), many = table_of(1000, 2.0, 2.0);
    set_intervals(few, block_jackknife(few.block_samples()), { .relative = 0.1 });
    set_intervals(many, block_jackknife(many.block_samples()), { .relative = 0.1 });
    CHECK(unsettled_entries(few) == 2);
    CHECK(unsettled_entries(many) == 0);
}

TEST_CASE("an entry that lacks a block is refused by name")
{
    sensitivity_table table = table_of(4, 0.1, 0.1);
    table.at(1, 1).block_errors.pop_back();
    CHECK_THROWS_WITH_AS(set_intervals(table, block_jackknife(table.block_samples())),
                         "quantkit: layer 'b' as INT8 has errors of 3 blocks, not 4", std::invalid_argument);
}
