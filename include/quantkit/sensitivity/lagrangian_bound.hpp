// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A proof that no plan is cheaper: budgets replaced by prices.
///
/// For prices p >= 0 of the resources, no plan within the budgets B costs less than
///
///     L(p) = sum over layers of min over options (cost + p . resources) - p . B
///
/// because each layer takes its own minimum, and p . (resources - B) <= 0 for plans within the budgets. L is concave
/// and piecewise linear; its slope in p_k is resources_k - B_k of the minimising options. Its maximum is the bound of
/// the linear relaxation, in which at most as many layers mix options as there are budgets.
///
/// source  Fisher 1981, "The Lagrangian relaxation method for solving integer programming problems"
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/sensitivity/search_costs.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// slope  a supergradient: L(q) <= value + slope . (q - prices) for all q
    struct dual_point
    {
        resource_amounts prices {};
        double value = 0.0;
        resource_amounts slope {};
    };

    inline double priced(const search_option& option, const resource_amounts& prices)
    {
        return option.cost + prices[0] * option.resources[0] + prices[1] * option.resources[1];
    }

    /// The first of the options with the least priced cost.
    inline const search_option& cheapest(std::span<const search_option> options, const resource_amounts& prices)
    {
        const search_option* best = options.data();
        double least = priced(*best, prices);
        for (const search_option& option : options.subspan(1))
            if (const double cost = priced(option, prices); cost < least)
            {
                best = &option;
                least = cost;
            }
        return *best;
    }

    /// Maximises L coordinate by coordinate: the maximum over the first prices is a concave function of the last one.
    class lagrangian
    {
    public:
        explicit lagrangian(const search_costs& costs)
            : costs_(costs)
        {
            resource_amounts widths {};
            double cost_width = 0.0;
            for (std::size_t i = 0; i < costs.layers(); ++i)
                add_widths(costs[i], cost_width, widths);
            for (std::size_t k = 0; k < max_resources; ++k)
                first_step_[k] = widths[k] > 0.0 && cost_width > 0.0 ? cost_width / widths[k] : 1.0;
        }

        /// A bound above what any plan costs means that no plan fits the budgets. Rounding of the sums that nearly
        /// cancel out is allowed for.
        bool proves_infeasible(const dual_point& point) const
        {
            double size = dearest_;
            for (std::size_t k = 0; k < costs_.resources(); ++k)
                size += point.prices[k] * costs_.budgets()[k];
            return point.value > dearest_ + 1e-9 * size;
        }

        dual_point at(const resource_amounts& prices) const
        {
            dual_point point { prices };
            for (std::size_t i = 0; i < costs_.layers(); ++i)
            {
                const search_option& best = cheapest(costs_[i], prices);
                point.value += priced(best, prices);
                for (std::size_t k = 0; k < max_resources; ++k)
                    point.slope[k] += best.resources[k];
            }
            for (std::size_t k = 0; k < costs_.resources(); ++k)
            {
                point.value -= prices[k] * costs_.budgets()[k];
                point.slope[k] -= costs_.budgets()[k];
            }
            return point;
        }

        /// The best bound, or one that proves the problem infeasible.
        dual_point maximum() const { return maximum({}, costs_.resources()); }

    private:
        void add_widths(std::span<const search_option> options, double& cost_width, resource_amounts& widths)
        {
            const auto width_of = [&](auto amount)
            {
                const auto [low, high] = std::minmax_element(options.begin(), options.end(),
                                                             [&](const search_option& a, const search_option& b)
                                                             { return amount(a) < amount(b); });
                return amount(*high) - amount(*low);
            };
            cost_width += width_of([](const search_option& option) { return option.cost; });
            for (std::size_t k = 0; k < max_resources; ++k)
                widths[k] += width_of([k](const search_option& option) { return option.resources[k]; });
            for (const search_option& option : options)
                dearest_ += option.cost; // a sum of all is not less than one of each layer
        }

        /// Over the first `free` prices; the others are as given.
        dual_point maximum(const resource_amounts& prices, std::size_t free) const
        {
            if (free == 0)
                return at(prices);
            const std::size_t k = free - 1;
            const auto with_price = [&](double price)
            {
                resource_amounts changed = prices;
                changed[k] = price;
                return maximum(changed, k);
            };
            dual_point low = with_price(0.0);
            if (low.slope[k] <= 0.0 || proves_infeasible(low))
                return low;
            dual_point high = with_price(first_step_[k]);
            for (int doubling = 0; doubling < 200 && high.slope[k] > 0.0; ++doubling)
            {
                if (proves_infeasible(high))
                    return high;
                low = high;
                high = with_price(2.0 * high.prices[k]);
            }
            return between(low, high, k, with_price);
        }

        /// Where the tangents of both ends meet lies the next end, until the function itself is there.
        template <class Function>
        static dual_point between(dual_point low, dual_point high, std::size_t k, const Function& with_price)
        {
            for (int step = 0; step < 100 && low.slope[k] > 0.0 && high.slope[k] < 0.0; ++step)
            {
                const double from = low.prices[k], to = high.prices[k];
                const double meeting = (high.value - low.value + low.slope[k] * from - high.slope[k] * to)
                                       / (low.slope[k] - high.slope[k]);
                if (!(meeting > from && meeting < to))
                    break;
                const double ceiling = low.value + low.slope[k] * (meeting - from);
                const dual_point middle = with_price(meeting);
                if (middle.value >= ceiling - 1e-14 * std::abs(ceiling))
                    return mixed(middle, low, high, k);
                (middle.slope[k] > 0.0 ? low : high) = middle;
            }
            return mixed(low.value > high.value ? low : high, low, high, k);
        }

        /// The point with the mean of both slopes that is flat in price k: a supergradient of the maximum over it.
        static dual_point mixed(dual_point best, const dual_point& low, const dual_point& high, std::size_t k)
        {
            const double rise = low.slope[k] - high.slope[k];
            const double share = rise > 0.0 ? std::clamp(-high.slope[k] / rise, 0.0, 1.0) : 0.0;
            for (std::size_t i = 0; i < max_resources; ++i)
                best.slope[i] = share * low.slope[i] + (1.0 - share) * high.slope[i];
            return best;
        }

        const search_costs& costs_;
        resource_amounts first_step_ {};
        double dearest_ = 0.0;
    };
}
