// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/check.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace qk = quantkit;

TEST_CASE("numbers are written with their shortest exact decimal")
{
    CHECK(qk::concat(0.1f, " ", 1e30f) == "0.1 1e+30");
    CHECK(qk::concat(0.1, " ", 3.0) == "0.1 3");
    CHECK(qk::concat(std::int8_t { -128 }, " ", std::uint8_t { 255 }) == "-128 255");
    CHECK(qk::concat(std::numeric_limits<std::int64_t>::min()) == "-9223372036854775808");
    CHECK(qk::concat(std::numeric_limits<std::uint64_t>::max()) == "18446744073709551615");
}

TEST_CASE("infinities and NaN have names")
{
    using limits = std::numeric_limits<float>;
    CHECK(qk::concat(limits::infinity(), " ", -limits::infinity(), " ", limits::quiet_NaN()) == "inf -inf nan");
    CHECK(qk::concat(std::numeric_limits<double>::lowest()) == "-1.7976931348623157e+308");
}

TEST_CASE("text, truth values and sequences")
{
    CHECK(qk::concat() == "");
    CHECK(qk::concat(std::string("axis "), "of ", std::string_view("x")) == "axis of x");
    CHECK(qk::concat(true, "/", false) == "true/false");
    CHECK(qk::concat(std::vector<int> {}) == "[]");
    CHECK(qk::concat(std::vector<int> { 2, 3 }, std::array { 0.5f }) == "[2, 3][0.5]");
}

TEST_CASE("require throws only when its condition does not hold")
{
    CHECK_NOTHROW(qk::require(true, "not thrown"));
    CHECK_THROWS_WITH_AS(qk::require(false, "axis ", 3, " of ", 2), "quantkit: axis 3 of 2", std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::throw_invalid("scale ", -1.5f), "quantkit: scale -1.5", std::invalid_argument);
}
