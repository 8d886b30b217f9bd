// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What is left of a plan problem once prices are known: a base plan, and what deviating from it costs.
///
/// With prices p and the base plan of their cheapest options, a plan costs
///
///     L(p) + sum of reduced costs of its deviations + p . (budgets - its resources)
///
/// so that within the budgets only deviations with small sums of reduced costs, the core, can beat a known plan.
///
/// source  Pisinger 1995, "A minimal algorithm for the multiple-choice knapsack problem"
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/lagrangian_bound.hpp>
#include <quantkit/sensitivity/search_costs.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <tuple>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One layer taking another option: differences to the base plan.
    struct deviation
    {
        double reduced = 0.0; ///< of priced costs, not negative
        double cost = 0.0;
        resource_amounts resources {};
        std::size_t choice = 0;
    };

    /// layer_class  the same number for layers with the same options, which are interchangeable
    /// deviations   by ascending reduced cost; at least one
    struct core_layer
    {
        std::size_t layer = 0;
        std::size_t layer_class = 0;
        std::vector<deviation> deviations;
    };

    /// cost, resources  of the base plan
    /// layers           by the reduced cost of their first deviation, those of one class one after another
    struct core_problem
    {
        choices plan;
        double cost = 0.0;
        resource_amounts resources {};
        std::vector<core_layer> layers;
    };

    inline bool same_options(std::span<const search_option> a, std::span<const search_option> b)
    {
        return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                          [](const search_option& x, const search_option& y) { return x.same_numbers(y); });
    }

    /// [layers] the first of the layers that have the same options, in an order that compares numbers.
    inline std::vector<std::size_t> layer_classes(const search_costs& costs)
    {
        const auto key = [](const search_option& option)
        { return std::tie(option.cost, option.resources[0], option.resources[1], option.choice); };
        std::vector<std::size_t> order(costs.layers()), classes(costs.layers());
        for (std::size_t i = 0; i < order.size(); ++i)
            order[i] = i;
        std::stable_sort(order.begin(), order.end(),
                         [&](std::size_t a, std::size_t b)
                         {
                             return std::lexicographical_compare(
                                 costs[a].begin(), costs[a].end(), costs[b].begin(), costs[b].end(),
                                 [&](const search_option& x, const search_option& y) { return key(x) < key(y); });
                         });
        for (std::size_t i = 0; i < order.size(); ++i)
            classes[order[i]] =
                i > 0 && same_options(costs[order[i]], costs[order[i - 1]]) ? classes[order[i - 1]] : order[i];
        return classes;
    }

    inline std::vector<deviation> deviations_of(std::span<const search_option> options, const search_option& base,
                                                const resource_amounts& prices)
    {
        std::vector<deviation> deviations;
        for (const search_option& option : options)
        {
            if (option.choice == base.choice)
                continue;
            deviation each {
                priced(option, prices) - priced(base, prices), option.cost - base.cost, {}, option.choice
            };
            for (std::size_t k = 0; k < max_resources; ++k)
                each.resources[k] = option.resources[k] - base.resources[k];
            deviations.push_back(each);
        }
        std::stable_sort(deviations.begin(), deviations.end(),
                         [](const deviation& a, const deviation& b) { return a.reduced < b.reduced; });
        return deviations;
    }

    inline core_problem core_of(const search_costs& costs, const resource_amounts& prices)
    {
        core_problem core;
        const std::vector<std::size_t> classes = layer_classes(costs);
        for (std::size_t i = 0; i < costs.layers(); ++i)
        {
            const search_option& base = cheapest(costs[i], prices);
            core.plan.push_back(base.choice);
            core.cost += base.cost;
            for (std::size_t k = 0; k < max_resources; ++k)
                core.resources[k] += base.resources[k];
            if (costs[i].size() > 1)
                core.layers.push_back({ i, classes[i], deviations_of(costs[i], base, prices) });
        }
        std::stable_sort(core.layers.begin(), core.layers.end(),
                         [](const core_layer& a, const core_layer& b)
                         {
                             const double first_a = a.deviations.front().reduced,
                                          first_b = b.deviations.front().reduced;
                             return std::tie(first_a, a.layer_class) < std::tie(first_b, b.layer_class);
                         });
        return core;
    }
}
