// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/precision_strategy.hpp>

#include "support/informer_inventory.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;

namespace
{
    const std::vector<layer_facts> four { { "a", layer_kind::attention_layers, 1, 1 },
                                          { "b", layer_kind::conv_layers, 1, 1 },
                                          { "c", layer_kind::pooling, 0, 0 },
                                          { "d", layer_kind::pooling, 0, 0 } };
}

TEST_CASE("thresholds divide layers into three lists, and the quantizable ones are a fourth")
{
    const precision_strategy strategy = strategy_by_thresholds(four, { 0.7, 0.4, 0.39, std::nan("") });
    CHECK(strategy.high == std::vector<std::string> { "a", "d" });
    CHECK(strategy.medium == std::vector<std::string> { "b" });
    CHECK(strategy.low == std::vector<std::string> { "c" });
    CHECK(strategy.quantizable == std::vector<std::string> { "b", "c" });
    CHECK(strategy.advice
          == std::vector { precision_advice::fp16, precision_advice::fp16_or_int8, precision_advice::int8,
                           precision_advice::fp16 });
    CHECK(strategy.reasons
          == std::vector<std::string> { "a score of 0.7 is not below 0.7", "a score of 0.4 lies between 0.4 and 0.7",
                                        "a score of 0.39 is below 0.4", "a score of nan is not below 0.7" });
    CHECK(text_of(strategy)
          == "HIGH -> FP16 (2): a, d\nMEDIUM -> FP16/INT8 (1): b\nLOW -> INT8 (1): c\nquantizable (2): b, c\n");
}

TEST_CASE("the Informer's strategy follows from its priors")
{
    const auto layers = test::informer_inventory();
    const precision_strategy strategy = strategy_of(layers, blended_prior {}(layers));
    CHECK(strategy.high.size() == 33);
    CHECK(strategy.medium.size() == 13);
    CHECK(strategy.low.size() == 11);
    CHECK(strategy.quantizable.size() == 24);
    CHECK(strategy.advice.size() == 57);
    CHECK(strategy.reasons.size() == 57);
    CHECK(strategy.medium.front() == "embed");
}

TEST_CASE("measured scores are even in decibels")
{
    sensitivity_table table("MSE", four, { { "FP32" }, { "INT8" } }, { 1 });
    const auto set = [&](std::size_t layer, double error)
    {
        table.at(layer, 1).allowed = true;
        table.at(layer, 1).error = error;
    };
    set(0, 2.0);
    set(1, 0.2);
    set(2, 1e-9);
    std::vector<double> scores = measured_scores(table, 1);
    CHECK(scores[0] == 1.0);
    CHECK(scores[1] == doctest::Approx(2.0 / 3.0));
    CHECK(scores[2] == 0.0);
    CHECK(scores[3] == 1.0); // not allowed

    set(3, std::numeric_limits<double>::infinity());
    set(2, 0.0);
    scores = measured_scores(table, 1);
    CHECK(scores[1] == doctest::Approx(2.0 / 3.0));
    CHECK(scores[2] == 0.0);
    CHECK(scores[3] == 1.0);
}

TEST_CASE("scores and thresholds that do not fit are refused")
{
    CHECK_THROWS_WITH_AS(strategy_by_thresholds(four, { 1.0 }), "quantkit: there are 4 layers, but 1 scores",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(strategy_by_thresholds(four, { 1.0, 1.0, 1.0, 1.0 }, { 0.2, 0.3 }),
                         "quantkit: thresholds of 0.2 and 0.3 are not in order", std::invalid_argument);
    CHECK_THROWS_WITH_AS(strategy_of(four, {}), "quantkit: there are 4 layers, but 0 priors", std::invalid_argument);
}
