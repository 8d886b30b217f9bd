// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/calibration/range_coverage.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <limits>
#include <stdexcept>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    constexpr float missing = std::numeric_limits<float>::quiet_NaN();
    constexpr float infinity = std::numeric_limits<float>::infinity();

    /// Element by element, in logical order.
    template <class Granularity>
    std::vector<range_coverage> reference(const std::vector<float>& values, const tensor_shape& shape,
                                          const std::vector<real_range>& ranges, Granularity granularity)
    {
        std::vector<range_coverage> coverage(ranges.size());
        for (std::size_t i = 0; i < ranges.size(); ++i)
            coverage[i].parameter = i, coverage[i].range = ranges[i];
        for (std::size_t i = 0; i < values.size(); ++i)
        {
            const axis_values at = indices_of(shape, static_cast<std::ptrdiff_t>(i));
            range_coverage& finding = coverage[static_cast<std::size_t>(parameter_of(shape, at, granularity))];
            const double x = values[i], low = finding.range.min - x, high = x - finding.range.max;
            finding.values += !std::isnan(x);
            if (low > 0.0 || high > 0.0)
            {
                const bool is_worse = finding.outside++ == 0 || std::fmax(low, high) > finding.overshoot();
                finding.worst = is_worse ? values[i] : finding.worst;
            }
        }
        return coverage;
    }
}

TEST_CASE("shares, worst values and how far they are outside")
{
    const std::vector<float> x { 0.5f, -1.5f, 4.0f, missing, 1.0f, -1.0f };
    const range_coverage coverage = measured_coverage(x, real_range { -1.0f, 1.0f });
    CHECK(coverage.values == 5);
    CHECK(coverage.outside == 2);
    CHECK(coverage.share_outside() == 0.4);
    CHECK(coverage.worst == 4.0f);
    CHECK(coverage.overshoot() == 3.0);
}

TEST_CASE("nothing outside, nothing at all")
{
    const range_coverage inside = measured_coverage(std::vector { 0.0f, 1.0f }, real_range { 0.0f, 1.0f });
    CHECK(inside == range_coverage { 0, { 0.0f, 1.0f }, 2, 0, 0.0f });
    CHECK(inside.overshoot() == 0.0);
    CHECK(measured_coverage(std::vector<float> {}, real_range {}).share_outside() == 0.0);
    CHECK(measured_coverage(std::vector { missing }, real_range {}).share_outside() == 0.0);
}

TEST_CASE("infinities are outside, and every value is outside a range of nothing")
{
    const range_coverage infinite = measured_coverage(std::vector { 5.0f, -infinity }, real_range { -1.0f, 1.0f });
    CHECK((infinite.outside == 2 && infinite.worst == -infinity && infinite.overshoot() == infinity));
    CHECK(measured_coverage(std::vector { 5.0f }, real_range { infinity, -infinity }).outside == 1);
}

TEST_CASE("any granularity and layout gives the findings of the definition")
{
    random_bits random(1);
    for (int i = 0; i < 100; ++i)
    {
        const tensor_shape shape = random_shape(random);
        const auto values = random_floats(static_cast<std::size_t>(element_count(shape)), random.next());
        const strided_tensor<float> x(shape, random_strides(shape, random), values);
        const auto check = [&](auto granularity)
        {
            std::vector<real_range> ranges(
                static_cast<std::size_t>(element_count(parameter_shape(shape, granularity))));
            for (real_range& range : ranges)
                range = { static_cast<float>(-random.uniform()), static_cast<float>(random.uniform()) };
            CHECK(measured_coverage(x.view(), ranges, granularity) == reference(values, shape, ranges, granularity));
        };
        for_each_granularity(shape, random, check);
    }
}

TEST_CASE("warnings name the worst channel first and leave out the good ones")
{
    const std::vector<float> x { 0.0f, 3.0f, -7.0f, 0.5f, 0.0f, 9.0f };
    const std::vector<real_range> ranges(3, { -1.0f, 1.0f });
    const auto coverage = measured_coverage(tensor_view(x.data(), { 2, 3 }), ranges, per_axis { 1 });
    const auto warnings = coverage_warnings(coverage);
    REQUIRE(warnings.size() == 2);
    CHECK(warnings[0] == range_coverage { 2, { -1.0f, 1.0f }, 2, 2, 9.0f });
    CHECK(warnings[1] == range_coverage { 1, { -1.0f, 1.0f }, 2, 1, 3.0f });
    CHECK(coverage_warnings(coverage, 0.5).size() == 1);
    CHECK(coverage_warnings(coverage, 1.0).empty());
}

TEST_CASE("ranges that do not fit the tensor are refused")
{
    const std::vector<float> x(6);
    const std::vector<real_range> ranges(2);
    CHECK_THROWS_WITH_AS(measured_coverage(tensor_view(x.data(), { 2, 3 }), ranges, per_axis { 1 }),
                         "quantkit: a tensor of shape [2, 3] has 3 parameters, but there are 2 ranges",
                         std::invalid_argument);
}
