// SPDX-License-Identifier: BSD-3-Clause
#include "tolerance.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

using namespace quantkit::golden;

namespace
{
    constexpr double inf = std::numeric_limits<double>::infinity();
    constexpr double not_a_number = std::numeric_limits<double>::quiet_NaN();

    bool agrees(const values& got, const values& want, const tolerance& t) { return difference(got, want, t).empty(); }

    tolerance kind(const char* name)
    {
        tolerance t;
        t.kind = name;
        return t;
    }
}

TEST_CASE("exact")
{
    const tolerance t = kind("exact");
    CHECK(agrees({ 1, -0.0, not_a_number, inf }, { 1, 0.0, not_a_number, inf }, t));
    CHECK_FALSE(agrees({ 1 }, { std::nextafter(1.0, 2.0) }, t));
    CHECK_FALSE(agrees({ not_a_number }, { 1 }, t));
    CHECK_FALSE(agrees({ 1 }, { not_a_number }, t));
    CHECK_FALSE(agrees({ inf }, { -inf }, t));
    CHECK(difference({ 1, 2, 3 }, { 1, 5, 6 }, t) == "[1] is 2, expected 5; 2 of 3 elements fail exact");
}

TEST_CASE("exact, where NaN patterns form a class")
{
    tolerance t = kind("exact");
    CHECK_FALSE(agrees({ 0x7e00 }, { 0xfc01 }, t));
    t.largest_number = 0x7c00;
    CHECK(agrees({ 0x7e00, 0x3c00 }, { 0xfc01, 0x3c00 }, t));
    CHECK_FALSE(agrees({ 0x7c00 }, { 0x7c01 }, t)); // infinity is no NaN
    CHECK_FALSE(agrees({ 0x7c01 }, { 0x7c00 }, t));
    CHECK_FALSE(agrees({ 0x3c00 }, { 0x3c01 }, t));
}

TEST_CASE("ulp")
{
    tolerance t = kind("ulp");
    t.max = 2;
    const float next = std::nextafter(1.0f, 2.0f), next2 = std::nextafter(next, 2.0f),
                next3 = std::nextafter(next2, 2.0f);
    CHECK(agrees({ next2, -next2 }, { 1, -1 }, t));
    CHECK_FALSE(agrees({ next3 }, { 1 }, t));
    CHECK_FALSE(agrees({ 1 }, { next3 }, t));
    CHECK_FALSE(agrees({ -1 }, { 1 }, t));
    constexpr double denormal = std::numeric_limits<float>::denorm_min();
    CHECK(agrees({ denormal, -0.0 }, { -denormal, 0.0 }, t)); // across zero
    CHECK_FALSE(agrees({ 2 * denormal }, { -denormal }, t));
    CHECK(agrees({ not_a_number, inf }, { not_a_number, inf }, t));
    CHECK_FALSE(agrees({ not_a_number }, { inf }, t));
    CHECK_FALSE(agrees({ inf }, { not_a_number }, t));
}

TEST_CASE("close")
{
    tolerance t = kind("close");
    t.atol = 0.5;
    t.rtol = 0.25;
    CHECK(agrees({ 13, -13, 0.5, inf, not_a_number }, { 10, -10, 0, inf, not_a_number }, t));
    CHECK_FALSE(agrees({ 13.01 }, { 10 }, t));
    CHECK_FALSE(agrees({ 6.99 }, { 10 }, t));
    CHECK_FALSE(agrees({ 1 }, { inf }, t));
    CHECK_FALSE(agrees({ inf }, { 1 }, t));
    CHECK_FALSE(agrees({ inf }, { -inf }, t));
    CHECK_FALSE(agrees({ not_a_number }, { 1 }, t));
    CHECK_FALSE(agrees({ 1 }, { not_a_number }, t));
}

TEST_CASE("lsb")
{
    tolerance t = kind("lsb");
    t.max = 1;
    CHECK(agrees({ 4, 6 }, { 5, 5 }, t));
    CHECK_FALSE(agrees({ 3 }, { 5 }, t));
    CHECK_FALSE(agrees({ not_a_number }, { 5 }, t));
    t.exact_mask = { 1, 0 };
    CHECK(agrees({ 5, 6 }, { 5, 5 }, t));
    CHECK_FALSE(agrees({ 6, 5 }, { 5, 5 }, t));
}

TEST_CASE("l1")
{
    tolerance t = kind("l1");
    t.max_fraction = 0.1;
    CHECK(agrees({ 11, -9 }, { 10, -10 }, t));
    CHECK_FALSE(agrees({ 12, -9 }, { 10, -10 }, t)); // signs do not cancel
    CHECK_FALSE(agrees({ not_a_number, -10 }, { 10, -10 }, t));
    CHECK_FALSE(agrees({ 0.001 }, { 0 }, t));
}

TEST_CASE("total")
{
    tolerance t = kind("total");
    t.rtol = 0.1;
    t.row_length = 2;
    CHECK(agrees({ 0, 11, 9, 0 }, { 5, 5, 5, 5 }, t));
    CHECK_FALSE(agrees({ 0, 12, 8, 0 }, { 5, 5, 5, 5 }, t)); // rows do not cancel
    CHECK_FALSE(agrees({ not_a_number, 0 }, { 5, 5 }, t));
    CHECK_FALSE(agrees({ 1, 2, 3 }, { 1, 2, 3 }, t)); // one and a half rows
    t.row_length = 0;
    CHECK_FALSE(agrees({ 1 }, { 1 }, t));
}

TEST_CASE("a mask leaves elements out")
{
    for (const char* const name : { "exact", "ulp", "close", "lsb", "l1", "total" })
    {
        tolerance t = kind(name);
        t.row_length = 2;
        t.mask = { 1, 0 };
        CHECK(agrees({ 1, 99 }, { 1, 2 }, t));
        CHECK_FALSE(agrees({ 99, 2 }, { 1, 2 }, t));
    }
}

TEST_CASE("sizes must agree")
{
    for (const char* const name : { "exact", "ulp", "close", "lsb", "l1", "total" })
    {
        tolerance t = kind(name);
        t.row_length = 1;
        CHECK_FALSE(agrees({ 1 }, { 1, 1 }, t));
        CHECK_FALSE(agrees({ 1, 1 }, { 1 }, t));
        CHECK_FALSE(agrees({}, { 1 }, t));
        t.mask = { 1, 1 };
        CHECK_FALSE(agrees({ 1 }, { 1 }, t));
        t.mask = {};
        t.exact_mask = { 1, 1 };
        CHECK_FALSE(agrees({ 1 }, { 1 }, t));
    }
}

TEST_CASE("an unknown kind is refused")
{
    CHECK_THROWS_AS(difference({ 1 }, { 1 }, kind("about")), std::invalid_argument);
}
