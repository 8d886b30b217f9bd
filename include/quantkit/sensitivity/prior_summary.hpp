// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What the priors of all layers amount to: how many are of each level, and how boldly the model can be quantized.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/blended_prior.hpp>
#include <quantkit/sensitivity/layer_facts.hpp>
#include <quantkit/sensitivity/sensitivity_level.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quantkit
{
    /// How much of the model to quantize at first.
    enum class overall_advice
    {
        cautious,
        balanced,
        bold
    };

    /// Least shares of HIGH layers that call for caution, or for balance.
    struct caution_thresholds
    {
        double cautious = 0.5;
        double balanced = 0.3;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    constexpr std::string_view name_of(overall_advice advice)
    {
        constexpr std::string_view names[] = { "cautious", "balanced", "bold" };
        return names[static_cast<std::size_t>(advice)];
    }

    /// high, medium, low, quantizable  in layers; low counts those of level none as well
    struct prior_summary
    {
        std::size_t layers = 0, high = 0, medium = 0, low = 0, quantizable = 0;
        overall_advice advice = overall_advice::bold; ///< by the share of HIGH layers
        std::vector<std::string> reasons;

        /// Of all layers, in [0, 1]; 0 if there are none.
        double share(std::size_t count) const
        {
            return layers == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(layers);
        }
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline std::vector<std::string> reasons_of(const prior_summary& summary)
    {
        const auto counted = [&](std::size_t count, std::string_view what)
        { return concat(count, " of ", summary.layers, " layers (", percent_text(summary.share(count)), ") ", what); };
        std::vector<std::string> reasons { counted(summary.high, "are expected to be highly sensitive"),
                                           counted(summary.quantizable, "are expected to bear INT8") };
        if (summary.advice == overall_advice::cautious)
            reasons.emplace_back("most layers are to stay in FP16: quantize the others first, and these only where a "
                                 "measurement on the model itself contradicts the rule");
        else if (summary.advice == overall_advice::balanced)
            reasons.emplace_back("mix precisions: a measurement decides which of the sensitive layers can follow");
        else
            reasons.emplace_back("start with INT8 everywhere and take back what a measurement finds sensitive");
        return reasons;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Counts levels, and advises by the share of the highly sensitive ones.
    inline prior_summary summarize(const std::vector<layer_prior>& priors, const caution_thresholds& thresholds = {})
    {
        prior_summary summary;
        summary.layers = priors.size();
        for (const layer_prior& prior : priors)
        {
            summary.high += prior.level == sensitivity_level::high;
            summary.medium += prior.level == sensitivity_level::medium;
            summary.quantizable += prior.is_quantizable();
        }
        summary.low = summary.layers - summary.high - summary.medium;
        const double high = summary.share(summary.high);
        summary.advice = high >= thresholds.cautious   ? overall_advice::cautious
                         : high >= thresholds.balanced ? overall_advice::balanced
                                                       : overall_advice::bold;
        summary.reasons = detail::reasons_of(summary);
        return summary;
    }

    /// "HIGH 33 (57.9 %), MEDIUM 13 (22.8 %), LOW 11 (19.3 %), quantizable 24 (42.1 %)", then the advice and its
    /// reasons, one a line.
    inline std::string text_of(const prior_summary& summary)
    {
        const auto counted = [&](std::string_view name, std::size_t count)
        { return concat(name, " ", count, " (", percent_text(summary.share(count)), ")"); };
        std::string text = concat(counted("HIGH", summary.high), ", ", counted("MEDIUM", summary.medium), ", ",
                                  counted("LOW", summary.low), ", ", counted("quantizable", summary.quantizable),
                                  "\nadvice: ", name_of(summary.advice), "\n");
        for (const std::string& reason : summary.reasons)
            text += concat("  ", reason, "\n");
        return text;
    }

    /// A row for each layer: its kind, the three scores, total, level and advice. Throws unless there is a prior for
    /// each layer.
    inline std::string prior_table(const std::vector<layer_facts>& layers, const std::vector<layer_prior>& priors)
    {
        require(layers.size() == priors.size(), "there are ", layers.size(), " layers, but ", priors.size(), " priors");
        text_table table({ "layer", "kind", "theory", "importance", "empirical", "total", "level", "advice" });
        for (std::size_t i = 0; i < layers.size(); ++i)
            table.add({ layers[i].name, std::string(name_of(layers[i].kind)), fixed_text(priors[i].theory, 3),
                        fixed_text(priors[i].importance, 3), fixed_text(priors[i].empirical, 3),
                        fixed_text(priors[i].total, 3), std::string(name_of(priors[i].level)),
                        std::string(name_of(priors[i].advice)) });
        return table.text();
    }
}
