// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a report shows, as plain data: every writer (HTML, JSON, CSV, text) shows the same.
#pragma once

#include <quantkit/core/config.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Mean squared parts of a layer's error: they sum to its mean squared error.
    struct report_error_parts
    {
        double clipping = 0.0, rounding = 0.0;

        friend bool operator==(const report_error_parts&, const report_error_parts&) = default;
    };

    /// One layer and what was decided about it.
    ///
    /// shape              of its result or its weights, "[256, 64]"
    /// prior_score        in [0, 1]; prior_level: what follows from it, "HIGH"
    /// error, low, high   measured, in the report's metric, with its confidence interval
    /// precision          that the plan gives it
    /// bytes              of its weights then; reference_bytes: in float
    /// microseconds       then, where measured
    /// error_parts        of its result in uint8 codes of its calibrated range
    /// saturation_rate    share of the result's values beyond that range; dead_codes: share of codes never used
    struct report_layer
    {
        std::string name {}, kind {}, shape {};
        double prior_score = 0.0;
        std::string prior_level {};
        double error = 0.0, low = 0.0, high = 0.0;
        bool settled = true;
        std::string precision {};
        std::size_t bytes = 0, reference_bytes = 0;
        std::optional<double> microseconds {};
        std::optional<report_error_parts> error_parts {};
        std::optional<double> saturation_rate {}, dead_codes {};

        friend bool operator==(const report_layer&, const report_layer&) = default;
    };

    /// What a histogram is of.
    /// What a histogram counts.
    enum class value_kind
    {
        activations,
        weights
    };

    /// How often values were seen in bins, and the range that was chosen for them.
    ///
    /// edges   [bins + 1], ascending
    /// counts  [bins]
    struct report_histogram
    {
        std::string name {};
        std::vector<double> edges {}, counts {};
        double clip_low = 0.0, clip_high = 0.0;
        value_kind kind = value_kind::activations;

        friend bool operator==(const report_histogram&, const report_histogram&) = default;
    };

    /// A plan that no other one beats in both bytes and error.
    struct report_plan_point
    {
        double bytes = 0.0, error = 0.0;
        bool is_chosen = false;

        friend bool operator==(const report_plan_point&, const report_plan_point&) = default;
    };

    /// What an estimate said and what the plan then did.
    struct report_comparison
    {
        std::string quantity {}, unit {};
        double predicted = 0.0, measured = 0.0;

        friend bool operator==(const report_comparison&, const report_comparison&) = default;
    };

    /// "instruction set": "avx2"
    struct report_fact
    {
        std::string name {}, value {};

        friend bool operator==(const report_fact&, const report_fact&) = default;
    };

    /// title     of the page; verdict: one sentence; reasons: why
    /// warnings  such as disagreements of prior and measurement
    /// metric    of all errors, with its unit; lower is better
    struct report_data
    {
        std::string title {}, verdict {};
        std::vector<std::string> reasons {}, warnings {};
        std::string metric = "error";
        std::vector<report_layer> layers {};
        std::vector<report_histogram> histograms {};   ///< of activations and weights
        std::vector<report_plan_point> front {};       ///< by ascending bytes
        std::vector<report_comparison> comparisons {}; ///< of the plan's estimates with what it did
        std::vector<report_fact> facts {};             ///< how it was measured

        friend bool operator==(const report_data&, const report_data&) = default;
    };
}
