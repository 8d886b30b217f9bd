// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/report/html_report.hpp>
#include <quantkit/report/sensitivity_report.hpp>

#include "support/sensitivity_results.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <string>

using namespace quantkit;

TEST_CASE("report_of: each layer as the plan has it, its error as the candidate's")
{
    const sensitivity_result result = test::small_result();
    const report_data report = report_of(result, 0, 2);
    REQUIRE(report.layers.size() == 2);
    const report_layer& attention = report.layers[0];
    CHECK(attention.name == "attn");
    CHECK(attention.kind == "attention_layers");
    CHECK(attention.precision == "FP16");
    CHECK(attention.bytes == 2048);
    CHECK(attention.reference_bytes == 4096);
    CHECK(attention.error == 0.75);
    CHECK(attention.low == 0.5);
    CHECK(attention.high == 1.25);
    CHECK(!attention.settled);
    CHECK(attention.prior_level == "HIGH");
    CHECK(!attention.microseconds); // of FP16 nobody measured it
    CHECK(std::isinf(report.layers[1].error));
    CHECK(report.verdict == "Plan greedy, 3000 bytes: 2.00 times smaller; 1 FP32, 1 FP16.");
    CHECK(report.warnings[0] == "2 of 2 layers are not settled: measure with more samples");
    CHECK(report.warnings.size() == 1 + result.disagreements.size());
    CHECK(report.front.back() == report_plan_point { 2048.0, 0.25, true });
    CHECK(report.facts.back() == report_fact { "digest", digest_of(result).text() });
}

TEST_CASE("report_of: infinite errors are shown at the end of the axis")
{
    const std::string page = report_to_html(report_of(test::small_result(), 0, 2));
    const std::string drawings = page.substr(0, page.find("<h2>Layers"));
    CHECK(drawings.find("\"inf") == std::string::npos);
    CHECK(drawings.find("nan") == std::string::npos);
}

TEST_CASE("report_of: plans and candidates that are not there")
{
    const sensitivity_result result = test::small_result();
    CHECK_THROWS_WITH_AS(report_of(result, 1, 0), "quantkit: there is no plan 1, there are 1", std::invalid_argument);
    CHECK_THROWS_WITH_AS(report_of(result, 0, 3), "quantkit: there is no candidate 3, there are 3",
                         std::invalid_argument);
}
