// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// All sets of deviations of a core whose reduced costs sum to less than a limit, but for those that others dominate.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/core_problem.hpp>
#include <quantkit/sensitivity/search_costs.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <limits>
#include <map>
#include <numeric>
#include <tuple>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Sums of the deviations so far. Deviations themselves are a list that ends with `trail`.
    struct core_state
    {
        double reduced = 0.0;
        double cost = 0.0;
        resource_amounts resources {};
        std::uint32_t trail = 0;
        std::uint32_t rank = 0; ///< of the last deviation within its layer
    };

    /// Keeps the states that no other one is at least as good as in cost and every resource: whatever deviations may
    /// follow, the other one leads to a plan that is as good. Of equal ones the first stays; so does their order.
    inline void remove_dominated(std::vector<core_state>& states)
    {
        std::vector<std::size_t> order(states.size());
        std::iota(order.begin(), order.end(), std::size_t { 0 });
        const auto key = [&](std::size_t i)
        { return std::tie(states[i].cost, states[i].resources[0], states[i].resources[1]); };
        std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) < key(b); });

        std::map<double, double> staircase; // of those not dearer: resource 0 to the least resource 1, descending
        std::vector<bool> keeps(states.size(), false);
        for (const std::size_t i : order)
        {
            const auto [first, second] = states[i].resources;
            auto after = staircase.upper_bound(first);
            if (after != staircase.begin() && std::prev(after)->second <= second)
                continue;
            keeps[i] = true;
            while (after != staircase.end() && after->second >= second)
                after = staircase.erase(after);
            staircase[first] = second;
        }
        std::size_t kept = 0;
        for (std::size_t i = 0; i < states.size(); ++i)
            if (keeps[i])
                states[kept++] = states[i];
        states.resize(kept);
    }

    enum class core_outcome
    {
        complete,   ///< every set within the limit was seen
        out_of_work ///< the allowance of steps was spent before
    };

    /// One pass over a core, layer after layer: dynamic programming over lists of states.
    ///
    /// Of layers of one class only the first ones deviate, and by ascending ranks, so that sets which differ in the
    /// order of equal layers are seen once.
    class core_search
    {
    public:
        /// slack  of each resource in the base plan, negative where the budget is passed; a little more is allowed for
        ///        rounding
        /// work   steps allowed; counted down
        core_search(const core_problem& core, const search_costs& costs, const resource_amounts& slack,
                    std::size_t& work)
            : core_(core)
            , resources_(costs.resources())
            , slack_(slack)
            , work_(work)
        {
        }

        /// Calls improve(state, limit) for each set that keeps the budgets; it returns the limit to go on with.
        template <class Improve>
        core_outcome run(double limit, const Improve& improve)
        {
            limit_ = limit;
            begin();
            std::size_t from = 0;
            for (std::size_t i = 0; i < depth_; ++i)
            {
                const bool same_class = i > 0 && core_.layers[i].layer_class == core_.layers[i - 1].layer_class;
                if (!same_class)
                {
                    from = 0;
                    if (states_.size() >= compact_at_)
                        compact();
                }
                const std::size_t end = states_.size();
                for (std::size_t s = from; s < end; ++s)
                    if (!extend(i, s, same_class, improve))
                        return core_outcome::out_of_work;
                from = end;
            }
            return core_outcome::complete;
        }

        /// The base plan with the state's deviations.
        choices plan_of(const core_state& state) const
        {
            choices plan = core_.plan;
            for (std::uint32_t t = state.trail; t != 0; t = trail_[t].before)
            {
                const core_layer& layer = core_.layers[trail_[t].layer];
                plan[layer.layer] = layer.deviations[trail_[t].rank].choice;
            }
            return plan;
        }

    private:
        static constexpr std::size_t max_trail = std::size_t { 1 } << 22;

        struct trail_step
        {
            std::uint32_t before, layer, rank;
        };

        void begin()
        {
            states_.assign(1, {});
            trail_.assign(1, {});
            compact_at_ = 4096;
            depth_ = 0;
            while (depth_ < core_.layers.size() && core_.layers[depth_].deviations.front().reduced < limit_)
                ++depth_;
            least_after_.assign(depth_ + 1, {});
            for (std::size_t i = depth_; i-- > 0;)
                for (std::size_t k = 0; k < max_resources; ++k)
                    least_after_[i][k] = least_after_[i + 1][k] + least_resource(core_.layers[i], k);
        }

        /// The most that deviations within the limit can give back, as a number that is not positive.
        double least_resource(const core_layer& layer, std::size_t k) const
        {
            double least = 0.0;
            for (const deviation& each : layer.deviations)
                if (each.reduced < limit_)
                    least = std::min(least, each.resources[k]);
            return least;
        }

        /// Comparing costs as much as a few dozen steps a state. Where it hardly helps, as with two budgets and no two
        /// layers alike, it is done seldom.
        void compact()
        {
            const std::size_t before = states_.size();
            afford(32 * before);
            remove_dominated(states_);
            compact_at_ =
                (states_.size() > before - before / 8 ? 16 : 2) * std::max(states_.size(), std::size_t { 2048 });
        }

        /// False if there is no work left for it.
        template <class Improve>
        bool extend(std::size_t layer, std::size_t index, bool same_class, const Improve& improve)
        {
            const core_state before = states_[index];
            const std::vector<deviation>& deviations = core_.layers[layer].deviations;
            for (std::size_t rank = same_class ? before.rank : 0; rank < deviations.size(); ++rank)
            {
                const deviation& each = deviations[rank];
                core_state after { before.reduced + each.reduced, before.cost + each.cost, before.resources };
                if (!afford(1) || trail_.size() > max_trail)
                    return false;
                if (!(after.reduced < limit_))
                    break;
                for (std::size_t k = 0; k < max_resources; ++k)
                    after.resources[k] += each.resources[k];
                if (!may_fit(after, least_after_[layer + 1]))
                    continue;
                after.trail = static_cast<std::uint32_t>(trail_.size());
                after.rank = static_cast<std::uint32_t>(rank);
                trail_.push_back({ before.trail, static_cast<std::uint32_t>(layer), after.rank });
                states_.push_back(after);
                if (may_fit(after, {}))
                    limit_ = improve(after, limit_);
            }
            return true;
        }

        bool afford(std::size_t steps)
        {
            const bool enough = steps <= work_;
            work_ -= std::min(steps, work_);
            return enough;
        }

        bool may_fit(const core_state& state, const resource_amounts& still_to_come) const
        {
            for (std::size_t k = 0; k < resources_; ++k)
                if (state.resources[k] + still_to_come[k] > slack_[k])
                    return false;
            return true;
        }

        const core_problem& core_;
        std::size_t resources_;
        resource_amounts slack_;
        std::size_t& work_;
        double limit_ = 0.0;
        std::size_t depth_ = 0;
        std::size_t compact_at_ = 0;
        std::vector<resource_amounts> least_after_;
        std::vector<core_state> states_;
        std::vector<trail_step> trail_;
    };
}
