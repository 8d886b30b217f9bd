// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A good plan within the budgets, near the one that prices alone would choose.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/core_problem.hpp>
#include <quantkit/sensitivity/search_costs.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Starts at the core's base plan. Deviates where that costs least until the budgets are kept, then wherever that
    /// saves cost and keeps them, pass after pass while something changes.
    class plan_rounding
    {
    public:
        plan_rounding(const search_costs& costs, const core_problem& core)
            : costs_(costs)
            , core_(core)
            , resources_(core.resources)
            , now_(core.layers.size(), &base_)
        {
            for (std::size_t i = 0; i < core.layers.size(); ++i)
                for (const deviation& each : core.layers[i].deviations)
                    moves_.push_back({ i, &each });
            std::stable_sort(moves_.begin(), moves_.end(),
                             [](const move& a, const move& b) { return a.to->reduced < b.to->reduced; });
        }

        /// Nothing if the budgets are not kept.
        std::optional<choices> plan()
        {
            repeat([&](const move& each) { return excess(moved(each)) < excess(resources_); });
            if (excess(resources_) > 0.0)
                return std::nullopt;
            repeat([&](const move& each)
                   { return each.to->cost < now_[each.layer]->cost && excess(moved(each)) == 0.0; });
            choices plan = core_.plan;
            for (std::size_t i = 0; i < now_.size(); ++i)
                if (now_[i] != &base_)
                    plan[core_.layers[i].layer] = now_[i]->choice;
            return plan;
        }

    private:
        struct move
        {
            std::size_t layer; ///< of the core
            const deviation* to;
        };

        static constexpr int passes = 8;

        template <class Helps>
        void repeat(const Helps& helps)
        {
            bool changed = true;
            for (int pass = 0; pass < passes && changed; ++pass)
            {
                changed = false;
                for (const move& each : moves_)
                    if (helps(each))
                    {
                        resources_ = moved(each);
                        now_[each.layer] = each.to;
                        changed = true;
                    }
            }
        }

        resource_amounts moved(const move& each) const
        {
            resource_amounts after = resources_;
            for (std::size_t k = 0; k < max_resources; ++k)
                after[k] += each.to->resources[k] - now_[each.layer]->resources[k];
            return after;
        }

        /// By how much budgets are passed, relative to each.
        double excess(const resource_amounts& resources) const
        {
            double sum = 0.0;
            for (std::size_t k = 0; k < costs_.resources(); ++k)
            {
                const double budget = costs_.budgets()[k];
                sum += std::max(0.0, resources[k] - budget) / (budget > 0.0 ? budget : 1.0);
            }
            return sum;
        }

        const search_costs& costs_;
        const core_problem& core_;
        const deviation base_ {};
        resource_amounts resources_;
        std::vector<const deviation*> now_;
        std::vector<move> moves_;
    };
}
