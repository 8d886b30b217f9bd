// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A sensitivity analysis as JSON, for other programs; sensitivity_json_reader.hpp reads it back.
///
/// schema 2, all members present unless in brackets; a number that is not finite is the text "inf", "-inf" or "nan"
///
/// schema, model, metric       2; text; text with its unit
/// seed, digest, data_digest   number; 16 hexadecimal digits each
/// options                     { name: text, ... }
/// block_samples               [samples, ...] of each block
/// candidates                  [name, ...]; the first is the reference
/// layers                      [layer, ...]
///   name, kind, parameters, multiplications
///   [prior]                   { theory, importance, empirical, total, level, advice, reasons: [text, ...] }
///   entries                   [entry, ...] in the order of candidates; null where the layer does not allow one
///     error, low, high        of the metric, mean and ends of its interval
///     settled, bytes, block_errors, [microseconds], [microseconds_error]
///                             block errors of all blocks, or of the first until the entry was settled
/// disagreements               [{ layer, prior, measured, error, low, high, settled, share, rank, text }, ...] layers
///                             by name
/// plans                       [plan, ...]
///   name, status, lower_bound
///   choices                   { name of the layer: name of the candidate, ... }
///   predicted                 { error, bytes, microseconds }
///   measured                  { name: number, ... }
///   repairs                   [{ layer, from, to }, ...] names of a layer and of candidates
/// interactions                [{ first, first_choice, second, second_choice, sum, joint }, ...] pairs of layers as
///                             candidates, by names: the sum of both errors, and the error of both together
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
    inline constexpr int sensitivity_schema = 2;

    inline nlohmann::ordered_json json_number(double number)
    {
        if (std::isfinite(number))
            return number;
        return std::isnan(number) ? "nan" : number > 0 ? "inf" : "-inf";
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
        if (entry.microseconds_error)
            json["microseconds_error"] = json_number(*entry.microseconds_error);
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
                 { "low", json_number(each.interval.low) },
                 { "high", json_number(each.interval.high) },
                 { "settled", each.settled },
                 { "share", json_number(each.share) },
                 { "rank", each.rank },
                 { "text", each.text } };
    }

    inline nlohmann::ordered_json json_of(const pair_interaction& pair, const sensitivity_table& table)
    {
        return { { "first", table.layers()[pair.first].name },
                 { "first_choice", table.candidates()[pair.first_choice].name },
                 { "second", table.layers()[pair.second].name },
                 { "second_choice", table.candidates()[pair.second_choice].name },
                 { "sum", json_number(pair.sum) },
                 { "joint", json_number(pair.joint) } };
    }

    inline nlohmann::ordered_json json_of(const plan_repair& repair, const sensitivity_table& table)
    {
        return { { "layer", table.layers()[repair.layer].name },
                 { "from", table.candidates()[repair.from].name },
                 { "to", table.candidates()[repair.to].name } };
    }

    inline nlohmann::ordered_json json_of(const planned_model& each, const sensitivity_table& table)
    {
        nlohmann::ordered_json chosen = nlohmann::ordered_json::object(), measured = nlohmann::ordered_json::object();
        for (std::size_t i = 0; i < each.plan.size(); ++i)
            chosen[table.layers()[i].name] = table.candidates()[each.plan[i]].name;
        for (const named_number& number : each.measured)
            measured[number.name] = json_number(number.value);
        nlohmann::ordered_json repairs = nlohmann::ordered_json::array();
        for (const plan_repair& repair : each.repairs)
            repairs.push_back(json_of(repair, table));
        return { { "name", each.name },
                 { "status", name_of(each.status) },
                 { "lower_bound", json_number(each.lower_bound) },
                 { "choices", std::move(chosen) },
                 { "predicted",
                   { { "error", json_number(each.predicted.error) },
                     { "bytes", each.predicted.bytes },
                     { "microseconds", json_number(each.predicted.microseconds) } } },
                 { "measured", std::move(measured) },
                 { "repairs", std::move(repairs) } };
    }

    /// What is written by name must have one.
    inline void check_entry(const sensitivity_table& table, std::size_t layer, std::size_t choice,
                            const std::string& owner)
    {
        require(layer < table.layers().size(), owner, " is about layer ", layer, " of ", table.layers().size());
        require(choice < table.candidates().size(), owner, " takes candidate ", choice, " of ",
                table.candidates().size());
    }

    inline void check_result(const sensitivity_result& result)
    {
        const std::size_t layers = result.table.layers().size();
        require(result.priors.empty() || result.priors.size() == layers, "there are ", layers, " layers, but ",
                result.priors.size(), " priors");
        for (const planned_model& each : result.plans)
        {
            const std::string owner = concat("plan '", each.name, "'");
            require(each.plan.size() == layers, owner, " has ", each.plan.size(), " choices for ", layers, " layers");
            for (std::size_t layer = 0; layer < layers; ++layer)
                check_entry(result.table, layer, each.plan[layer], owner);
            for (const plan_repair& repair : each.repairs)
            {
                check_entry(result.table, repair.layer, repair.from, owner);
                check_entry(result.table, repair.layer, repair.to, owner);
            }
        }
        for (const pair_interaction& pair : result.interactions)
        {
            check_entry(result.table, pair.first, pair.first_choice, "a pair");
            check_entry(result.table, pair.second, pair.second_choice, "a pair");
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
        json disagreements = json::array(), plans = json::array(), interactions = json::array();
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
        for (const pair_interaction& pair : result.interactions)
            interactions.push_back(detail::json_of(pair, result.table));
        const json all { { "schema", detail::sensitivity_schema },
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
                         { "plans", std::move(plans) },
                         { "interactions", std::move(interactions) } };
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
