// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/core_search.hpp>

#include "support/plan_problems.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <set>
#include <vector>

using namespace quantkit;

namespace
{
    bool dominates(const detail::core_state& a, const detail::core_state& b)
    {
        return a.cost <= b.cost && a.resources[0] <= b.resources[0] && a.resources[1] <= b.resources[1];
    }

    /// The definition: of all pairs; of equal ones the first stays.
    std::vector<std::size_t> undominated(const std::vector<detail::core_state>& states)
    {
        std::vector<std::size_t> kept;
        for (std::size_t i = 0; i < states.size(); ++i)
        {
            bool stays = true;
            for (std::size_t j = 0; j < states.size() && stays; ++j)
                stays = i == j || !dominates(states[j], states[i]) || (dominates(states[i], states[j]) && i < j);
            if (stays)
                kept.push_back(states[i].trail);
        }
        return kept;
    }
}

TEST_CASE("exactly the dominated states go, and the others keep their order")
{
    test::random_bits bits(3);
    for (int trial = 0; trial < 300; ++trial)
    {
        std::vector<detail::core_state> states(static_cast<std::size_t>(bits.integer(1, 60)));
        const std::int64_t most = bits.integer(1, 20);
        for (std::size_t i = 0; i < states.size(); ++i)
        {
            states[i].cost = static_cast<double>(bits.integer(0, most));
            states[i].resources = { static_cast<double>(bits.integer(-most, most)),
                                    static_cast<double>(bits.integer(0, most)) };
            states[i].trail = static_cast<std::uint32_t>(i);
        }
        const std::vector<std::size_t> expected = undominated(states);
        detail::remove_dominated(states);
        std::vector<std::size_t> kept;
        for (const detail::core_state& state : states)
            kept.push_back(state.trail);
        REQUIRE(kept == expected);
    }
}

TEST_CASE("every set of deviations below the limit is seen once, equal layers in one order only")
{
    // three equal layers of two options and one of three: sets are 0 to 3 deviations of the first kind, 3 of the other
    const std::vector<plan_option> pair { { 0.0, 4, 0.0 }, { 1.0, 2, 0.0 } };
    const plan_problem problem { { pair, pair, { { 0.0, 9, 0.0 }, { 1.5, 5, 0.0 }, { 2.5, 1, 0.0 } }, pair },
                                 { .bytes = 1000 } };
    const detail::search_costs costs(problem);
    const detail::core_problem core = detail::core_of(costs, {});
    REQUIRE(core.plan == choices { 0, 0, 0, 0 });
    const auto sets_below = [&](double limit)
    {
        std::size_t work = 1000;
        std::multiset<double> sums;
        detail::core_search search(core, costs, { 1000.0, 0.0 }, work);
        const auto outcome = search.run(limit,
                                        [&](const detail::core_state& state, double now)
                                        {
                                            sums.insert(state.reduced);
                                            const plan_option total = total_of(problem, search.plan_of(state));
                                            CHECK(total.error == core.cost + state.cost);
                                            return now;
                                        });
        CHECK(outcome == detail::core_outcome::complete);
        return sums;
    };
    CHECK(sets_below(100.0) == std::multiset<double> { 1, 2, 3, 1.5, 2.5, 3.5, 4.5, 2.5, 3.5, 4.5, 5.5 });
    CHECK(sets_below(2.5) == std::multiset<double> { 1, 2, 1.5 });
    CHECK(sets_below(1.0).empty());
}

TEST_CASE("work that is spent ends the search")
{
    const plan_problem problem = test::large_problem(30, 4, 1);
    const detail::search_costs costs(problem);
    const detail::core_problem core = detail::core_of(costs, {});
    std::size_t work = 50;
    constexpr double infinity = std::numeric_limits<double>::infinity();
    detail::core_search search(core, costs, { infinity, infinity }, work);
    CHECK(search.run(infinity, [](const detail::core_state&, double now) { return now; })
          == detail::core_outcome::out_of_work);
    CHECK(work == 0);
}
