// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/row_strips.hpp>

#include <doctest/doctest.h>

#include <cstddef>

using quantkit::kernels::row_strips;

TEST_CASE("strips follow one another, are as few as tiles allow and differ by one row at most")
{
    constexpr std::size_t first_row = 7;
    for (std::size_t tile_rows = 1; tile_rows <= 12; ++tile_rows)
        for (std::size_t rows = 1; rows <= 150; ++rows)
        {
            CAPTURE(tile_rows);
            CAPTURE(rows);
            const row_strips strips(first_row, rows, tile_rows);
            REQUIRE(strips.count() == (rows + tile_rows - 1) / tile_rows);
            REQUIRE(strips.begin(0) == first_row);
            REQUIRE(strips.begin(strips.count()) == first_row + rows);
            for (std::size_t strip = 0; strip < strips.count(); ++strip)
            {
                const std::size_t height = strips.begin(strip + 1) - strips.begin(strip);
                REQUIRE(height <= tile_rows);
                REQUIRE(height >= rows / strips.count());
                REQUIRE(height <= rows / strips.count() + 1);
            }
        }
}

TEST_CASE("no rows are no strips")
{
    const row_strips strips(5, 0, 12);
    CHECK(strips.count() == 0);
    CHECK(strips.begin(0) == 5);
}
