// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Three opinions about a layer as one: total = 0.4 theory + 0.4 importance + 0.2 empirical.
///
/// All scores are in [0, 1] on the scale of sensitivity_level.hpp. With the tables of prior.hpp:
///
/// kind                 theory      importance                     empirical    total
/// attention_layers     1           (0.35 / 0.35 + 1) / 2   = 1    1            1      HIGH
/// feed_forward         1           (0.20 / 0.35 + 1) / 2   = 0.79 1            0.914  HIGH
/// layer_norm           1           (0.15 / 0.35 + 1) / 2   = 0.71 1            0.886  HIGH
/// output_projection    1           (0.10 / 0.35 + 1) / 2   = 0.64 1            0.857  HIGH
/// embedding            2/3         (0.08 / 0.35 + 2/3) / 2 = 0.45 2/3          0.579  MEDIUM
/// conv_layers          2/3         (0.05 / 0.35 + 2/3) / 2 = 0.40 1/3          0.495  MEDIUM
/// activation           2/3         (0.03 / 0.35 + 1/3) / 2 = 0.21 1/3          0.417  MEDIUM
/// positional_encoding  1/3         (0.02 / 0.35 + 1/3) / 2 = 0.20 1/3          0.278  LOW
/// dropout, pooling     1/3         (0.01 / 0.35 + 0) / 2   = 0.01 1/3          0.206  LOW
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/layer_facts.hpp>
#include <quantkit/sensitivity/prior.hpp>
#include <quantkit/sensitivity/sensitivity_level.hpp>

#include <cmath>
#include <string>
#include <vector>

namespace quantkit
{
    /// Shares of the three priors in the total; they sum to 1.
    struct prior_weights
    {
        double theory = 0.4;
        double importance = 0.4;
        double empirical = 0.2;
    };

    /// Least totals of the two upper levels.
    struct prior_thresholds
    {
        double high = 0.7;
        double medium = 0.4;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// theory, importance, empirical, total  in [0, 1]
    /// advice                                by the level: FP16, FP16/INT8, INT8
    struct layer_prior
    {
        double theory = 0.0, importance = 0.0, empirical = 0.0, total = 0.0;
        sensitivity_level level = sensitivity_level::none; ///< by the total and the thresholds
        precision_advice advice = precision_advice::int8;
        std::vector<std::string> reasons;

        /// Whether INT8 is at least an option.
        bool is_quantizable() const { return advice != precision_advice::fp16; }

        friend bool operator==(const layer_prior&, const layer_prior&) = default;
    };

    /// Policies, their weights and the thresholds are values; any of them can be replaced.
    template <sensitivity_prior Theory = theory_prior, sensitivity_prior Importance = importance_prior,
              sensitivity_prior Empirical = empirical_prior>
    struct blended_prior
    {
        Theory theory {};
        Importance importance {};
        Empirical empirical {};
        prior_weights weights {};
        prior_thresholds thresholds {};

        /// Throws unless weights and thresholds are not negative, weights sum to 1 and high is not below medium.
        layer_prior operator()(const layer_facts& layer) const
        {
            check();
            const prior_opinion by_theory = theory(layer);
            const prior_opinion by_importance = importance(layer);
            const prior_opinion by_practice = empirical(layer);
            const double total = weights.theory * by_theory.score + weights.importance * by_importance.score
                                 + weights.empirical * by_practice.score;
            const sensitivity_level level = level_at(total);
            return { by_theory.score,
                     by_importance.score,
                     by_practice.score,
                     total,
                     level,
                     advice_of(level),
                     { by_theory.reason, by_importance.reason, by_practice.reason } };
        }

        /// One for each layer.
        std::vector<layer_prior> operator()(const std::vector<layer_facts>& layers) const
        {
            std::vector<layer_prior> priors;
            priors.reserve(layers.size());
            for (const layer_facts& layer : layers)
                priors.push_back((*this)(layer));
            return priors;
        }

    private:
        sensitivity_level level_at(double total) const
        {
            return total >= thresholds.high     ? sensitivity_level::high
                   : total >= thresholds.medium ? sensitivity_level::medium
                                                : sensitivity_level::low;
        }

        void check() const
        {
            const double sum = weights.theory + weights.importance + weights.empirical;
            require(weights.theory >= 0.0 && weights.importance >= 0.0 && weights.empirical >= 0.0
                        && std::abs(sum - 1.0) < 1e-9,
                    "the weights of the opinions must not be negative and sum to 1, but are ", weights.theory, ", ",
                    weights.importance, " and ", weights.empirical);
            require(thresholds.medium >= 0.0 && thresholds.high >= thresholds.medium, "thresholds of ", thresholds.high,
                    " and ", thresholds.medium, " are not in order");
        }
    };
}
