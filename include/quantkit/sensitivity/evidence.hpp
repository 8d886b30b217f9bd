// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Prior and measurement as one score for each layer: the surer the measurement, the less the prior counts.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/blended_prior.hpp>
#include <quantkit/sensitivity/precision_strategy.hpp>
#include <quantkit/sensitivity/sensitivity_level.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>

#include <cmath>
#include <cstddef>
#include <vector>

namespace quantkit
{
    /// How much a measurement counts beside the prior, in [0, 1].
    struct measurement_trust
    {
        double settled = 1.0;
        double unsettled = 0.5;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// prior      total of the layer's prior
    /// measured   as measured_scores() has it: even in decibels, 1 for the greatest error
    /// trust      in the measurement; 0 where there is none
    /// total      trust * measured + (1 - trust) * prior
    struct layer_evidence
    {
        double prior = 0.0, measured = 0.0, trust = 0.0, total = 0.0;
    };

    /// Of one candidate, [layers]. Throws unless there is a prior for each layer and trusts are in [0, 1].
    inline std::vector<layer_evidence> evidence_of(const std::vector<layer_prior>& priors,
                                                   const sensitivity_table& table, std::size_t choice,
                                                   const measurement_trust& trust = {})
    {
        require(priors.size() == table.layers().size(), "there are ", table.layers().size(), " layers, but ",
                priors.size(), " priors");
        require(trust.settled >= 0.0 && trust.settled <= 1.0 && trust.unsettled >= 0.0 && trust.unsettled <= 1.0,
                "trust lies between 0 and 1, but is ", trust.settled, " and ", trust.unsettled);
        const std::vector<double> measured = measured_scores(table, choice);
        std::vector<layer_evidence> evidence;
        for (std::size_t i = 0; i < priors.size(); ++i)
        {
            const sensitivity_entry& entry = table.at(i, choice);
            const double counts = !entry.allowed ? 0.0 : entry.settled ? trust.settled : trust.unsettled;
            evidence.push_back(
                { priors[i].total, measured[i], counts, counts * measured[i] + (1.0 - counts) * priors[i].total });
        }
        return evidence;
    }

    /// For strategy_by_thresholds().
    inline std::vector<double> totals_of(const std::vector<layer_evidence>& evidence)
    {
        std::vector<double> totals;
        for (const layer_evidence& each : evidence)
            totals.push_back(each.total);
        return totals;
    }
}
