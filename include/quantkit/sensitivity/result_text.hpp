// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A sensitivity analysis as text to read.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/disagreements.hpp>
#include <quantkit/sensitivity/sensitivity_level.hpp>
#include <quantkit/sensitivity/sensitivity_result.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>
#include <quantkit/sensitivity/stopping_rule.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <algorithm>
#include <cstddef>
#include <numeric>
#include <string>
#include <utility>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// "-" if it is not allowed; with a "?" if it is not settled.
    inline std::string error_text(const sensitivity_entry& entry)
    {
        return entry.allowed ? short_text(entry.error) + (entry.settled ? "" : "?") : std::string("-");
    }

    inline std::string plan_text(const planned_model& each, const sensitivity_table& table)
    {
        std::string text =
            concat("plan ", each.name, " (", name_of(each.status), "): ", each.predicted.bytes, " bytes, predicted ",
                   short_text(each.predicted.error), " ", table.metric(), ", at least ", short_text(each.lower_bound));
        for (const named_number& number : each.measured)
            text += concat(", measured ", number.name, " ", short_text(number.value, 4));
        text += "\n";
        for (const plan_repair& repair : each.repairs)
            text += concat("  repaired: ", table.layers()[repair.layer].name, " from ",
                           table.candidates()[repair.from].name, " to ", table.candidates()[repair.to].name, "\n");
        for (std::size_t choice = 0; choice < table.candidates().size(); ++choice)
        {
            const auto count = std::count(each.plan.begin(), each.plan.end(), choice);
            if (count == 0)
                continue;
            text += concat("  ", table.candidates()[choice].name, " (", count, "):");
            for (std::size_t i = 0; i < each.plan.size(); ++i)
                if (each.plan[i] == choice)
                    text += concat(" ", table.layers()[i].name);
            text += "\n";
        }
        return text;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Whether errors add up: the ratio in the middle, and the pair that departs most from it on either side.
    inline std::string text_of(const std::vector<pair_interaction>& pairs, const sensitivity_table& table)
    {
        if (pairs.empty())
            return {};
        const auto [least, most] = std::minmax_element(pairs.begin(), pairs.end(),
                                                       [](const pair_interaction& a, const pair_interaction& b)
                                                       { return a.ratio() < b.ratio(); });
        const auto named = [&](const pair_interaction& pair)
        {
            return concat(short_text(pair.ratio()), " of ", table.layers()[pair.first].name, " (",
                          table.candidates()[pair.first_choice].name, ") and ", table.layers()[pair.second].name, " (",
                          table.candidates()[pair.second_choice].name, ")");
        };
        return concat(pairs.size(), " pairs measured together, as a share of the sum of both alone: median ",
                      short_text(median_ratio(pairs)), ", from ", named(*least), " to ", named(*most), "\n");
    }

    /// A row for each layer and a column of errors for each candidate but the reference.
    inline std::string error_table(const sensitivity_table& table)
    {
        std::vector<std::string> header { "layer", "kind" };
        for (std::size_t choice = 1; choice < table.candidates().size(); ++choice)
            header.push_back(table.candidates()[choice].name);
        text_table text(std::move(header));
        for (std::size_t i = 0; i < table.layers().size(); ++i)
        {
            std::vector<std::string> row { table.layers()[i].name, std::string(name_of(table.layers()[i].kind)) };
            for (std::size_t choice = 1; choice < table.candidates().size(); ++choice)
                row.push_back(detail::error_text(table.at(i, choice)));
            text.add(std::move(row));
        }
        return text.text();
    }

    /// One candidate's layers, the most sensitive first: error, interval, bytes and whether it is settled.
    inline std::string ranking_table(const sensitivity_table& table, std::size_t choice)
    {
        std::vector<std::size_t> order(table.layers().size());
        std::iota(order.begin(), order.end(), std::size_t { 0 });
        std::erase_if(order, [&](std::size_t i) { return !table.at(i, choice).allowed; });
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b)
                         { return table.at(a, choice).error > table.at(b, choice).error; });
        text_table text({ "layer", "kind", "error", "from", "to", "settled", "bytes" });
        for (const std::size_t i : order)
        {
            const sensitivity_entry& entry = table.at(i, choice);
            text.add({ table.layers()[i].name, std::string(name_of(table.layers()[i].kind)), short_text(entry.error),
                       short_text(entry.interval.low), short_text(entry.interval.high), entry.settled ? "yes" : "no",
                       concat(entry.bytes) });
        }
        return text.text();
    }

    /// What was measured and how, all errors, disagreements and plans, with the digest that names this result.
    inline std::string text_of(const sensitivity_result& result)
    {
        const sensitivity_table& table = result.table;
        const std::size_t samples =
            std::accumulate(table.block_samples().begin(), table.block_samples().end(), std::size_t { 0 });
        std::string text = concat("sensitivity of ", result.model, ": ", table.metric(), " of ", samples,
                                  " samples in ", table.block_samples().size(), " blocks, seed ", result.seed,
                                  ", digest ", digest_of(result).text(), "\n");
        for (const named_option& option : result.options)
            text += concat("  ", option.name, ": ", option.value, "\n");
        text += error_table(table);
        if (const std::size_t open = unsettled_entries(table); open > 0)
            text += concat(open, " errors are not settled (?): more samples may change them\n");
        if (!result.priors.empty())
            text += text_of(result.disagreements);
        for (const planned_model& each : result.plans)
            text += detail::plan_text(each, table);
        return text + text_of(result.interactions, table);
    }
}
