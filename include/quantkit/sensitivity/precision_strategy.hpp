// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Layers by how sensitive they are, and what that says about their precisions, with reasons: high keeps FP16, medium
/// may take INT8 where a measurement allows it, low takes INT8.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/blended_prior.hpp>
#include <quantkit/sensitivity/layer_facts.hpp>
#include <quantkit/sensitivity/sensitivity_level.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// high, medium, low  names of layers, in their order; every layer is in one of them
    /// quantizable        names of those in medium and low
    /// advice, reasons    [layers]
    struct precision_strategy
    {
        std::vector<std::string> high, medium, low, quantizable;
        std::vector<precision_advice> advice;
        std::vector<std::string> reasons;
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline void add_layer(precision_strategy& strategy, const std::string& name, sensitivity_level level,
                          std::string reason)
    {
        const precision_advice advice = advice_of(level);
        (level == sensitivity_level::high     ? strategy.high
         : level == sensitivity_level::medium ? strategy.medium
                                              : strategy.low)
            .push_back(name);
        if (advice != precision_advice::fp16)
            strategy.quantizable.push_back(name);
        strategy.advice.push_back(advice);
        strategy.reasons.push_back(std::move(reason));
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// By scores in any unit, greater ones being more sensitive: at least thresholds.high is high, at least
    /// thresholds.medium is medium. A score that is not a number is high: nothing speaks for quantizing that layer.
    ///
    /// Throws unless there is a score for each layer and thresholds are in order.
    inline precision_strategy strategy_by_thresholds(const std::vector<layer_facts>& layers,
                                                     const std::vector<double>& scores,
                                                     const prior_thresholds& thresholds = {})
    {
        require(layers.size() == scores.size(), "there are ", layers.size(), " layers, but ", scores.size(), " scores");
        require(thresholds.high >= thresholds.medium, "thresholds of ", thresholds.high, " and ", thresholds.medium,
                " are not in order");
        precision_strategy strategy;
        for (std::size_t i = 0; i < layers.size(); ++i)
        {
            const std::string score = concat("a score of ", short_text(scores[i]));
            if (!(scores[i] < thresholds.high))
                detail::add_layer(strategy, layers[i].name, sensitivity_level::high,
                                  concat(score, " is not below ", thresholds.high));
            else if (scores[i] >= thresholds.medium)
                detail::add_layer(strategy, layers[i].name, sensitivity_level::medium,
                                  concat(score, " lies between ", thresholds.medium, " and ", thresholds.high));
            else
                detail::add_layer(strategy, layers[i].name, sensitivity_level::low,
                                  concat(score, " is below ", thresholds.medium));
        }
        return strategy;
    }

    /// By the levels of priors, whose reasons are the first of each layer's. Throws unless there is one for each layer.
    inline precision_strategy strategy_of(const std::vector<layer_facts>& layers,
                                          const std::vector<layer_prior>& priors)
    {
        require(layers.size() == priors.size(), "there are ", layers.size(), " layers, but ", priors.size(), " priors");
        precision_strategy strategy;
        for (std::size_t i = 0; i < layers.size(); ++i)
            detail::add_layer(strategy, layers[i].name, priors[i].level,
                              priors[i].reasons.empty() ? std::string() : priors[i].reasons.front());
        return strategy;
    }

    /// Scores in [0, 1] from measured errors of one candidate, on a scale that is even in decibels: 1 for the greatest
    /// error, 0 for errors a thousandth of it (30 dB below) or less, and for layers that do not allow the candidate 1.
    inline std::vector<double> measured_scores(const sensitivity_table& table, std::size_t choice)
    {
        double greatest = 0.0;
        for (std::size_t i = 0; i < table.layers().size(); ++i)
            if (table.at(i, choice).allowed && std::isfinite(table.at(i, choice).error))
                greatest = std::max(greatest, table.at(i, choice).error);
        std::vector<double> scores;
        for (std::size_t i = 0; i < table.layers().size(); ++i)
        {
            const sensitivity_entry& entry = table.at(i, choice);
            const double share = greatest > 0.0 ? entry.error / greatest : 0.0;
            const double score = share > 0.0 ? 1.0 + std::log10(share) / 3.0 : 0.0;
            scores.push_back(entry.allowed && std::isfinite(entry.error) ? std::max(0.0, score) : 1.0);
        }
        return scores;
    }

    /// "HIGH -> FP16 (33): encoder.0.attn, ...", one line for each level, then the quantizable ones.
    inline std::string text_of(const precision_strategy& strategy)
    {
        const auto line = [](std::string_view what, const std::vector<std::string>& names)
        {
            std::string text = concat(what, " (", names.size(), "):");
            for (std::size_t i = 0; i < names.size(); ++i)
                text += concat(i == 0 ? " " : ", ", names[i]);
            return text + "\n";
        };
        return line("HIGH -> FP16", strategy.high) + line("MEDIUM -> FP16/INT8", strategy.medium)
               + line("LOW -> INT8", strategy.low) + line("quantizable", strategy.quantizable);
    }
}
