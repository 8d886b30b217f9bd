// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/few_values.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace qk = quantkit;
using limits = std::numeric_limits<float>;

TEST_CASE("all values in ascending order, without NaN and -0")
{
    qk::few_values values(10);
    values.observe(std::vector { 3.0f, limits::quiet_NaN(), -limits::infinity() });
    values.observe(std::vector<float> {});
    values.observe(std::vector { -0.0f, 3.0f });
    CHECK(values.are_all());
    const std::vector<float> sorted = values.sorted();
    CHECK(sorted == std::vector { -limits::infinity(), 0.0f, 3.0f, 3.0f });
    CHECK_FALSE(std::signbit(sorted[1]));
}

TEST_CASE("strided tensors")
{
    const std::vector<float> x { 1, 2, 3, 4, 5, 6 };
    qk::few_values values(10);
    values.observe(qk::tensor_view<const float>(x.data() + 5, { 2, 1 }, { -3, 1 }));
    CHECK(values.sorted() == std::vector { 3.0f, 6.0f });
}

TEST_CASE("up to the capacity, then none")
{
    qk::few_values values(3);
    values.observe(std::vector { 1.0f, limits::quiet_NaN(), 2.0f, 3.0f });
    CHECK(values.are_all());
    values.observe(std::vector { limits::quiet_NaN() });
    CHECK(values.are_all());
    values.observe(std::vector { 0.0f });
    CHECK_FALSE(values.are_all());
    CHECK(values.sorted().empty());
    values.observe(std::vector { 0.0f });
    CHECK(values.sorted().empty());
    values.reset();
    values.observe(std::vector { 0.0f });
    CHECK(values.sorted() == std::vector { 0.0f });
}

TEST_CASE("merging counts the values of both")
{
    qk::few_values a(4), b(4), full(4);
    a.observe(std::vector { 2.0f, 1.0f });
    b.observe(std::vector { 0.0f });
    a.merge(b);
    CHECK(a.sorted() == std::vector { 0.0f, 1.0f, 2.0f });
    full.observe(std::vector<float>(5, 1.0f));
    b.merge(full);
    CHECK_FALSE(b.are_all());
    full.merge(qk::few_values(4));
    CHECK_FALSE(full.are_all());
    a.merge(a);
    CHECK_FALSE(a.are_all());
}
