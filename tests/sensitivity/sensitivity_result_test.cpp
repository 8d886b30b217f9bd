// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/sensitivity_result.hpp>

#include <quantkit/sensitivity/exact_search.hpp>
#include <quantkit/sensitivity/result_text.hpp>
#include <quantkit/sensitivity/table_problem.hpp>

#include "support/sensitivity_results.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;

namespace
{
    std::uint64_t digest_after(const std::function<void(sensitivity_result&)>& change)
    {
        sensitivity_result result = test::small_result();
        change(result);
        return digest_of(result).value();
    }
}

TEST_CASE("the digest is of data, seed, options, table and plans")
{
    const std::uint64_t same = digest_after([](sensitivity_result&) {});
    CHECK(same == digest_after([](sensitivity_result&) {}));
    const std::vector<std::function<void(sensitivity_result&)>> changes {
        [](sensitivity_result& result) { result.model += "!"; },
        [](sensitivity_result& result) { result.seed = 8; },
        [](sensitivity_result& result) { result.data_digest ^= 1; },
        [](sensitivity_result& result) { result.options[0].value = "0.9"; },
        [](sensitivity_result& result) { result.options.clear(); },
        [](sensitivity_result& result) { result.table.at(0, 1).block_errors[1] += 1e-15; },
        [](sensitivity_result& result) { result.table.at(1, 1).allowed = true; },
        [](sensitivity_result& result) { result.table.at(0, 1).settled = false; },
        [](sensitivity_result& result) { result.table.at(0, 1).bytes += 1; },
        [](sensitivity_result& result) { result.plans[0].plan[1] = 2; },
        [](sensitivity_result& result) { result.plans.clear(); },
    };
    std::vector<std::uint64_t> seen { same };
    for (const auto& change : changes)
    {
        const std::uint64_t changed = digest_after(change);
        CHECK(std::count(seen.begin(), seen.end(), changed) == 0);
        seen.push_back(changed);
    }
}

TEST_CASE("the digest knows nothing of the machine's speed")
{
    CHECK(digest_after([](sensitivity_result& result) { result.table.at(0, 2).microseconds = 99.0; })
          == digest_after(
              [](sensitivity_result& result) {
                  result.plans[0].measured.push_back({ "us", 5.0 });
              }));
}

TEST_CASE("solutions become named plans")
{
    const sensitivity_result result = test::small_result();
    const plan_solution solution = exact_search {}(problem_of(result.table, { .bytes = 3000 }));
    const planned_model plan = planned("exact", solution);
    CHECK(plan.plan == choices { 1, 0 });
    CHECK(plan.status == plan_status::optimal);
    CHECK(plan.predicted.bytes == 2048);
    CHECK_THROWS_WITH_AS(planned("tiny", exact_search {}(problem_of(result.table, { .bytes = 3 }))),
                         "quantkit: there is no plan 'tiny': it is infeasible", std::invalid_argument);
}

TEST_CASE("the text has everything a reader looks for")
{
    const sensitivity_result result = test::small_result();
    const std::string digest = digest_of(result).text();
    CHECK(
        text_of(result)
        == "sensitivity of two layers: logits MSE of 6 samples in 2 blocks, seed 7, digest " + digest
               + "\n"
                 "  confidence: 0.95\n"
                 "layer              kind   FP16   INT8\n"
                 "attn   attention_layers  0.333  0.75?\n"
                 "pool            pooling      -   inf?\n"
                 "2 errors are not settled (?): more samples may change them\n"
                 "prior and measurement disagree on 1 layer\n"
                 "DISAGREEMENT: "
               + result.disagreements.at(0).text
               + "\n"
                 "plan greedy, 3000 bytes (feasible): 2048 bytes, predicted 0.25 logits MSE, at least 0.125, measured "
                 "SQNR dB 46.6\n"
                 "  repaired: attn from INT8 to FP16\n"
                 "  FP32 (1): pool\n"
                 "  FP16 (1): attn\n"
                 "1 pairs measured together, as a share of the sum of both alone: median 1.2, from 1.2 of attn (FP16) "
                 "and pool (INT8) to 1.2 of attn (FP16) and pool (INT8)\n");
}

TEST_CASE("the ranking begins with the most sensitive layer")
{
    CHECK(ranking_table(test::small_result().table, 2)
          == "layer              kind  error  from    to  settled  bytes\n"
             "pool            pooling    inf     1   inf       no      0\n"
             "attn   attention_layers   0.75   0.5  1.25       no   1024\n");
    CHECK(ranking_table(test::small_result().table, 1)
          == "layer              kind  error  from   to  settled  bytes\n"
             "attn   attention_layers  0.333  0.25  0.5      yes   2048\n");
}
