// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a layer's kind says about its sensitivity before anything is measured: three opinions, each a small policy with
/// a table that users can replace. blended_prior.hpp makes one of them.
///
/// The opinions are the rules of thumb of guides to quantizing transformers. They are often wrong for a given model
/// (disagreements.hpp finds where), so they order what to measure first and never overrule a settled measurement.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/layer_facts.hpp>
#include <quantkit/sensitivity/sensitivity_level.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <string>
#include <string_view>
#include <utility>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// score  in [0, 1], 1 for the most sensitive layers
    struct prior_opinion
    {
        double score = 0.0;
        std::string reason; ///< in a sentence
    };

    /// What a layer's facts say.
    template <class Prior>
    concept sensitivity_prior = requires(const Prior& prior, const layer_facts& layer)
    {
        {
            prior(layer)
            } -> std::same_as<prior_opinion>;
    };

    /// factors  what rounding does to the layer's result, or what spares it
    struct theory_row
    {
        sensitivity_level level = sensitivity_level::none; ///< that layers of this kind have
        std::string_view reason;                           ///< in a sentence
        std::array<std::string_view, 2> factors {};
    };

    /// weight    the share of the model's quality that hangs on layers of this kind; all of them sum to 1
    /// critical  the model is useless where these layers fail
    /// risk      of quantizing them
    struct importance_row
    {
        double weight = 0.0;
        bool critical = false;
        sensitivity_level risk = sensitivity_level::none;
    };

    /// What practice advises for a kind, and why.
    struct empirical_row
    {
        precision_advice advice = precision_advice::int8;
        std::string_view reason;
    };

    /// By the kind of layer; the sources are in the comment of the header.
    inline constexpr per_kind<theory_row> theory_table { {
        theory_row { sensitivity_level::high,
                     "softmax turns small differences of scores into large ones of weights",
                     { "errors of q and k multiply", "attention spreads an error over all positions" } },
        { sensitivity_level::high,
          "the widest products of the model transform every feature",
          { "long sums collect the errors of many weights", "outliers of hidden features stretch the range" } },
        { sensitivity_level::high,
          "mean and variance are sensitive to rounding, and the result feeds every layer that follows",
          { "gains stretch the range of a few features", "an error of the variance scales a whole row" } },
        { sensitivity_level::high,
          "nothing follows that could make up for an error of the outputs",
          { "errors reach the outputs as they are", "a class changes where two logits are close" } },
        { sensitivity_level::medium,
          "every layer sees its errors, but its weights are many and redundant",
          { "features of the input have different ranges", "errors are carried along by the residual sums" } },
        { sensitivity_level::medium,
          "channels have different ranges, but a kernel averages over neighbours",
          { "one scale must fit all channels", "neighbouring steps are redundant" } },
        { sensitivity_level::medium,
          "its results are one-sided with a long tail, which wastes codes",
          { "outliers stretch the range", "no weights to round" } },
        { sensitivity_level::low,
          "a bounded table that is added once",
          { "values lie in [-1, 1]", "its errors are constant and small beside the features" } },
        { sensitivity_level::low, "the identity when a model runs", { "rounds what the next layer rounds as well" } },
        { sensitivity_level::low,
          "chooses or averages values that are there already",
          { "order survives rounding", "no weights to round" } },
        { sensitivity_level::none, "a sum of what is computed elsewhere" },
        { sensitivity_level::none, "moves values" },
    } };

    /// By the kind of layer.
    inline constexpr per_kind<importance_row> importance_table { {
        importance_row { 0.35, true, sensitivity_level::high }, // attention_layers
        { 0.20, true, sensitivity_level::high },                // feed_forward
        { 0.15, true, sensitivity_level::high },                // layer_norm
        { 0.10, true, sensitivity_level::high },                // output_projection
        { 0.08, false, sensitivity_level::medium },             // embedding
        { 0.05, false, sensitivity_level::medium },             // conv_layers
        { 0.03, false, sensitivity_level::low },                // activation
        { 0.02, false, sensitivity_level::low },                // positional_encoding
        { 0.01, false, sensitivity_level::none },               // dropout
        { 0.01, false, sensitivity_level::none },               // pooling
        {},                                                     // residual_add
        {},                                                     // reshape
    } };

    /// By the kind of layer.
    inline constexpr per_kind<empirical_row> empirical_table { {
        empirical_row { precision_advice::fp16, "attention keeps FP16" },
        { precision_advice::fp16, "feed-forward layers keep FP16" },
        { precision_advice::fp16, "norms keep FP16" },
        { precision_advice::fp16, "the output projection keeps FP16" },
        { precision_advice::fp16_or_int8, "INT8 may be tried for the embedding of the inputs" },
        { precision_advice::int8, "convolutions take INT8" },
        { precision_advice::int8, "activations take INT8" },
        { precision_advice::int8, "positional encodings take INT8" },
        { precision_advice::int8, "dropout takes INT8" },
        { precision_advice::int8, "pooling takes INT8" },
        { precision_advice::int8, "residual sums take INT8" },
        { precision_advice::int8, "moving values takes INT8" },
    } };

    /// The kind's level, by what rounding does to the layer's arithmetic.
    struct theory_prior
    {
        per_kind<theory_row> rows = theory_table;

        prior_opinion operator()(const layer_facts& layer) const
        {
            const theory_row& row = rows[layer.kind];
            std::string reason(row.reason);
            for (const std::string_view factor : row.factors)
                if (!factor.empty())
                    reason.append("; ").append(factor);
            return { score_of(row.level), std::move(reason) };
        }
    };
    static_assert(sensitivity_prior<theory_prior>);

    /// The mean of two scores: the kind's weight relative to the greatest one, and the level of its risk. Weights alone
    /// would put all but attention low, as there must be a greatest share; risks alone would know four values only.
    struct importance_prior
    {
        per_kind<importance_row> rows = importance_table;

        prior_opinion operator()(const layer_facts& layer) const
        {
            const importance_row& row = rows[layer.kind];
            const double relative = row.weight > 0.0 ? row.weight / greatest_weight() : 0.0;
            return { (relative + score_of(row.risk)) / 2.0,
                     std::string(row.critical ? "critical for the model, risk " : "not critical for the model, risk ")
                         .append(name_of(row.risk)) };
        }

        /// What weights are divided by for a score.
        double greatest_weight() const
        {
            return std::max_element(rows.values.begin(), rows.values.end(),
                                    [](const importance_row& a, const importance_row& b)
                                    { return a.weight < b.weight; })
                ->weight;
        }
    };
    static_assert(sensitivity_prior<importance_prior>);

    /// The level of what practice advises: level_of(precision_advice).
    struct empirical_prior
    {
        per_kind<empirical_row> rows = empirical_table;

        prior_opinion operator()(const layer_facts& layer) const
        {
            const empirical_row& row = rows[layer.kind];
            return { score_of(level_of(row.advice)), std::string(row.reason) };
        }
    };
    static_assert(sensitivity_prior<empirical_prior>);
}
