// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Plans without a search: from advice for each layer to one candidate for each, by presets that users know.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/choice.hpp>
#include <quantkit/sensitivity/layer_facts.hpp>
#include <quantkit/sensitivity/sensitivity_level.hpp>

#include <cstddef>
#include <string_view>
#include <vector>

namespace quantkit
{
    /// Up to which level layers are quantized.
    enum class plan_preset
    {
        conservative, ///< LOW takes INT8
        balanced,     ///< LOW and MEDIUM do
        aggressive    ///< all do
    };

    /// What the model is deployed for.
    enum class deployment_preset
    {
        production,   ///< mixed: the balanced preset
        edge,         ///< INT8 throughout
        high_accuracy ///< FP16 throughout
    };

    /// The model's candidates that advice speaks of.
    struct advised_candidates
    {
        std::size_t fp16 = reference_candidate;
        std::size_t int8 = reference_candidate;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    constexpr std::string_view name_of(plan_preset preset)
    {
        constexpr std::string_view names[] = { "conservative", "balanced", "aggressive" };
        return names[static_cast<std::size_t>(preset)];
    }

    constexpr std::string_view name_of(deployment_preset preset)
    {
        constexpr std::string_view names[] = { "production", "edge", "high accuracy" };
        return names[static_cast<std::size_t>(preset)];
    }

    /// The precisions that guides recommend for each kind of layer.
    inline constexpr per_kind<precision_advice> recommended_precisions { {
        precision_advice::fp16,         // attention_layers
        precision_advice::fp16,         // feed_forward
        precision_advice::fp16,         // layer_norm
        precision_advice::fp16,         // output_projection
        precision_advice::fp16_or_int8, // embedding
        precision_advice::fp16_or_int8, // conv_layers
        precision_advice::int8,         // activation
        precision_advice::int8,         // positional_encoding
        precision_advice::int8,         // dropout
        precision_advice::int8,         // pooling
        precision_advice::int8,         // residual_add
        precision_advice::int8,         // reshape
    } };

    /// Advice for each layer by its kind.
    inline std::vector<precision_advice> advice_by_kind(
        const std::vector<layer_facts>& layers, const per_kind<precision_advice>& precisions = recommended_precisions)
    {
        std::vector<precision_advice> advice;
        for (const layer_facts& layer : layers)
            advice.push_back(precisions[layer.kind]);
        return advice;
    }

    /// Whether a layer with this advice takes INT8.
    constexpr bool takes_int8(precision_advice advice, plan_preset preset)
    {
        return advice == precision_advice::int8 || preset == plan_preset::aggressive
               || (advice == precision_advice::fp16_or_int8 && preset == plan_preset::balanced);
    }

    /// allows(layer, candidate)  whether the model can: a layer that cannot take INT8 takes FP16, one that cannot take
    ///                           either the reference
    template <class Allows>
    choices plan_by_preset(const std::vector<precision_advice>& advice, plan_preset preset,
                           const advised_candidates& candidates, const Allows& allows)
    {
        choices plan;
        for (std::size_t i = 0; i < advice.size(); ++i)
        {
            if (takes_int8(advice[i], preset) && allows(i, candidates.int8))
                plan.push_back(candidates.int8);
            else
                plan.push_back(allows(i, candidates.fp16) ? candidates.fp16 : reference_candidate);
        }
        return plan;
    }

    /// The same for a model whose layers allow everything.
    inline choices plan_by_preset(const std::vector<precision_advice>& advice, plan_preset preset,
                                  const advised_candidates& candidates)
    {
        return plan_by_preset(advice, preset, candidates, [](std::size_t, std::size_t) { return true; });
    }

    /// Throws unless there is a choice for each advice.
    template <class Allows>
    choices plan_for_deployment(const std::vector<precision_advice>& advice, deployment_preset preset,
                                const advised_candidates& candidates, const Allows& allows)
    {
        if (preset == deployment_preset::high_accuracy)
            return plan_by_preset(std::vector(advice.size(), precision_advice::fp16), plan_preset::conservative,
                                  candidates, allows);
        return plan_by_preset(advice,
                              preset == deployment_preset::edge ? plan_preset::aggressive : plan_preset::balanced,
                              candidates, allows);
    }

    /// The advice of priors.
    inline choices plan_for_deployment(const std::vector<precision_advice>& advice, deployment_preset preset,
                                       const advised_candidates& candidates)
    {
        return plan_for_deployment(advice, preset, candidates, [](std::size_t, std::size_t) { return true; });
    }
}
