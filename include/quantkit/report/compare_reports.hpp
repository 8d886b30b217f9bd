// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What differs between two reports: before and after, two plans, two machines.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/report/report_data.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// layer   or the name of a fact
    /// what    "precision", "bytes", "error", ...
    /// before, after  as text; "-" where the one or the other does not have it
    /// ratio   after / before of numbers
    struct report_difference
    {
        std::string layer, what, before, after;
        std::optional<double> ratio {};
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The element of this name, or nothing.
    template <class Named>
    const Named* find_named(const std::vector<Named>& all, const std::string& name)
    {
        const auto found = std::find_if(all.begin(), all.end(), [&](const Named& each) { return each.name == name; });
        return found == all.end() ? nullptr : &*found;
    }

    class report_comparer
    {
    public:
        report_comparer(const report_data& before, const report_data& after)
            : same_metric_(before.metric == after.metric)
        {
            compare_text("", "verdict", before.verdict, after.verdict);
            compare_text("", "metric", before.metric, after.metric);
            for (const report_fact& fact : before.facts)
            {
                const report_fact* other = find_named(after.facts, fact.name);
                compare_text("", fact.name, fact.value, other == nullptr ? "-" : other->value);
            }
            for (const report_fact& fact : after.facts)
                if (find_named(before.facts, fact.name) == nullptr)
                    compare_text("", fact.name, "-", fact.value);
            for (const report_comparison& each : before.comparisons)
                for (const report_comparison& other : after.comparisons)
                    if (each.quantity == other.quantity && each.unit == other.unit)
                        compare_number("", each.quantity + ", measured, " + each.unit, each.measured, other.measured);
            for (const report_layer& layer : before.layers)
                compare_layer(layer, find_named(after.layers, layer.name));
            for (const report_layer& layer : after.layers)
                if (find_named(before.layers, layer.name) == nullptr)
                    compare_text(layer.name, "layer", "-", "there");
        }

        std::vector<report_difference> take() { return std::move(differences_); }

    private:
        void compare_layer(const report_layer& before, const report_layer* after)
        {
            if (after == nullptr)
            {
                compare_text(before.name, "layer", "there", "-");
                return;
            }
            compare_text(before.name, "precision", before.precision, after->precision);
            compare_text(before.name, "prior", before.prior_level, after->prior_level);
            compare_number(before.name, "bytes", static_cast<double>(before.bytes), static_cast<double>(after->bytes));
            // Intervals that overlap are no difference.
            if (same_metric_ && (before.low > after->high || after->low > before.high))
                compare_number(before.name, "error", before.error, after->error);
            if (before.microseconds && after->microseconds && are_apart(*before.microseconds, *after->microseconds))
                compare_number(before.name, "microseconds", *before.microseconds, *after->microseconds);
        }

        /// Times by more than a quarter: they have no intervals, but noise.
        static bool are_apart(double a, double b) { return std::max(a, b) > 1.25 * std::min(a, b); }

        void compare_text(const std::string& layer, const std::string& what, const std::string& before,
                          const std::string& after)
        {
            if (before != after)
                differences_.push_back({ layer, what, before, after });
        }

        void compare_number(const std::string& layer, const std::string& what, double before, double after)
        {
            if (before == after)
                return;
            const auto ratio = before != 0.0 ? std::optional<double>(after / before) : std::nullopt;
            differences_.push_back({ layer, what, short_text(before, 6), short_text(after, 6), ratio });
        }

        bool same_metric_;
        std::vector<report_difference> differences_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// In the order of the first report. Errors in the same metric differ where their intervals do not overlap, times
    /// of layers where one is more than a quarter longer.
    inline std::vector<report_difference> compare_reports(const report_data& before, const report_data& after)
    {
        return detail::report_comparer(before, after).take();
    }

    /// A table of differences, or a line that says that there are none.
    inline std::string to_text(const std::vector<report_difference>& differences)
    {
        if (differences.empty())
            return "The reports agree.\n";
        text_table table({ "layer", "what", "before", "after", "ratio" });
        for (const report_difference& each : differences)
            table.add({ each.layer.empty() ? "(report)" : each.layer, each.what, each.before, each.after,
                        each.ratio ? short_text(*each.ratio) : "" });
        return table.text();
    }
}
