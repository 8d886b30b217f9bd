// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/prior.hpp>

#include <doctest/doctest.h>

#include <cstddef>

using namespace quantkit;

namespace
{
    layer_facts layer_of(layer_kind kind) { return { "layer", kind, 1, 1 }; }
}

TEST_CASE("levels are a third apart")
{
    CHECK(score_of(sensitivity_level::none) == 0.0);
    CHECK(score_of(sensitivity_level::low) == 1.0 / 3.0);
    CHECK(score_of(sensitivity_level::medium) == 2.0 / 3.0);
    CHECK(score_of(sensitivity_level::high) == 1.0);
    CHECK(name_of(sensitivity_level::medium) == "MEDIUM");
    CHECK(name_of(precision_advice::fp16_or_int8) == "FP16/INT8");
    for (const auto advice : { precision_advice::fp16, precision_advice::fp16_or_int8, precision_advice::int8 })
        CHECK(advice_of(level_of(advice)) == advice);
}

TEST_CASE("the weights of importance are shares")
{
    double sum = 0.0;
    for (const importance_row& row : importance_table.values)
        sum += row.weight;
    CHECK(sum == doctest::Approx(1.0));
}

TEST_CASE("each opinion is in [0, 1] and has a reason, for every kind")
{
    for (std::size_t i = 0; i < layer_kind_names.size(); ++i)
    {
        const layer_facts layer = layer_of(static_cast<layer_kind>(i));
        for (const prior_opinion& opinion :
             { theory_prior {}(layer), importance_prior {}(layer), empirical_prior {}(layer) })
        {
            CHECK(opinion.score >= 0.0);
            CHECK(opinion.score <= 1.0);
            CHECK_FALSE(opinion.reason.empty());
        }
    }
}

TEST_CASE("importance is relative to the greatest weight, and replaced tables count")
{
    CHECK(importance_prior {}(layer_of(layer_kind::attention_layers)).score == 1.0);
    CHECK(importance_prior {}(layer_of(layer_kind::feed_forward)).score == doctest::Approx((0.20 / 0.35 + 1.0) / 2.0));
    CHECK(importance_prior {}(layer_of(layer_kind::pooling)).score == doctest::Approx(0.01 / 0.35 / 2.0));

    importance_prior prior;
    prior.rows[layer_kind::pooling].weight = 0.7;
    CHECK(prior(layer_of(layer_kind::pooling)).score == 0.5);
    CHECK(prior(layer_of(layer_kind::attention_layers)).score == doctest::Approx(0.75));

    prior.rows = {};
    CHECK(prior(layer_of(layer_kind::attention_layers)).score == 0.0);
}

TEST_CASE("the theory's reason names what rounding does")
{
    CHECK(theory_prior {}(layer_of(layer_kind::dropout)).reason
          == "the identity when a model runs; rounds what the next layer rounds as well");
    CHECK(theory_prior {}(layer_of(layer_kind::reshape)).reason == "moves values");
}
