// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A sensitivity analysis as JSON, for other programs.
///
/// schema 1, all members present unless in brackets; an infinite or unknown number is null
///
/// schema, model, metric       1; text; text with its unit
/// seed, digest, data_digest   number; 16 hexadecimal digits each
/// options                     { name: text, ... }
/// block_samples               [samples, ...] of each block
/// candidates                  [name, ...]; the first is the reference
/// layers                      [layer, ...]
///   name, kind, parameters, multiplications
///   [prior]                   { theory, importance, empirical, total, level, advice, reasons: [text, ...] }
///   entries                   [entry, ...] in the order of candidates; null where the layer does not allow one
///     error, low, high        of the metric, mean and ends of its interval
///     settled, bytes, block_errors, [microseconds]
/// disagreements               [{ layer, prior, measured, error, settled, text }, ...]; layer is a name
/// plans                       [plan, ...]
///   name, status, lower_bound
///   choices                   { name of the layer: name of the candidate, ... }
///   predicted                 { error, bytes, microseconds }
///   measured                  { name: number, ... }
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/digest.hpp>
#include <quantkit/sensitivity/sensitivity_result.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <string>
#include <utility>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline nlohmann::ordered_json json_number(double number)
    {
        return std::isfinite(number) ? nlohmann::ordered_json(number) : nlohmann::ordered_json(nullptr);
    }

    inline nlohmann::ordered_json json_numbers(std::span<const double> numbers)
    {
        nlohmann::ordered_json json = nlohmann::ordered_json::array();
        for (const double number : numbers)
            json.push_back(json_number(number));
        return json;
    }

    inline nlohmann::ordered_json json_of(const layer_prior& prior)
    {
        return { { "theory", prior.theory },  { "importance", prior.importance }, { "empirical", prior.empirical },
                 { "total", prior.total },    { "level", name_of(prior.level) },  { "advice", name_of(prior.advice) },
                 { "reasons", prior.reasons } };
    }

    inline nlohmann::ordered_json json_of(const sensitivity_entry& entry)
    {
        if (!entry.allowed)
            return nullptr;
        nlohmann::ordered_json json { { "error", json_number(entry.error) },
                                      { "low", json_number(entry.interval.low) },
                                      { "high", json_number(entry.interval.high) },
                                      { "settled", entry.settled },
                                      { "bytes", entry.bytes } };
        if (entry.microseconds)
            json["microseconds"] = json_number(*entry.microseconds);
        json["block_errors"] = json_numbers(entry.block_errors);
        return json;
    }

    inline nlohmann::ordered_json json_of_layer(const sensitivity_result& result, std::size_t layer)
    {
        const layer_facts& facts = result.table.layers()[layer];
        nlohmann::ordered_json json { { "name", facts.name },
                                      { "kind", name_of(facts.kind) },
                                      { "parameters", facts.parameters },
                                      { "multiplications", facts.multiplications } };
        if (!result.priors.empty())
            json["prior"] = json_of(result.priors[layer]);
        json["entries"] = nlohmann::ordered_json::array();
        for (std::size_t choice = 0; choice < result.table.candidates().size(); ++choice)
            json["entries"].push_back(json_of(result.table.at(layer, choice)));
        return json;
    }

    inline nlohmann::ordered_json json_of(const disagreement& each)
    {
        return { { "layer", each.name },
                 { "prior", name_of(each.prior) },
                 { "measured", name_of(each.measured) },
                 { "error", json_number(each.error) },
                 { "settled", each.settled },
                 { "text", each.text } };
    }

    inline nlohmann::ordered_json json_of(const planned_model& each, const sensitivity_table& table)
    {
        nlohmann::ordered_json chosen = nlohmann::ordered_json::object(), measured = nlohmann::ordered_json::object();
        for (std::size_t i = 0; i < each.plan.size(); ++i)
            chosen[table.layers()[i].name] = table.candidates()[each.plan[i]].name;
        for (const named_number& number : each.measured)
            measured[number.name] = json_number(number.value);
        return { { "name", each.name },
                 { "status", name_of(each.status) },
                 { "lower_bound", json_number(each.lower_bound) },
                 { "choices", std::move(chosen) },
                 { "predicted",
                   { { "error", json_number(each.predicted.error) },
                     { "bytes", each.predicted.bytes },
                     { "microseconds", json_number(each.predicted.microseconds) } } },
                 { "measured", std::move(measured) } };
    }

    inline void check_result(const sensitivity_result& result)
    {
        const std::size_t layers = result.table.layers().size();
        require(result.priors.empty() || result.priors.size() == layers, "there are ", layers, " layers, but ",
                result.priors.size(), " priors");
        for (const planned_model& each : result.plans)
        {
            require(each.plan.size() == layers, "plan '", each.name, "' has ", each.plan.size(), " choices for ",
                    layers, " layers");
            for (const std::size_t choice : each.plan)
                require(choice < result.table.candidates().size(), "plan '", each.name, "' takes candidate ", choice,
                        " of ", result.table.candidates().size());
        }
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The same text for the same result, indented by two spaces. Throws std::invalid_argument where priors or plans do
    /// not fit the table, and for text that is not UTF-8.
    inline std::string json_text_of(const sensitivity_result& result)
    {
        using json = nlohmann::ordered_json;
        detail::check_result(result);
        json options = json::object(), candidates = json::array(), layers = json::array();
        json disagreements = json::array(), plans = json::array();
        for (const named_option& option : result.options)
            options[option.name] = option.value;
        for (const candidate& each : result.table.candidates())
            candidates.push_back(each.name);
        for (std::size_t i = 0; i < result.table.layers().size(); ++i)
            layers.push_back(detail::json_of_layer(result, i));
        for (const disagreement& each : result.disagreements)
            disagreements.push_back(detail::json_of(each));
        for (const planned_model& each : result.plans)
            plans.push_back(detail::json_of(each, result.table));
        const json all { { "schema", 1 },
                         { "model", result.model },
                         { "metric", result.table.metric() },
                         { "seed", result.seed },
                         { "digest", digest_of(result).text() },
                         { "data_digest", hex_text(result.data_digest) },
                         { "options", std::move(options) },
                         { "block_samples", result.table.block_samples() },
                         { "candidates", std::move(candidates) },
                         { "layers", std::move(layers) },
                         { "disagreements", std::move(disagreements) },
                         { "plans", std::move(plans) } };
        try
        {
            return all.dump(2) + "\n";
        }
        catch (const json::exception& error)
        {
            throw_invalid("a result must be text in UTF-8: ", error.what());
        }
    }
}
