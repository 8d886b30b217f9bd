// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A small result with everything in it: a layer that is not allowed, one that is not settled, an infinite error.
#pragma once

#include <quantkit/sensitivity/sensitivity_result.hpp>

#include <cstddef>
#include <limits>

namespace quantkit::test
{
    inline sensitivity_result small_result()
    {
        sensitivity_result result;
        result.model = "two layers";
        result.table = { "logits MSE",
                         { { "attn", layer_kind::attention_layers, 1024, 98304 },
                           { "pool", layer_kind::pooling, 0, 0 } },
                         { { "FP32" }, { "FP16" }, { "INT8" } },
                         { 4, 2 } };
        const auto set = [&](std::size_t layer, std::size_t choice, double first, double second, std::size_t bytes)
        {
            sensitivity_entry& entry = result.table.at(layer, choice);
            entry.allowed = true;
            entry.block_errors = { first, second };
            entry.error = (2.0 * first + second) / 3.0;
            entry.interval = { first, second };
            entry.settled = choice != 2;
            entry.bytes = bytes;
        };
        set(0, 0, 0.0, 0.0, 4096);
        set(0, 1, 0.25, 0.5, 2048);
        set(0, 2, 0.5, 1.25, 1024);
        set(1, 0, 0.0, 0.0, 0);
        set(1, 2, 1.0, std::numeric_limits<double>::infinity(), 0);
        result.table.at(0, 2).microseconds = 12.5;
        result.table.at(0, 2).microseconds_error = 0.25;
        result.priors = blended_prior {}(result.table.layers());
        result.disagreements = disagreements_of(result.priors, result.table, 2);
        planned_model plan { "greedy, 3000 bytes", { 1, 0 }, { 0.25, 2048, 0.0 }, plan_status::feasible, 0.125 };
        plan.measured = { { "SQNR dB", 46.6 } };
        plan.repairs = { { 0, 2, 1 } };
        result.plans = { plan };
        result.interactions = { { 0, 1, 1, 2, 1.25, 1.5 } };
        result.seed = 7;
        result.options = { { "confidence", "0.95" } };
        result.data_digest = 0xabc;
        return result;
    }
}
