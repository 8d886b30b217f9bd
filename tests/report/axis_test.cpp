// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/report/axis.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;

namespace
{
    std::string labels_of(const axis& each)
    {
        std::string labels;
        for (const axis_tick& tick : each.ticks())
            labels += (labels.empty() ? "" : " ") + tick.label;
        return labels;
    }
}

TEST_CASE("axis: ticks at round numbers, ends at ticks")
{
    CHECK(labels_of(axis::linear(0.0, 17000.0)) == "0 5000 10000 15000 20000");
    CHECK(labels_of(axis::linear(-0.3, 0.31)) == "-0.3 -0.2 -0.1 0 0.1 0.2 0.3 0.4");
    CHECK(labels_of(axis::linear(2.0, 2.0)).starts_with("2 "));
    CHECK(labels_of(axis::logarithmic(3e-6, 2e-3)) == "1e-6 1e-5 1e-4 1e-3 1e-2");
    CHECK(labels_of(axis::logarithmic(1.0, 1.0)) == "1e0 1e1");
    CHECK(labels_of(axis::logarithmic(1e-20, 1e20)).size() < 60);
}

TEST_CASE("axis: positions")
{
    const axis linear = axis::linear(0.0, 10.0), powers = axis::logarithmic(1e-4, 1.0);
    CHECK(linear.position(5.0) == 0.5);
    CHECK(linear.position(-1.0) == 0.0);
    CHECK(linear.position(1e9) == 1.0);
    CHECK(linear.position(std::numeric_limits<double>::quiet_NaN()) == 0.0);
    CHECK(powers.position(1e-2) == doctest::Approx(0.5));
    CHECK(powers.position(0.0) == 0.0);
    const axis names = axis::categories({ "a", "b" });
    CHECK(names.position(0.0) == 0.25);
    CHECK(names.position(1.0) == 0.75);
    CHECK(axis::categories({}).ticks().empty());
}

TEST_CASE("axis: ends that doubles hardly tell apart, or that are as far apart as doubles go")
{
    for (const double low : { 0.0, 1e17, -1e17, 1e300, 5e-324 })
        for (const double high : { low, std::nextafter(low, 1e308), low + 1e-9 })
        {
            CAPTURE(low);
            const axis each = axis::linear(low, high);
            CHECK(each.ticks().size() >= 2);
            CHECK(each.ticks().size() < 20);
            CHECK(each.ticks().front().value < each.ticks().back().value);
        }
    CHECK_THROWS_WITH_AS(axis::linear(-1e308, 1e308), "quantkit: an axis cannot go from -1e+308 to 1e+308",
                         std::invalid_argument);
}

TEST_CASE("axis: ends that are none")
{
    const double infinity = std::numeric_limits<double>::infinity();
    CHECK_THROWS_WITH_AS(axis::linear(2.0, 1.0), "quantkit: an axis cannot go from 2 to 1", std::invalid_argument);
    CHECK_THROWS_WITH_AS(axis::linear(0.0, infinity), "quantkit: an axis cannot go from 0 to inf",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(axis::logarithmic(0.0, 1.0), "quantkit: a logarithmic axis cannot begin at 0",
                         std::invalid_argument);
}
