// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/report/sensitivity_json.hpp>
#include <quantkit/report/sensitivity_json_reader.hpp>

#include "support/sensitivity_results.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include <unistd.h>

using namespace quantkit;

TEST_CASE("all members of the schema are there")
{
    const sensitivity_result result = test::small_result();
    const auto json = nlohmann::json::parse(json_text_of(result));
    CHECK(json["schema"] == 2);
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
    CHECK(entry["microseconds_error"] == 0.25);
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
    CHECK(plan["repairs"] == nlohmann::json { { { "layer", "attn" }, { "from", "INT8" }, { "to", "FP16" } } });
    const auto& pair = json["interactions"][0];
    CHECK(pair["first"] == "attn");
    CHECK(pair["second_choice"] == "INT8");
    CHECK(pair["joint"] == 1.5);
}

TEST_CASE("what is not allowed is null, and what is not finite a text")
{
    const auto json = nlohmann::json::parse(json_text_of(test::small_result()));
    const auto& entries = json["layers"][1]["entries"];
    CHECK(entries[1].is_null());
    CHECK(entries[2]["high"] == "inf");
    CHECK(entries[2]["block_errors"] == nlohmann::json { 1.0, "inf" });
}

TEST_CASE("what was written is read back the same")
{
    sensitivity_result result = test::small_result();
    CHECK(sensitivity_from_json(json_text_of(result)) == result);
    result.table.at(0, 2).interval = unknown_interval;
    result.table.at(0, 2).block_errors.pop_back(); // settled before the last block
    result.table.at(0, 2).error = 0.1 + 0.2;
    result.priors.clear();
    result.plans[0].measured.push_back({ "accuracy lost", -5e-324 });
    result.plans[0].predicted.error = std::numeric_limits<double>::infinity();
    result.seed = ~std::uint64_t { 0 }, result.data_digest = ~std::uint64_t { 0 };
    CHECK(sensitivity_from_json(json_text_of(result)) == result);
    result.plans.clear(), result.disagreements.clear(), result.interactions.clear(), result.options.clear();
    CHECK(sensitivity_from_json(json_text_of(result)) == result);
    result.table.at(0, 2).error = std::numeric_limits<double>::quiet_NaN(); // equals nothing, not even itself
    CHECK(json_text_of(sensitivity_from_json(json_text_of(result))) == json_text_of(result));
}

TEST_CASE("a file is read, and one that does not exist is refused")
{
    const auto path = std::filesystem::temp_directory_path() / ("quantkit_result_" + std::to_string(::getpid()));
    std::ofstream(path) << json_text_of(test::small_result());
    CHECK(read_sensitivity(path) == test::small_result());
    std::filesystem::remove(path);
    CHECK_THROWS_AS(read_sensitivity(path), io_error);
}

TEST_CASE("texts that are no result are refused, and say why")
{
    const std::string good = json_text_of(test::small_result());
    const auto refusal_of = [](const std::string& text) -> std::string
    {
        try
        {
            sensitivity_from_json(text);
        }
        catch (const std::invalid_argument& error)
        {
            return error.what();
        }
        return "nothing was refused";
    };
    const auto changed = [&](const std::string& from, const std::string& to)
    {
        std::string text = good;
        const std::size_t at = text.find(from);
        REQUIRE(at != std::string::npos);
        return refusal_of(text.replace(at, from.size(), to));
    };
    const std::string start = "quantkit: a sensitivity result cannot be read: ";
    const auto says = [&](const std::string& refusal, const std::string& part)
    { return refusal.starts_with(start) && refusal.find(part) != std::string::npos; };
    CHECK(says(refusal_of(""), "parse error"));
    CHECK(says(refusal_of(good.substr(0, good.size() / 2)), "parse error"));
    CHECK(says(refusal_of("[]"), "array"));
    CHECK(says(refusal_of("{}"), "key 'schema' not found"));
    CHECK_EQ(changed("\"schema\": 2", "\"schema\": 1"), start + "its schema is 1, readable is 2");
    CHECK(says(changed("\"metric\"", "\"metrics\""), "key 'metric' not found"));
    CHECK_EQ(changed("attention_layers", "telepathy"), start + "there is no 'telepathy'");
    CHECK_EQ(changed("\"attn\": \"FP16\"", "\"attn\": \"FP64\""),
             start + "no candidate is called 'FP64', there are: FP32, FP16, INT8");
    CHECK_EQ(changed("\"inf\"", "\"huge\""), start + "'huge' is no number");
    CHECK(says(changed("0000000000000abc", "xyz"), "data_digest is 'xyz', not 16 hexadecimal digits"));
    CHECK(says(changed("98304", "98305"), "but that of what it holds is ")); // one bit changes the digest
    CHECK(says(changed("\"bytes\": 4096", "\"bytes\": \"many\""),
               "bytes must be an integer that is not negative, but is \"many\""));
    CHECK(says(changed("\"bytes\": 4096", "\"bytes\": 1e300"), "bytes must be an integer that is not negative"));
    CHECK(says(changed("\"seed\": ", "\"seed\": -"), "seed must be an integer that is not negative"));
    CHECK(says(changed("\"schema\": 2", "\"schema\": 1e300"), "its schema is 1e+300, readable is 2"));
    CHECK(says(refusal_of("{\"schema\":" + std::string(1'000'000, '[')), "nested deeper than 64"));
    CHECK(says(changed("\"repairs\": [\n        {\n          \"layer\": \"attn\"",
                       "\"repairs\": [\n        {\n          \"layer\": \"none\""),
               "there is no layer 'none'"));
}

TEST_CASE("the same result is the same text, and priors may be missing")
{
    sensitivity_result result = test::small_result();
    CHECK(json_text_of(result) == json_text_of(test::small_result()));
    CHECK(json_text_of(result).starts_with("{\n  \"schema\": 2,\n  \"model\": \"two layers\","));
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
    result.plans[0].repairs[0].layer = 2;
    CHECK_THROWS_WITH_AS(json_text_of(result), "quantkit: plan 'greedy, 3000 bytes' is about layer 2 of 2",
                         std::invalid_argument);
    result = test::small_result();
    result.interactions[0].second_choice = 3;
    CHECK_THROWS_WITH_AS(json_text_of(result), "quantkit: a pair takes candidate 3 of 3", std::invalid_argument);
    result = test::small_result();
    result.priors.pop_back();
    CHECK_THROWS_WITH_AS(json_text_of(result), "quantkit: there are 2 layers, but 1 priors", std::invalid_argument);
    result = test::small_result();
    result.model = "\xff";
    CHECK_THROWS_AS(json_text_of(result), std::invalid_argument);
}
