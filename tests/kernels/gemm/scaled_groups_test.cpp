// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/scaled_groups.hpp>

#include <doctest/doctest.h>

#include <cstddef>

using namespace quantkit::kernels;

TEST_CASE("tiles find the columns of a panel where group_place() puts them; common ones are the same everywhere")
{
    const float values[3 * 4 * panel_columns] = {};
    const group_columns own { values, 4 * panel_columns, panel_columns }, common { values, 0, 0 };
    for (std::size_t panel = 0; panel < 3; ++panel)
        for (std::size_t group = 0; group < 4; ++group)
        {
            CHECK(own.at(panel, group) == values + group_place(panel * panel_columns, group, 4));
            CHECK(own.from_panel(panel).at(0, group) == own.at(panel, group));
            CHECK(common.at(panel, group) == values);
        }
    CHECK(group_columns {}.empty());
    CHECK(!common.empty());
}
