// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/report/value_charts.hpp>

#include "report/sample_report.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>

using namespace quantkit;
using test::sample_report;

namespace
{
    std::size_t count_of(std::string_view text, std::string_view part)
    {
        std::size_t count = 0;
        for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
            ++count;
        return count;
    }
}

TEST_CASE("histogram_chart: one shape for all bins, a line for each end of the range, a sentence for who cannot see")
{
    report_histogram histogram { "x", { 0.0, 1.0, 2.0, 4.0 }, { 10.0, 0.0, 1000.0 }, 0.5, 3.0 };
    const std::string chart = histogram_chart(histogram);
    CHECK(count_of(chart, "class=\"bar") == 1);
    CHECK(count_of(chart, "class=\"rule limit\"") == 2);
    CHECK(chart.find("<desc>1010 values from 0 to 4; quantized from 0.5 to 3</desc>") != std::string::npos);
    CHECK(chart.find("value, real units") != std::string::npos);
    histogram.kind = value_kind::weights;
    CHECK(histogram_chart(histogram).find("weight, real units") != std::string::npos);
}

TEST_CASE("range_chart: a bar and two ticks for each tensor of the kind")
{
    report_data report = sample_report(3);
    report.histograms.pop_back();
    const std::string activations = range_chart(report, value_kind::activations);
    CHECK(count_of(activations, "class=\"bar") == 3);
    CHECK(count_of(activations, "class=\"rule clip\"") == 6);
    CHECK(activations.find("encoder.2.ffn, result: seen -3 to 3, quantized -2 to 2.5") != std::string::npos);
    CHECK(count_of(range_chart(report, value_kind::weights), "class=\"bar") == 2);
    report.histograms.clear();
    CHECK(range_chart(report, value_kind::weights).empty());
    report.histograms.resize(1);
    CHECK_THROWS_AS(range_chart(report, value_kind::activations), std::invalid_argument);
}

TEST_CASE("error_parts_chart: shares of clipping and rounding of layers with an error")
{
    report_data report = sample_report(4);
    report.layers[0].error_parts = report_error_parts { 3.0, 1.0 };
    report.layers[1].error_parts = report_error_parts { 0.0, 0.0 };
    report.layers[2].error_parts.reset();
    report.layers[3].error_parts->clipping = std::numeric_limits<double>::infinity();
    const std::string chart = error_parts_chart(report);
    CHECK(count_of(chart, "class=\"bar series-0\"") == 1);
    CHECK(count_of(chart, "class=\"bar series-3\"") == 1);
    CHECK(chart.find("encoder.0.ffn: clipping 3") != std::string::npos);
    CHECK(error_parts_chart({}).empty());
}

TEST_CASE("code_usage_chart: unused codes and saturated values")
{
    const std::string chart = code_usage_chart(sample_report(3));
    CHECK(count_of(chart, "class=\"bar series-1\"") == 3);
    CHECK(count_of(chart, ": saturated values 1.2 %") + count_of(chart, ": saturated values 1.3 %") == 3);
    CHECK(chart.find(": unused codes 25.0 %") != std::string::npos);
    CHECK(code_usage_chart({}).empty());
}
