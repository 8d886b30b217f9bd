// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/precision.hpp>

#include <quantkit/core/int4.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;

TEST_CASE("bytes of the values in every format")
{
    const tensor_shape shape { 3, 5, 7 };
    const std::vector<std::size_t> expected { 420, 210, 210, 105, 105, 210, 105, 53 };
    REQUIRE(all_precisions.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i)
    {
        CAPTURE(name_of(all_precisions[i]));
        CHECK(bytes_of(shape, all_precisions[i]).values == expected[i]);
    }
    for (std::ptrdiff_t count = 0; count < 9; ++count)
        CHECK(bytes_of({ count }, precision::int4).values == packed_int4_bytes(static_cast<std::size_t>(count)));
}

TEST_CASE("integers bring a scale and a zero point for each parameter, floats do not")
{
    const tensor_shape weights { 100, 784 };
    CHECK(bytes_of(weights, precision::int8) == tensor_bytes { 78'400, 4, 4 });
    CHECK(bytes_of(weights, precision::int8, per_axis { 0 }) == tensor_bytes { 78'400, 400, 400 });
    CHECK(bytes_of(weights, precision::int4, per_group { 1, 64 }) == tensor_bytes { 39'200, 5'200, 5'200 });
    CHECK(bytes_of(weights, precision::int8, per_axis { 0 }, { 4, 0 }) == tensor_bytes { 78'400, 400, 0 });
    CHECK(bytes_of(weights, precision::int8, per_axis { 0 }, { 0, 0 }).total() == 78'400);
    for (const precision format : { precision::fp32, precision::bf16, precision::float8_e4m3 })
        CHECK(bytes_of(weights, format, per_axis { 0 }).total() == bytes_of(weights, format).values);
}

TEST_CASE("sizes add up")
{
    const tensor_bytes a { 1, 2, 3 }, b { 10, 20, 30 };
    CHECK((a + b) == tensor_bytes { 11, 22, 33 });
    CHECK((a + b).total() == 66);
}

TEST_CASE("a single value, and no values")
{
    CHECK(bytes_of({}, precision::fp16).total() == 2);
    CHECK(bytes_of({}, precision::int4) == tensor_bytes { 1, 4, 4 });
    CHECK(bytes_of({ 0, 5 }, precision::int8, per_axis { 1 }) == tensor_bytes { 0, 20, 20 });
}

TEST_CASE("the largest tensor that can be counted")
{
    constexpr std::ptrdiff_t most = std::numeric_limits<std::ptrdiff_t>::max();
    CHECK(bytes_of({ most / 4 }, precision::int4).values == static_cast<std::size_t>(most / 8 + 1));
    const std::string expected =
        "quantkit: a tensor of shape [" + std::to_string(most / 4 + 1) + "] is larger than any memory";
    CHECK_THROWS_WITH_AS(bytes_of({ most / 4 + 1 }, precision::int4), expected.c_str(), std::invalid_argument);
    CHECK_THROWS_AS(bytes_of({ most, most }, precision::int8), std::invalid_argument);
}

TEST_CASE("shapes and granularities that make no sense are refused")
{
    CHECK_THROWS_WITH_AS(bytes_of({ 2, -1 }, precision::fp32),
                         "quantkit: extents must not be negative, but the shape is [2, -1]", std::invalid_argument);
    CHECK_THROWS_WITH_AS(bytes_of({ 2, 3 }, precision::int8, per_axis { 2 }),
                         "quantkit: axis 2 does not exist in a tensor of rank 2 with shape [2, 3]",
                         std::invalid_argument);
}
