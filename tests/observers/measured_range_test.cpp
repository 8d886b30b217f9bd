// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/observers/measured_range.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;
using limits = std::numeric_limits<float>;

namespace
{
    // The definition: each element, in logical order, widens its own range.
    template <class Granularity>
    std::vector<qk::real_range> expected(const qk::tensor_shape& shape, const std::vector<float>& x,
                                         Granularity granularity)
    {
        const std::ptrdiff_t count = qk::element_count(qk::parameter_shape(shape, granularity));
        std::vector<qk::real_range> ranges(static_cast<std::size_t>(count), qk::nothing_observed);
        for (std::size_t i = 0; i < x.size(); ++i)
        {
            const qk::axis_values at = test::indices_of(shape, static_cast<std::ptrdiff_t>(i));
            qk::real_range& range = ranges[static_cast<std::size_t>(test::parameter_of(shape, at, granularity))];
            range = { std::fmin(range.min, x[i]), std::fmax(range.max, x[i]) };
        }
        return ranges;
    }

    bool is_negative_zero(float x) { return std::bit_cast<std::uint32_t>(x) == 0x80000000u; }
}

TEST_CASE("the range of each parameter is that of its elements, whatever the layout")
{
    test::random_bits random(1);
    for (int trial = 0; trial < 1500; ++trial)
    {
        const qk::tensor_shape shape = test::random_shape(random);
        const auto count = static_cast<std::size_t>(qk::element_count(shape));
        const std::vector<float> x =
            trial % 2 == 0 ? test::normal_floats(count, random.next()) : test::extreme_floats(count, random.next());
        const test::strided_tensor<float> tensor(shape, test::random_strides(shape, random), x);
        test::for_each_granularity(shape, random,
                                   [&](auto granularity)
                                   {
                                       const std::vector<qk::real_range> ranges =
                                           qk::measured_ranges(tensor.view(), granularity);
                                       REQUIRE(ranges == expected(shape, x, granularity));
                                       for (const qk::real_range& range : ranges)
                                           REQUIRE_FALSE((is_negative_zero(range.min) || is_negative_zero(range.max)));
                                   });
    }
}

TEST_CASE("long runs, contiguous and not")
{
    for (const qk::tensor_strides& strides :
         { qk::tensor_strides { 5000, 1 }, { 1, 3 }, { 6000, 1 }, { 1, 4 }, { -5000, 1 }, { 10000, 2 } })
    {
        const qk::tensor_shape shape { 3, 5000 };
        const std::vector<float> x = test::floats_with_outliers(15'000, 5);
        const test::strided_tensor<float> tensor(shape, strides, x);
        CHECK(qk::measured_range(tensor.view()) == expected(shape, x, qk::per_tensor {}).front());
        CHECK(qk::measured_ranges(tensor.view(), qk::per_axis { 0 }) == expected(shape, x, qk::per_axis { 0 }));
        CHECK(qk::measured_ranges(tensor.view(), qk::per_axis { 1 }) == expected(shape, x, qk::per_axis { 1 }));
        CHECK(qk::measured_ranges(tensor.view(), qk::per_group { 1, 1000 })
              == expected(shape, x, qk::per_group { 1, 1000 }));
    }
}

TEST_CASE("NaN is skipped, infinities count, nothing has the range of nothing")
{
    const float nan = limits::quiet_NaN(), inf = limits::infinity();
    CHECK(qk::measured_range(std::vector { nan, 2.0f, nan, -1.0f, nan }) == qk::real_range { -1.0f, 2.0f });
    CHECK(qk::measured_range(std::vector { 1.0f, inf }) == qk::real_range { 1.0f, inf });
    CHECK(qk::measured_range(std::vector { -inf, inf }) == qk::real_range { -inf, inf });
    CHECK(qk::measured_range(std::vector { nan, nan }) == qk::nothing_observed);
    CHECK(qk::measured_range(std::vector<float> {}) == qk::nothing_observed);
}

TEST_CASE("uniting with nothing changes nothing")
{
    const qk::real_range range { -1.0f, 2.0f };
    static_assert(qk::united({ -1.0f, 2.0f }, { 0.0f, 3.0f }) == qk::real_range { -1.0f, 3.0f });
    CHECK(qk::united(range, qk::nothing_observed) == range);
    CHECK(qk::united(qk::nothing_observed, range) == range);
    CHECK(qk::united(qk::nothing_observed, qk::nothing_observed) == qk::nothing_observed);
}
