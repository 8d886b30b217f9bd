// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/kernels/steps.hpp>

#include "kernels/cases.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

namespace
{
    using namespace quantkit;
    using shared = kernels::detail::shared_qparams<by_reciprocal>;
    using own = kernels::detail::own_qparams<by_reciprocal>;
    constexpr std::int32_t last = 1 << 24;
}

// Whether the lanes or the definition did the work cannot be seen in the result: only here.
TEST_CASE("lanes are used as long as float holds the bounds, seen from the zero point")
{
    CHECK(shared { { 1.0f, 0 }, int8_full::bounds }.fits_float());
    CHECK(shared { { 1.0f, 0 }, { -last, last } }.fits_float());
    CHECK_FALSE(shared { { 1.0f, 0 }, { -last - 1, last } }.fits_float());
    CHECK_FALSE(shared { { 1.0f, 0 }, { -last, last + 1 } }.fits_float());
    CHECK(shared { { 1.0f, last }, { 0, 2 * last } }.fits_float());
    CHECK_FALSE(shared { { 1.0f, std::numeric_limits<std::int32_t>::max() }, int8_full::bounds }.fits_float());
    CHECK_FALSE(shared { { 1.0f, std::numeric_limits<std::int32_t>::min() }, int8_full::bounds }.fits_float());
    CHECK_FALSE(shared { { 1.0f, 0 }, int32_full::bounds }.fits_float());
    CHECK(own { nullptr, nullptr, quant_bounds { 0, 65535 } }.fits_float());
    CHECK_FALSE(own { nullptr, nullptr, int32_full::bounds }.fits_float());
}

TEST_CASE("only the library's own policies run in lanes")
{
    static_assert(kernels::detail::known_rounding<half_even> && kernels::detail::known_scaling<by_division>);
    static_assert(!kernels::detail::known_rounding<test::upward>);
    static_assert(!kernels::detail::known_scaling<test::by_twice_the_scale>);
    CHECK(shared { { 0.25f, 0 }, int8_full::bounds }.factor_of_all == 4.0f);
}
