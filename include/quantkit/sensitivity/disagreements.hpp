// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Where the model contradicts the rules of thumb: layers whose measured sensitivity is of another level than their
/// prior. They are never smoothed over: each has a sentence that says both.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/layer_kind.hpp>
#include <quantkit/sensitivity/blended_prior.hpp>
#include <quantkit/sensitivity/precision_strategy.hpp>
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
    /// share  of the sum of all layers' errors; rank  1 for the greatest error
    struct disagreement
    {
        std::size_t layer = 0; ///< index in the model
        std::string name;
        layer_kind kind = layer_kind::feed_forward;
        sensitivity_level prior = sensitivity_level::none;    ///< what the kind of the layer makes one expect
        sensitivity_level measured = sensitivity_level::none; ///< by the error, among all layers
        double error = 0.0;                                   ///< in the table's metric
        error_interval interval {};                           ///< of the error
        bool settled = false;                                 ///< whether more samples would change nothing
        double share = 0.0;
        std::size_t rank = 0;
        std::string text; ///< all of it in a sentence

        friend bool operator==(const disagreement&, const disagreement&) = default;
    };

    /// What the prior would have.
    constexpr std::string_view demand_of(sensitivity_level prior)
    {
        constexpr std::string_view demands[] = { "can take INT8", "can take INT8", "may take INT8", "must stay FP16" };
        return demands[static_cast<std::size_t>(prior)];
    }
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// A candidate's finite errors: their sum, and how many are greater than one of them.
    class error_ranking
    {
    public:
        error_ranking(const sensitivity_table& table, std::size_t choice)
        {
            for (std::size_t i = 0; i < table.layers().size(); ++i)
                if (table.at(i, choice).allowed)
                {
                    const double error = table.at(i, choice).error;
                    errors_.push_back(error);
                    sum_ += std::isfinite(error) ? std::max(0.0, error) : 0.0;
                }
        }

        std::size_t count() const { return errors_.size(); }
        double share(double error) const { return sum_ > 0.0 ? error / sum_ : 0.0; }
        std::size_t rank(double error) const
        {
            return 1
                   + static_cast<std::size_t>(
                       std::count_if(errors_.begin(), errors_.end(), [&](double other) { return other > error; }));
        }

    private:
        std::vector<double> errors_;
        double sum_ = 0.0;
    };

    inline std::string text_of(const disagreement& each, const sensitivity_table& table, std::size_t choice,
                               std::size_t measured_layers)
    {
        return concat("prior says ", each.name, " (", name_of(each.kind), ") is ", name_of(each.prior), " and ",
                      demand_of(each.prior), "; measured: ", table.candidates()[choice].name, " costs ",
                      short_text(each.error), " [", short_text(each.interval.low), ", ", short_text(each.interval.high),
                      "] ", table.metric(), ", ", percent_text(each.share), " of all layers' errors, rank ", each.rank,
                      " of ", measured_layers, ": ", name_of(each.measured),
                      each.settled ? "" : " (not settled, more samples may change it)");
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Of one candidate, in the order of layers. Measured levels are those of measured_scores() by the thresholds:
    /// within 9 dB of the greatest error is HIGH, within 18 dB MEDIUM. Layers that do not allow the candidate, or
    /// without a prior level, are left out.
    ///
    /// Throws unless there is a prior for each layer.
    inline std::vector<disagreement> disagreements_of(const std::vector<layer_prior>& priors,
                                                      const sensitivity_table& table, std::size_t choice,
                                                      const prior_thresholds& thresholds = {})
    {
        require(priors.size() == table.layers().size(), "there are ", table.layers().size(), " layers, but ",
                priors.size(), " priors");
        const precision_strategy measured =
            strategy_by_thresholds(table.layers(), measured_scores(table, choice), thresholds);
        const detail::error_ranking ranking(table, choice);
        std::vector<disagreement> found;
        for (std::size_t i = 0; i < priors.size(); ++i)
        {
            const sensitivity_entry& entry = table.at(i, choice);
            const sensitivity_level level = level_of(measured.advice[i]);
            if (!entry.allowed || priors[i].level == level || priors[i].level == sensitivity_level::none)
                continue;
            disagreement each { i,
                                table.layers()[i].name,
                                table.layers()[i].kind,
                                priors[i].level,
                                level,
                                entry.error,
                                entry.interval,
                                entry.settled,
                                ranking.share(entry.error),
                                ranking.rank(entry.error),
                                {} };
            each.text = detail::text_of(each, table, choice, ranking.count());
            found.push_back(std::move(each));
        }
        return found;
    }

    /// "DISAGREEMENT: ..." for each, after a line that counts them; layers two levels apart come first.
    inline std::string text_of(const std::vector<disagreement>& disagreements)
    {
        if (disagreements.empty())
            return "prior and measurement agree on every layer\n";
        std::string text = concat("prior and measurement disagree on ", disagreements.size(),
                                  disagreements.size() == 1 ? " layer\n" : " layers\n");
        const auto is_far = [](const disagreement& each)
        { return std::abs(static_cast<int>(each.prior) - static_cast<int>(each.measured)) > 1; };
        for (const bool far : { true, false })
            for (const disagreement& each : disagreements)
                if (is_far(each) == far)
                    text += concat("DISAGREEMENT: ", each.text, "\n");
        return text;
    }
}
