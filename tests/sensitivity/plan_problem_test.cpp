// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/plan_problem.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

using namespace quantkit;

namespace
{
    const plan_problem two_layers { { { { 0.0, 40, 4.0 }, { 0.25, 10, 2.0 } },
                                      { { 0.0, 80, 8.0 }, forbidden_option, { 0.5, 20, 6.0 } } } };
}

TEST_CASE("totals are sums over the chosen options")
{
    CHECK(total_of(two_layers, { 0, 0 }) == plan_option { 0.0, 120, 12.0 });
    CHECK(total_of(two_layers, { 1, 2 }) == plan_option { 0.75, 30, 8.0 });
    CHECK(total_of({}, {}) == plan_option {});
    CHECK(std::isinf(total_of(two_layers, { 0, 1 }).error));
    CHECK_THROWS_WITH_AS(total_of(two_layers, { 0 }), "quantkit: a plan of 1 choices does not fit 2 layers",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(total_of(two_layers, { 2, 0 }), "quantkit: layer 0 has 2 options, not option 2",
                         std::invalid_argument);
}

TEST_CASE("budgets are inclusive, and those that are not there do not count")
{
    const plan_option total { 0.75, 30, 8.0 };
    CHECK(fits(total, {}));
    CHECK(fits(total, { 30, 8.0, 0.75 }));
    CHECK_FALSE(fits(total, { 29, 8.0, 0.75 }));
    CHECK_FALSE(fits(total, { 30, 7.9, 0.75 }));
    CHECK_FALSE(fits(total, { 30, 8.0, 0.7 }));
    CHECK_FALSE(fits(forbidden_option, {}));
}

TEST_CASE("problems without meaning are refused")
{
    CHECK_NOTHROW(check_problem(two_layers));
    CHECK_NOTHROW(check_problem({}));
    const auto with = [](plan_option option) { return plan_problem { { { {} }, { option } } }; };
    CHECK_THROWS_WITH_AS(check_problem(with(forbidden_option)), "quantkit: layer 1 has no option that is allowed",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(check_problem(with({ -1.0, 0, 0.0 })),
                         "quantkit: an error must not be negative, but layer 1 has -1", std::invalid_argument);
    CHECK_THROWS_WITH_AS(check_problem(with({ std::numeric_limits<double>::quiet_NaN(), 0, 0.0 })),
                         "quantkit: an error must not be negative, but layer 1 has nan", std::invalid_argument);
    CHECK_THROWS_WITH_AS(check_problem(with({ 0.0, 0, -2.0 })),
                         "quantkit: a time must be finite and not negative, but layer 1 has -2", std::invalid_argument);
    CHECK_THROWS_WITH_AS(check_problem({ {}, { {}, {}, -1.0 } }), "quantkit: no plan has an error of at most -1",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(check_problem({ {}, { {}, -3.0, {} } }), "quantkit: no plan takes at most -3 microseconds",
                         std::invalid_argument);
}
