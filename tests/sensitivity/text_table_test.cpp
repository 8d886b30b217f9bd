// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/text_table.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>

using namespace quantkit;

TEST_CASE("numbers have the digits asked for")
{
    CHECK(fixed_text(12.5, 2) == "12.50");
    CHECK(fixed_text(-0.125, 2) == "-0.12");
    CHECK(fixed_text(1e300, 1) == "1.0e+300");
    CHECK(fixed_text(std::numeric_limits<double>::infinity(), 1) == "inf");
    CHECK(short_text(0.0000134567) == "1.35e-05");
    CHECK(short_text(0.0) == "0");
    CHECK(percent_text(33.0 / 57.0) == "57.9 %");
}

TEST_CASE("columns are as wide as their widest cell, and no line ends with spaces")
{
    text_table table({ "layer", "bytes", "" });
    table.add({ "a", "12", "x" });
    table.add({ "longer name", "1234567", "" });
    CHECK(table.text()
          == "layer          bytes\n"
             "a                 12  x\n"
             "longer name  1234567\n");
    CHECK_THROWS_WITH_AS(table.add({ "a" }), "quantkit: a row of 1 cells does not fit 3 columns",
                         std::invalid_argument);
}
