// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/blended_prior.hpp>

#include <quantkit/sensitivity/prior_summary.hpp>

#include "support/informer_inventory.hpp"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;

namespace
{
    sensitivity_level expected_level(layer_kind kind)
    {
        switch (kind)
        {
        case layer_kind::attention_layers:
        case layer_kind::feed_forward:
        case layer_kind::layer_norm:
        case layer_kind::output_projection:
            return sensitivity_level::high;
        case layer_kind::embedding:
        case layer_kind::conv_layers:
        case layer_kind::activation:
            return sensitivity_level::medium;
        default:
            return sensitivity_level::low;
        }
    }

    /// Believes that large layers are sensitive, whatever their kind.
    struct by_parameters
    {
        prior_opinion operator()(const layer_facts& layer) const
        {
            return { layer.parameters > 100'000 ? 1.0 : 0.0, "size" };
        }
    };
    static_assert(sensitivity_prior<by_parameters>);
}

TEST_CASE("the blend gives the levels of the Informer's kinds")
{
    const std::vector<layer_facts> layers = test::informer_inventory();
    REQUIRE(layers.size() == 57);
    const std::vector<layer_prior> priors = blended_prior {}(layers);
    REQUIRE(priors.size() == 57);
    for (std::size_t i = 0; i < layers.size(); ++i)
    {
        CAPTURE(layers[i].name);
        CHECK(priors[i].level == expected_level(layers[i].kind));
        CHECK(priors[i].advice == advice_of(priors[i].level));
        CHECK(priors[i].total
              == doctest::Approx(0.4 * priors[i].theory + 0.4 * priors[i].importance + 0.2 * priors[i].empirical));
        CHECK(priors[i].reasons.size() == 3);
    }
}

TEST_CASE("the totals are those of the header's table")
{
    const auto total = [](layer_kind kind) { return blended_prior {}(layer_facts { "layer", kind, 1, 1 }).total; };
    CHECK(total(layer_kind::attention_layers) == doctest::Approx(1.0));
    CHECK(total(layer_kind::feed_forward) == doctest::Approx(0.9143).epsilon(1e-4));
    CHECK(total(layer_kind::layer_norm) == doctest::Approx(0.8857).epsilon(1e-4));
    CHECK(total(layer_kind::output_projection) == doctest::Approx(0.8571).epsilon(1e-4));
    CHECK(total(layer_kind::embedding) == doctest::Approx(0.5790).epsilon(1e-4));
    CHECK(total(layer_kind::conv_layers) == doctest::Approx(0.4952).epsilon(1e-4));
    CHECK(total(layer_kind::activation) == doctest::Approx(0.4171).epsilon(1e-4));
    CHECK(total(layer_kind::positional_encoding) == doctest::Approx(0.2781).epsilon(1e-4));
    CHECK(total(layer_kind::dropout) == doctest::Approx(0.2057).epsilon(1e-4));
    CHECK(total(layer_kind::pooling) == doctest::Approx(0.2057).epsilon(1e-4));
}

TEST_CASE("the summary of the Informer is cautious and says why")
{
    const prior_summary summary = summarize(blended_prior {}(test::informer_inventory()));
    CHECK(summary.layers == 57);
    CHECK(summary.high == 33);
    CHECK(summary.medium == 13);
    CHECK(summary.low == 11);
    CHECK(summary.quantizable == 24);
    CHECK(summary.advice == overall_advice::cautious);
    CHECK(text_of(summary)
          == "HIGH 33 (57.9 %), MEDIUM 13 (22.8 %), LOW 11 (19.3 %), quantizable 24 (42.1 %)\n"
             "advice: cautious\n"
             "  33 of 57 layers (57.9 %) are expected to be highly sensitive\n"
             "  24 of 57 layers (42.1 %) are expected to bear INT8\n"
             "  most layers are to stay in FP16: quantize the others first, and these only where a measurement on the "
             "model itself contradicts the rule\n");
}

TEST_CASE("fewer sensitive layers make bolder advice, and none at all are no error")
{
    const std::vector<layer_facts> layers { { "attn", layer_kind::attention_layers, 1, 1 },
                                            { "drop", layer_kind::dropout, 0, 0 },
                                            { "pool", layer_kind::pooling, 0, 0 } };
    CHECK(summarize(blended_prior {}(layers)).advice == overall_advice::balanced);
    CHECK(summarize(blended_prior {}(layers), { 0.3, 0.2 }).advice == overall_advice::cautious);
    CHECK(summarize(blended_prior {}(layers), { 0.9, 0.8 }).advice == overall_advice::bold);
    CHECK(summarize({}).advice == overall_advice::bold);
    CHECK(summarize({}).share(0) == 0.0);
}

TEST_CASE("the table has a row for each layer")
{
    const std::vector<layer_facts> layers { { "attn", layer_kind::attention_layers, 1, 1 },
                                            { "act", layer_kind::activation, 0, 0 } };
    CHECK(prior_table(layers, blended_prior {}(layers))
          == "layer              kind  theory  importance  empirical  total   level     advice\n"
             "attn   attention_layers   1.000       1.000      1.000  1.000    HIGH       FP16\n"
             "act          activation   0.667       0.210      0.333  0.417  MEDIUM  FP16/INT8\n");
    CHECK_THROWS_WITH_AS(prior_table(layers, {}), "quantkit: there are 2 layers, but 0 priors", std::invalid_argument);
}

TEST_CASE("opinions, weights and thresholds can be replaced")
{
    const layer_facts large { "large", layer_kind::dropout, 200'000, 0 };
    const blended_prior<by_parameters> by_size { .weights = { 1.0, 0.0, 0.0 } };
    CHECK(by_size(large).level == sensitivity_level::high);
    CHECK(by_size(layer_facts { "small", layer_kind::attention_layers, 1, 1 }).level == sensitivity_level::low);

    const blended_prior<> strict { .thresholds = { 0.2, 0.1 } };
    CHECK(strict(large).level == sensitivity_level::high);
    CHECK_FALSE(strict(large).is_quantizable());
}

TEST_CASE("weights and thresholds without meaning are refused")
{
    const layer_facts layer { "layer", layer_kind::dropout, 0, 0 };
    const blended_prior<> heavy { .weights = { 0.4, 0.4, 0.4 } };
    CHECK_THROWS_WITH_AS(heavy(layer),
                         "quantkit: the weights of the opinions must not be negative and sum to 1, but are 0.4, 0.4 "
                         "and 0.4",
                         std::invalid_argument);
    const blended_prior<> upside_down { .thresholds = { 0.4, 0.7 } };
    CHECK_THROWS_WITH_AS(upside_down(layer), "quantkit: thresholds of 0.4 and 0.7 are not in order",
                         std::invalid_argument);
}
