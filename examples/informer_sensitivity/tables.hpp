// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What was found, as tables.
#pragma once

#include "support/table.hpp"

#include <quantkit/model/session.hpp>
#include <quantkit/sensitivity/blended_prior.hpp>
#include <quantkit/sensitivity/output_metric.hpp>
#include <quantkit/sensitivity/pair_interactions.hpp>
#include <quantkit/sensitivity/pareto_front.hpp>
#include <quantkit/sensitivity/plan_verification.hpp>
#include <quantkit/sensitivity/result_text.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>
#include <quantkit/sensitivity/simulated_model.hpp>

#include <algorithm>
#include <cstddef>
#include <iostream>
#include <numeric>
#include <string>
#include <vector>

namespace demo
{
    struct found_plan
    {
        std::string name;
        quantkit::choices choice;
        double predicted_db = 0;
    };

    struct planned_session
    {
        found_plan plan;
        quantkit::session session;
        std::size_t bytes = 0;
        double measured_db = 0, agreement = 0; // against FP32, on held-out windows
        double microseconds = 0;
    };

    /// A dash where nothing is lost, or where there is no such entry.
    inline std::string decibels_text(double error, double power)
    {
        return error <= 0 ? "-" : number(quantkit::decibels_of(error, power), 1);
    }

    /// The layers, most sensitive to static INT8 first.
    inline void print_layers(const quantkit::sensitivity_table& table, const std::vector<quantkit::layer_prior>& priors,
                             double power)
    {
        const std::size_t int8 = index_of(table.candidates(), "INT8 static");
        std::vector<std::size_t> order(table.layers().size());
        std::iota(order.begin(), order.end(), std::size_t { 0 });
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b)
                         { return table.at(a, int8).error > table.at(b, int8).error; });
        table_row head { "layer", "prior" };
        for (std::size_t choice = 1; choice < table.candidates().size(); ++choice)
            head.push_back(table.candidates()[choice].name);
        head.insert(head.end(), { "INT8 static, 95 % interval", "settled" });
        std::vector<table_row> rows { head };
        for (const std::size_t layer : order)
        {
            table_row row { table.layers()[layer].name, std::string(name_of(priors[layer].level)) };
            for (std::size_t choice = 1; choice < table.candidates().size(); ++choice)
                row.push_back(decibels_text(table.at(layer, choice).error, power));
            const quantkit::sensitivity_entry& entry = table.at(layer, int8);
            row.push_back(decibels_text(entry.interval.high, power) + " to "
                          + decibels_text(entry.interval.low, power));
            row.push_back(entry.settled ? "yes" : "no");
            rows.push_back(row);
        }
        std::cout << "One layer at a time, dB of the logits:\n\n";
        print_table(std::cout, rows);
    }

    /// A dozen points of the front.
    inline void print_front(const quantkit::pareto_front& front, std::size_t float_bytes, double power)
    {
        std::cout << "\nNo plan has fewer bytes and a lesser predicted error than these (" << front.points.size()
                  << " in all):\n\n";
        std::vector<table_row> rows { { "bytes", "smaller", "predicted dB" } };
        constexpr std::size_t shown = 12;
        for (std::size_t i = 0; i < shown; ++i)
        {
            const quantkit::plan_option& total = front.points[i * (front.points.size() - 1) / (shown - 1)].total;
            rows.push_back({ grouped(total.bytes),
                             number(static_cast<double>(float_bytes) / static_cast<double>(total.bytes), 2) + "x",
                             decibels_text(total.error, power) });
        }
        print_table(std::cout, rows);
    }

    /// How many layers with weights take each candidate.
    inline std::string mixture(const quantkit::simulated_model& subject, const quantkit::choices& plan)
    {
        std::string text;
        for (std::size_t choice = 0; choice < subject.candidates().size(); ++choice)
        {
            std::size_t count = 0;
            for (std::size_t layer = 0; layer < plan.size(); ++layer)
                count += plan[layer] == choice && subject.bytes(layer, 0) > 0;
            if (count > 0)
                text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + subject.candidates()[choice].name;
        }
        return text;
    }

    inline void print_plans(const std::vector<planned_session>& sessions, const quantkit::simulated_model& subject)
    {
        std::cout << "\nPlans as sessions, on windows that were held out:\n\n";
        std::vector<table_row> rows { { "plan", "bytes", "smaller", "predicted dB", "measured dB", "agreement %",
                                        "us, batch 1" } };
        for (const planned_session& each : sessions)
            rows.push_back({ each.plan.name, grouped(each.bytes),
                             number(static_cast<double>(sessions[0].bytes) / static_cast<double>(each.bytes), 2) + "x",
                             &each == &sessions[0] ? "-" : number(each.plan.predicted_db, 1),
                             &each == &sessions[0] ? "-" : number(each.measured_db, 1), number(100 * each.agreement, 1),
                             number(each.microseconds, 0) });
        print_table(std::cout, rows);
        std::cout << '\n';
        for (const planned_session& each : sessions)
            std::cout << each.plan.name << ": " << mixture(subject, each.plan.choice) << '\n';
    }

    /// Of the last plan: where it did not hold at first, and whether errors add up, as it assumes.
    inline void print_doubts(const std::vector<quantkit::plan_repair>& repairs,
                             const std::vector<quantkit::pair_interaction>& pairs,
                             const quantkit::sensitivity_table& table)
    {
        std::cout << "\nOn held-out windows, the last plan "
                  << (repairs.empty() ? "kept its bound at once.\n" : "missed its bound at first.\n");
        for (const quantkit::plan_repair& repair : repairs)
            std::cout << "repaired: " << table.layers()[repair.layer].name << " from "
                      << table.candidates()[repair.from].name << " to " << table.candidates()[repair.to].name << '\n';
        std::cout << text_of(pairs, table);
    }
}
