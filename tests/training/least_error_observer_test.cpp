// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/training/least_error_observer.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <vector>

using namespace quantkit;
using namespace quantkit::training;

TEST_CASE("least_error_observer: the best range of a batch, and a moving average of several")
{
    const std::vector<float> first = test::floats_with_outliers(500, 1), second = test::normal_floats(500, 2);
    const quant_bounds bounds { -1, 1 };
    const symmetric scheme;
    const real_range of_first = mse_optimal_range(first, bounds, scheme),
                     of_second = mse_optimal_range(second, bounds, scheme);
    least_error_observer latest { bounds, scheme, { 1.0f } }, average { bounds, scheme, { 0.25f } };
    CHECK(latest.range() == nothing_observed);
    for (least_error_observer* each : { &latest, &average })
    {
        each->observe(first);
        CHECK(each->range() == of_first);
        each->observe(second);
    }
    CHECK(static_cast<double>(latest.range().max) == doctest::Approx(static_cast<double>(of_second.max)));
    CHECK(static_cast<double>(average.range().max)
          == doctest::Approx(0.75 * static_cast<double>(of_first.max) + 0.25 * static_cast<double>(of_second.max)));
    CHECK(choose_qparams(of_second, bounds, scheme).scale
          < choose_qparams(measured_range(second), bounds, scheme).scale);
    latest.reset();
    CHECK(latest.range() == nothing_observed);
}
