// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/report/value_charts.hpp>
#include <quantkit/report/value_report.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;

namespace
{
    value_histogram seen(const std::vector<float>& values)
    {
        value_histogram histogram;
        histogram.observe(tensor_view<const float>(values.data(), { static_cast<std::ptrdiff_t>(values.size()) }));
        return histogram;
    }
}

TEST_CASE("report_histogram_of: all values in equal bins, and the range")
{
    const std::vector<float> values = test::random_floats(1000, 3, -2.0f, 6.0f);
    const report_histogram histogram = report_histogram_of("x", seen(values), { -1.0f, 5.0f }, 16);
    REQUIRE(histogram.edges.size() == 17);
    CHECK(std::accumulate(histogram.counts.begin(), histogram.counts.end(), 0.0) == doctest::Approx(1000.0));
    CHECK(histogram.clip_low == -1.0);
    CHECK(histogram.clip_high == 5.0);
    CHECK(histogram_chart(histogram).find("class=\"rule limit\"") != std::string::npos);
}

TEST_CASE("report_histogram_of: constant, empty and infinite data")
{
    const report_histogram constant = report_histogram_of("x", seen({ 2.0f, 2.0f }), { 0.0f, 2.0f });
    CHECK(constant.counts == std::vector<double> { 2.0 });
    CHECK(constant.edges == std::vector<double> { 1.0, 3.0 });
    CHECK(report_histogram_of("x", seen({ 0.0f }), {}).edges == std::vector<double> { -0.5, 0.5 });
    CHECK(report_histogram_of("x", seen({}), {}).counts.empty());
    CHECK(report_histogram_of("x", seen({ 1.0f, std::numeric_limits<float>::infinity() }), {}).counts.empty());
}

TEST_CASE("histogram_chart: bins that do not fit their edges")
{
    report_histogram histogram { "x", { 0.0, 1.0 }, { 1.0, 2.0 } };
    CHECK_THROWS_WITH_AS(histogram_chart(histogram), "quantkit: histogram 'x' has 2 bins, but 2 edges",
                         std::invalid_argument);
    histogram.edges = { 0.0, 2.0, 1.0 };
    CHECK_THROWS_AS(histogram_chart(histogram), std::invalid_argument);
}
