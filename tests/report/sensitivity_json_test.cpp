// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/report/sensitivity_json.hpp>

#include "support/sensitivity_results.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;

TEST_CASE("all members of the schema are there")
{
    const sensitivity_result result = test::small_result();
    const auto json = nlohmann::json::parse(json_text_of(result));
    CHECK(json["schema"] == 1);
    CHECK(json["model"] == "two layers");
    CHECK(json["metric"] == "logits MSE");
    CHECK(json["seed"] == 7);
    CHECK(json["digest"] == digest_of(result).text());
    CHECK(json["data_digest"] == "0000000000000abc");
    CHECK(json["options"] == nlohmann::json { { "confidence", "0.95" } });
    CHECK(json["block_samples"] == nlohmann::json { 4, 2 });
    CHECK(json["candidates"] == nlohmann::json { "FP32", "FP16", "INT8" });
    REQUIRE(json["layers"].size() == 2);

    const auto& attention = json["layers"][0];
    CHECK(attention["name"] == "attn");
    CHECK(attention["kind"] == "attention_layers");
    CHECK(attention["parameters"] == 1024);
    CHECK(attention["multiplications"] == 98304);
    CHECK(attention["prior"]["level"] == "HIGH");
    CHECK(attention["prior"]["advice"] == "FP16");
    CHECK(attention["prior"]["total"] == result.priors[0].total);
    CHECK(attention["prior"]["reasons"].size() == 3);
    const auto& entry = attention["entries"][2];
    CHECK(entry["error"] == 0.75);
    CHECK(entry["low"] == 0.5);
    CHECK(entry["high"] == 1.25);
    CHECK(entry["settled"] == false);
    CHECK(entry["bytes"] == 1024);
    CHECK(entry["microseconds"] == 12.5);
    CHECK(entry["block_errors"] == nlohmann::json { 0.5, 1.25 });
    CHECK_FALSE(attention["entries"][1].contains("microseconds"));

    CHECK(json["disagreements"][0]["layer"] == result.disagreements[0].name);
    CHECK(json["disagreements"][0]["text"] == result.disagreements[0].text);
    const auto& plan = json["plans"][0];
    CHECK(plan["name"] == "greedy, 3000 bytes");
    CHECK(plan["status"] == "feasible");
    CHECK(plan["choices"] == nlohmann::json { { "attn", "FP16" }, { "pool", "FP32" } });
    CHECK(plan["predicted"]["bytes"] == 2048);
    CHECK(plan["measured"]["SQNR dB"] == 46.6);
}

TEST_CASE("what is not allowed and what is not finite is null")
{
    const auto json = nlohmann::json::parse(json_text_of(test::small_result()));
    const auto& entries = json["layers"][1]["entries"];
    CHECK(entries[1].is_null());
    CHECK(entries[2]["error"].is_null());
    CHECK(entries[2]["high"].is_null());
    CHECK(entries[2]["block_errors"] == nlohmann::json { 1.0, nullptr });
}

TEST_CASE("the same result is the same text, and priors may be missing")
{
    sensitivity_result result = test::small_result();
    CHECK(json_text_of(result) == json_text_of(test::small_result()));
    CHECK(json_text_of(result).starts_with("{\n  \"schema\": 1,\n  \"model\": \"two layers\","));
    result.priors.clear();
    CHECK_FALSE(nlohmann::json::parse(json_text_of(result))["layers"][0].contains("prior"));
}

TEST_CASE("results that do not fit together are refused")
{
    sensitivity_result result = test::small_result();
    result.plans[0].plan = { 1 };
    CHECK_THROWS_WITH_AS(json_text_of(result), "quantkit: plan 'greedy, 3000 bytes' has 1 choices for 2 layers",
                         std::invalid_argument);
    result.plans[0].plan = { 1, 3 };
    CHECK_THROWS_WITH_AS(json_text_of(result), "quantkit: plan 'greedy, 3000 bytes' takes candidate 3 of 3",
                         std::invalid_argument);
    result = test::small_result();
    result.priors.pop_back();
    CHECK_THROWS_WITH_AS(json_text_of(result), "quantkit: there are 2 layers, but 1 priors", std::invalid_argument);
    result = test::small_result();
    result.model = "\xff";
    CHECK_THROWS_AS(json_text_of(result), std::invalid_argument);
}
