// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/sensitivity_table.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <stdexcept>

using namespace quantkit;

namespace
{
    sensitivity_table two_by_three()
    {
        return { "logits MSE",
                 { { "a", layer_kind::feed_forward, 10, 10 }, { "b", layer_kind::pooling, 0, 0 } },
                 { { "FP32" }, { "FP16" }, { "INT8" } },
                 { 8, 8, 5 } };
    }
}

TEST_CASE("every entry has a place of its own")
{
    sensitivity_table table = two_by_three();
    for (std::size_t layer = 0; layer < 2; ++layer)
        for (std::size_t choice = 0; choice < 3; ++choice)
        {
            CHECK_FALSE(table.at(layer, choice).allowed);
            table.at(layer, choice).bytes = 10 * layer + choice;
        }
    for (std::size_t layer = 0; layer < 2; ++layer)
        for (std::size_t choice = 0; choice < 3; ++choice)
            CHECK(table.at(layer, choice).bytes == 10 * layer + choice);
}

TEST_CASE("tables are equal if all that was measured is")
{
    sensitivity_table table = two_by_three();
    CHECK(table == two_by_three());
    table.at(1, 2).block_errors = { 1.0, 2.0, 3.0 };
    CHECK_FALSE(table == two_by_three());
}

TEST_CASE("entries that are not there are refused")
{
    const sensitivity_table table = two_by_three();
    CHECK_THROWS_WITH_AS(table.at(2, 0), "quantkit: a table of 2 layers and 3 candidates has no entry [2, 0]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(table.at(0, 3), "quantkit: a table of 2 layers and 3 candidates has no entry [0, 3]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(sensitivity_table("MSE", {}, {}, {}), "quantkit: a table needs a candidate: the reference",
                         std::invalid_argument);
}
