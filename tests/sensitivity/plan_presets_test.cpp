// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/plan_presets.hpp>

#include <quantkit/sensitivity/blended_prior.hpp>

#include "support/informer_inventory.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>

using namespace quantkit;

namespace
{
    constexpr advised_candidates candidates { 1, 2 };

    struct counts
    {
        std::ptrdiff_t fp16, int8;
        friend bool operator==(const counts&, const counts&) = default;
    };

    counts counts_of(const choices& plan)
    {
        return { std::count(plan.begin(), plan.end(), candidates.fp16),
                 std::count(plan.begin(), plan.end(), candidates.int8) };
    }
}

TEST_CASE("the Informer's plans by kind")
{
    const auto advice = advice_by_kind(test::informer_inventory());
    REQUIRE(advice.size() == 57);
    CHECK(std::count(advice.begin(), advice.end(), precision_advice::fp16_or_int8) == 5); // embedding, convolutions
    CHECK(counts_of(plan_by_preset(advice, plan_preset::conservative, candidates)) == counts { 38, 19 });
    CHECK(counts_of(plan_by_preset(advice, plan_preset::balanced, candidates)) == counts { 33, 24 });
    CHECK(counts_of(plan_by_preset(advice, plan_preset::aggressive, candidates)) == counts { 0, 57 });
    CHECK(counts_of(plan_for_deployment(advice, deployment_preset::production, candidates)) == counts { 33, 24 });
    CHECK(counts_of(plan_for_deployment(advice, deployment_preset::edge, candidates)) == counts { 0, 57 });
    CHECK(counts_of(plan_for_deployment(advice, deployment_preset::high_accuracy, candidates)) == counts { 57, 0 });
}

TEST_CASE("the blended prior leads to the same balanced plan as the recommended precisions")
{
    const auto layers = test::informer_inventory();
    std::vector<precision_advice> advice;
    for (const layer_prior& prior : blended_prior {}(layers))
        advice.push_back(prior.advice);
    CHECK(plan_by_preset(advice, plan_preset::balanced, candidates)
          == plan_by_preset(advice_by_kind(layers), plan_preset::balanced, candidates));
    CHECK(counts_of(plan_by_preset(advice, plan_preset::conservative, candidates)) == counts { 46, 11 });
}

TEST_CASE("layers that do not allow a precision take the next one up")
{
    const std::vector advice { precision_advice::int8, precision_advice::int8, precision_advice::fp16,
                               precision_advice::fp16 };
    const auto allows = [](std::size_t layer, std::size_t choice)
    { return choice == reference_candidate || (layer != 1 && layer != 3) || (layer == 1 && choice == 1); };
    CHECK(plan_by_preset(advice, plan_preset::balanced, candidates, allows) == choices { 2, 1, 1, 0 });
    CHECK(plan_for_deployment(advice, deployment_preset::edge, candidates, allows) == choices { 2, 1, 2, 0 });
}

TEST_CASE("the map of kinds can be replaced")
{
    per_kind<precision_advice> precisions = recommended_precisions;
    precisions[layer_kind::attention_layers] = precision_advice::int8;
    const auto advice = advice_by_kind(test::informer_inventory(), precisions);
    CHECK(counts_of(plan_by_preset(advice, plan_preset::balanced, candidates)) == counts { 25, 32 });
    CHECK(name_of(plan_preset::balanced) == "balanced");
    CHECK(name_of(deployment_preset::high_accuracy) == "high accuracy");
}
