// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/scheme.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdint>
#include <limits>

namespace qk = quantkit;
using limits = std::numeric_limits<float>;

TEST_CASE("affine spans the range with all codes")
{
    CHECK(qk::affine {}({ -1.0f, 3.0f }, { 0, 255 }) == qk::qparams { 4.0f / 255.0f, 64 });
    CHECK(qk::affine {}({ 2.0f, 4.0f }, { 0, 255 }) == qk::qparams { 4.0f / 255.0f, 0 }); // widened to hold 0
    CHECK(qk::affine {}({ -4.0f, -2.0f }, { 0, 255 }) == qk::qparams { 4.0f / 255.0f, 255 });
    CHECK(qk::affine {}({ 0.0f, 0.0f }, { -128, 127 }) == qk::qparams { qk::default_scale_eps, -128 });
    CHECK(qk::affine { .eps = 0.0f }({ 0.0f, 0.0f }, { 0, 255 }) == qk::qparams { 1.0f, 0 });
}

TEST_CASE("symmetric puts 0 in the middle")
{
    CHECK(qk::symmetric {}({ -1.0f, 0.5f }, qk::int8_full::bounds) == qk::qparams { 1.0f / 127.5f, 0 });
    CHECK(qk::symmetric {}({ -1.0f, 0.5f }, qk::int8_narrow::bounds) == qk::qparams { 1.0f / 127.0f, 0 });
    CHECK(qk::symmetric {}({ 1.0f, 2.0f }, qk::uint8_full::bounds) == qk::qparams { 2.0f / 127.5f, 128 });
    CHECK(qk::symmetric {}({ 1.0f, 2.0f }, qk::uint4_full::bounds).zero_point == 8);
    CHECK(qk::symmetric { .zero_point = 7 }({ 1.0f, 2.0f }, qk::uint4_full::bounds).zero_point == 7);
    CHECK(qk::symmetric {}({ 0.0f, 0.0f }, qk::int8_full::bounds) == qk::qparams { qk::default_scale_eps, 0 });
    CHECK(qk::symmetric { .eps = 0.0f }({ 0.0f, 0.0f }, qk::int8_full::bounds) == qk::qparams { 1.0f, 0 });
}

TEST_CASE("power_of_two rounds the symmetric scale up")
{
    quantkit::test::random_bits random(1);
    for (int i = 0; i < 10'000; ++i)
    {
        const auto max =
            static_cast<float>(std::ldexp(random.uniform() + 0.01, static_cast<int>(random.integer(-10, 10))));
        const float exact = qk::symmetric {}({ -max, 0.0f }, qk::int8_narrow::bounds).scale;
        const float scale = qk::power_of_two {}({ -max, 0.0f }, qk::int8_narrow::bounds).scale;
        int exponent = 0;
        REQUIRE(std::frexp(scale, &exponent) == 0.5f);
        REQUIRE((scale >= exact && scale < 2.0f * exact));
    }
    CHECK(qk::power_of_two {}({ -127.0f, 0.0f }, qk::int8_narrow::bounds).scale == 1.0f);
}

TEST_CASE("dynamic_affine raises small scales and takes the better end")
{
    CHECK(qk::dynamic_affine {}({ 0.0f, 0.0f }, { 0, 255 }) == qk::qparams { 0.1f, 0 });
    CHECK(qk::dynamic_affine {}({ 0.0f, 1e-4f }, { 0, 255 }).scale == 6.1e-5f);
    CHECK(qk::dynamic_affine {}({ -1.0f, 3.0f }, { 0, 255 }) == qk::qparams { 4.0f / 255.0f, 64 });
    const qk::qparams both_ends = qk::dynamic_affine {}({ -1e-4f, 1e-4f }, { 0, 255 });
    CHECK(both_ends.scale == 6.1e-5f);
    CHECK((both_ends.zero_point == 127 || both_ends.zero_point == 128));
}

TEST_CASE_TEMPLATE("a range that is no range is refused with its values", Scheme, qk::affine, qk::symmetric,
                   qk::power_of_two, qk::dynamic_affine)
{
    const Scheme scheme;
    const auto text = [](const char* range)
    {
        return std::string("quantkit: cannot choose qparams for the range ") + range
               + ": it must be finite and not reversed";
    };
    CHECK_THROWS_WITH_AS(scheme({ 2.0f, 1.0f }, { 0, 255 }), text("[2, 1]").c_str(), std::invalid_argument);
    CHECK_THROWS_WITH_AS(scheme({ 0.0f, limits::infinity() }, { 0, 255 }), text("[0, inf]").c_str(),
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(scheme({ limits::quiet_NaN(), 1.0f }, { 0, 255 }), text("[nan, 1]").c_str(),
                         std::invalid_argument);
}

TEST_CASE("a range too wide for a float scale is refused with its values")
{
    CHECK_THROWS_WITH_AS(qk::affine {}({ limits::lowest(), limits::max() }, { 0, 255 }),
                         "quantkit: the range [-3.4028235e+38, 3.4028235e+38] is too wide for a float scale",
                         std::invalid_argument);
    CHECK_NOTHROW(qk::symmetric {}({ limits::lowest(), limits::max() }, { -128, 127 }));
}

TEST_CASE_TEMPLATE("the whole range is representable to half a step", Scheme, qk::affine, qk::symmetric,
                   qk::power_of_two, qk::dynamic_affine)
{
    // one more half step where the zero point was rounded (affine), and at quant_max of full signed ranges (symmetric)
    quantkit::test::random_bits random(2);
    for (int i = 0; i < 20'000; ++i)
    {
        const auto a = static_cast<float>(random.normal()), b = static_cast<float>(random.normal());
        const qk::real_range range { std::fmin(a, b), std::fmax(a, b) };
        for (const qk::quant_bounds bounds : { qk::int8_full::bounds, qk::uint8_full::bounds, qk::int4_narrow::bounds })
        {
            const qk::qparams params = Scheme {}(range, bounds);
            REQUIRE(params.zero_point >= bounds.quant_min);
            REQUIRE(params.zero_point <= bounds.quant_max);
            const float slack = params.scale * 1.001f;
            if (bounds.quant_min < 0 || !std::same_as<Scheme, qk::symmetric>)
            {
                REQUIRE(static_cast<float>(bounds.quant_min - params.zero_point) * params.scale <= range.min + slack);
                REQUIRE(static_cast<float>(bounds.quant_max - params.zero_point) * params.scale >= range.max - slack);
            }
        }
    }
}

namespace
{
    // Somebody else's scheme: always the same step.
    struct fixed_step
    {
        float step = 0.125f;

        qk::qparams operator()(qk::real_range, qk::quant_bounds bounds) const { return { step, bounds.quant_min }; }
    };
}

TEST_CASE("a foreign scheme satisfies the concept")
{
    static_assert(qk::quantization_scheme<fixed_step>);
    static_assert(!qk::quantization_scheme<qk::half_even>);
    CHECK(fixed_step {}({ 0.0f, 1.0f }, { -8, 7 }) == qk::qparams { 0.125f, -8 });
}
