// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/report/quantized_values.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <set>
#include <span>
#include <stdexcept>
#include <vector>

using namespace quantkit;

namespace
{
    constexpr qparams eighths { 0.125f, 100 }; // from -12.5 to 19.375

    struct expectation
    {
        double clipping = 0.0, rounding = 0.0, beyond = 0.0, dead = 0.0;
    };

    /// By the definition, in double.
    expectation expected(const std::vector<float>& values)
    {
        expectation sums;
        std::set<double> codes;
        for (const float value : values)
        {
            const double x = static_cast<double>(value), clamped = std::clamp(x, -12.5, 19.375);
            const double code = std::nearbyint(clamped / 0.125);
            codes.insert(code);
            sums.clipping += (x - clamped) * (x - clamped);
            sums.rounding += (clamped - 0.125 * code) * (clamped - 0.125 * code);
            sums.beyond += x != clamped ? 1.0 : 0.0;
        }
        const auto count = static_cast<double>(values.size());
        return { sums.clipping / count, sums.rounding / count, sums.beyond / count,
                 1.0 - static_cast<double>(codes.size()) / 256.0 };
    }
}

TEST_CASE("quantized_values: errors, saturation and unused codes by the definition, whatever the parts")
{
    const std::vector<float> values = test::random_floats(3000, 5, -30.0f, 25.0f);
    const expectation want = expected(values);
    quantized_values seen(eighths);
    const std::span<const float> all(values);
    seen.observe(all.first(7));
    seen.observe(all.subspan(7));
    CHECK(seen.error_parts().clipping == doctest::Approx(want.clipping).epsilon(1e-12));
    CHECK(seen.error_parts().rounding == doctest::Approx(want.rounding).epsilon(1e-12));
    CHECK(seen.saturation_rate() == want.beyond);
    CHECK(seen.dead_codes() == doctest::Approx(want.dead).epsilon(1e-12));
    CHECK(seen.histogram().count() == 3000);
    CHECK(seen.clip() == real_range { -12.5f, 19.375f });
    quantized_values at_once(eighths);
    at_once.observe(all);
    CHECK(at_once.error_parts() == seen.error_parts());
}

TEST_CASE("quantized_values: the ends of the range do not saturate")
{
    quantized_values seen(eighths);
    seen.observe(std::vector<float> { -12.5f, 19.375f, 0.0f });
    CHECK(seen.saturation_rate() == 0.0);
    CHECK(seen.error_parts() == report_error_parts {});
    CHECK(seen.dead_codes() == 253.0 / 256.0);
}

TEST_CASE("quantized_values: nothing, and what is not finite")
{
    quantized_values seen(eighths);
    CHECK(seen.error_parts() == report_error_parts {});
    CHECK(seen.saturation_rate() == 0.0);
    CHECK(seen.dead_codes() == 1.0);
    seen.observe({});
    CHECK(seen.dead_codes() == 1.0);
    seen.observe(std::vector<float> { std::numeric_limits<float>::infinity(), 0.0f });
    CHECK(std::isinf(seen.error_parts().clipping));
    CHECK(seen.saturation_rate() == 0.5);
    seen.observe(std::vector<float> { std::numeric_limits<float>::quiet_NaN() });
    CHECK(std::isnan(seen.error_parts().rounding));
    CHECK_THROWS_AS(quantized_values({ 0.0f, 0 }), std::invalid_argument);
}
