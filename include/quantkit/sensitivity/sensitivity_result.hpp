// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// All that a sensitivity analysis found, as data: what to keep, to print (result_text.hpp) and to write as JSON
/// (report/sensitivity_json.hpp).
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/blended_prior.hpp>
#include <quantkit/sensitivity/choice.hpp>
#include <quantkit/sensitivity/digest.hpp>
#include <quantkit/sensitivity/disagreements.hpp>
#include <quantkit/sensitivity/pair_interactions.hpp>
#include <quantkit/sensitivity/plan_solution.hpp>
#include <quantkit/sensitivity/plan_verification.hpp>
#include <quantkit/sensitivity/sensitivity_table.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// "SQNR dB", 46.6
    struct named_number
    {
        std::string name;
        double value = 0.0;

        friend bool operator==(const named_number&, const named_number&) = default;
    };

    /// "confidence", "0.95"
    struct named_option
    {
        std::string name, value;

        friend bool operator==(const named_option&, const named_option&) = default;
    };

    /// name       how it was made, "exact, 2,000,000 bytes" for example
    /// predicted  sums over the table; status and lower_bound as the search left them
    /// measured   of the whole model running by the plan, empty if nobody ran it
    /// repairs    what the plan was changed in because its first measurement missed its bound
    struct planned_model
    {
        std::string name;
        choices plan;
        plan_option predicted {};
        plan_status status = plan_status::unknown; ///< as the search left it
        double lower_bound = 0.0;                  ///< as the search left it
        std::vector<named_number> measured {};
        std::vector<plan_repair> repairs {};

        friend bool operator==(const planned_model&, const planned_model&) = default;
    };

    /// priors         [layers], or empty
    /// disagreements  of the candidate that was looked at
    /// interactions   pairs of layers that were measured together
    /// seed, options  what the measurement depends on besides the data
    /// data_digest    of the samples
    struct sensitivity_result
    {
        std::string model;       ///< its name
        sensitivity_table table; ///< what was measured
        std::vector<layer_prior> priors {};
        std::vector<disagreement> disagreements {};
        std::vector<planned_model> plans {}; ///< in the order in which they were made
        std::vector<pair_interaction> interactions {};
        std::uint64_t seed = 0;
        std::vector<named_option> options {};
        std::uint64_t data_digest = 0;

        friend bool operator==(const sensitivity_result&, const sensitivity_result&) = default;
    };

    /// A solution under a name. Throws unless a plan was found.
    inline planned_model planned(std::string name, const plan_solution& solution)
    {
        require(solution.found(), "there is no plan '", name, "': it is ", name_of(solution.status));
        return { std::move(name), solution.plan, solution.total, solution.status, solution.lower_bound };
    }
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline void add_table(digest& sum, const sensitivity_table& table)
    {
        sum.add(table.metric()).add(std::span<const std::size_t>(table.block_samples()));
        sum.add(std::uint64_t { table.candidates().size() });
        for (const candidate& each : table.candidates())
            sum.add(each.name);
        sum.add(std::uint64_t { table.layers().size() });
        for (std::size_t i = 0; i < table.layers().size(); ++i)
        {
            const layer_facts& layer = table.layers()[i];
            sum.add(layer.name).add(name_of(layer.kind));
            sum.add(std::uint64_t { layer.parameters }).add(std::uint64_t { layer.multiplications });
            for (std::size_t choice = 0; choice < table.candidates().size(); ++choice)
            {
                const sensitivity_entry& entry = table.at(i, choice);
                sum.add(std::uint64_t { entry.allowed });
                if (!entry.allowed)
                    continue;
                sum.add(std::span<const double>(entry.block_errors));
                sum.add(entry.error).add(entry.interval.low).add(entry.interval.high);
                sum.add(std::uint64_t { entry.settled }).add(std::uint64_t { entry.bytes });
            }
        }
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Of everything that does not depend on how fast the machine is: data, seed, options, table, plans and pairs.
    /// Times, and what was measured with them, do not count; neither do priors and disagreements, which follow from the
    /// rest.
    ///
    /// Threads, processes, interruptions and the flags of the translation unit (tried with and without AVX2 and FMA)
    /// change no bit of it. Products of floats do: those of instruction sets with FMA (AVX2, AVX-512, AArch64) differ
    /// from those without (scalar, SSE2) in the last digits of errors. So machines to compare run with
    /// QUANTKIT_ISA=sse2 where one of them lacks FMA. Plans follow from differences far above the last digits, as a
    /// rule.
    inline digest digest_of(const sensitivity_result& result)
    {
        digest sum;
        sum.add(result.model).add(result.data_digest).add(result.seed);
        sum.add(std::uint64_t { result.options.size() });
        for (const named_option& option : result.options)
            sum.add(option.name).add(option.value);
        detail::add_table(sum, result.table);
        sum.add(std::uint64_t { result.plans.size() });
        for (const planned_model& each : result.plans)
        {
            sum.add(each.name).add(std::span<const std::size_t>(each.plan));
            sum.add(each.predicted.error).add(std::uint64_t { each.predicted.bytes });
            for (const plan_repair& repair : each.repairs)
                sum.add(std::uint64_t { repair.layer })
                    .add(std::uint64_t { repair.from })
                    .add(std::uint64_t { repair.to });
        }
        for (const pair_interaction& pair : result.interactions)
        {
            sum.add(std::uint64_t { pair.first }).add(std::uint64_t { pair.first_choice });
            sum.add(std::uint64_t { pair.second }).add(std::uint64_t { pair.second_choice });
            sum.add(pair.sum).add(pair.joint);
        }
        return sum;
    }
}
