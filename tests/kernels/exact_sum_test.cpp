// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/exact_sum.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

using quantkit::exact_double_sum;
using quantkit::exact_sum;
using quantkit::test::random_bits;

namespace
{
    constexpr double infinity = std::numeric_limits<double>::infinity();
    constexpr double missing = std::numeric_limits<double>::quiet_NaN();

    template <class Sum>
    Sum summed(const std::vector<double>& terms)
    {
        Sum sum;
        for (const double term : terms)
            sum.add(term);
        return sum;
    }

    /// Any finite float, all exponents alike.
    double random_float(random_bits& random)
    {
        float x = 0;
        do
            x = std::bit_cast<float>(static_cast<std::uint32_t>(random.next()));
        while (!std::isfinite(x));
        return static_cast<double>(x);
    }
}

TEST_CASE("one term is its own sum, whatever its size and sign")
{
    random_bits random(1);
    for (int trial = 0; trial < 20'000; ++trial)
    {
        const double product = random_float(random) * random_float(random);
        REQUIRE(summed<exact_sum>({ product }).value() == product);
        const auto any = std::bit_cast<double>(random.next());
        if (std::isfinite(any))
            REQUIRE(summed<exact_double_sum>({ any }).value() == any);
    }
    for (const double x : { 0.0, -0.0, 0x1p-298, -0x1p-298, 0x1.fffffep127 * 0x1.fffffep127 })
        CHECK(summed<exact_sum>({ x }).value() == x);
    using limits = std::numeric_limits<double>;
    for (const double x : { limits::denorm_min(), limits::min(), limits::max(), limits::lowest() })
        CHECK(summed<exact_double_sum>({ x }).value() == x);
}

TEST_CASE("sums of integers are those of 128 bits, rounded once")
{
    random_bits random(2);
    for (int trial = 0; trial < 2'000; ++trial)
    {
        const int shift = static_cast<int>(random.integer(0, 60));
        __extension__ __int128 expected = 0;
        exact_sum sum;
        for (int i = 0; i < 50; ++i)
        {
            const std::int64_t term = random.integer(-(std::int64_t { 1 } << 53), std::int64_t { 1 } << 53);
            const int scale = i % 3 == 0 ? shift : 0;
            expected += static_cast<__int128>(term) * (std::int64_t { 1 } << scale);
            sum.add(std::ldexp(static_cast<double>(term), scale));
        }
        REQUIRE(sum.value() == static_cast<double>(expected));
    }
}

TEST_CASE("ties go to the even double, and the least bit far below breaks them")
{
    const double one_ulp = 0x1p-52, half = 0x1p-53, least = 0x1p-298;
    CHECK(summed<exact_sum>({ 1.0, half }).value() == 1.0);
    CHECK(summed<exact_sum>({ 1.0, one_ulp, half }).value() == 1.0 + 2 * one_ulp);
    CHECK(summed<exact_sum>({ 1.0, half, least }).value() == 1.0 + one_ulp);
    CHECK(summed<exact_sum>({ 1.0, half, -least }).value() == 1.0);
    CHECK(summed<exact_sum>({ -1.0, -half, -least }).value() == -1.0 - one_ulp);
    CHECK(summed<exact_sum>({ 0x1p64, 0x1p11 }).value() == 0x1p64);
    CHECK(summed<exact_sum>({ 0x1p64, 0x1p11, least }).value() == 0x1.0000000000001p64);
}

TEST_CASE("order and division cannot be seen, nor can terms that cancel")
{
    random_bits random(3);
    std::vector<double> terms;
    for (int i = 0; i < 1000; ++i)
        terms.push_back(random_float(random) * random_float(random));
    const exact_sum expected = summed<exact_sum>(terms);
    for (std::size_t cut = 0; cut <= terms.size(); cut += 125)
    {
        std::rotate(terms.begin(), terms.begin() + 77, terms.end());
        const auto middle = terms.begin() + static_cast<std::ptrdiff_t>(cut);
        exact_sum sum = summed<exact_sum>({ middle, terms.end() });
        sum += summed<exact_sum>({ terms.begin(), middle });
        CHECK(sum == expected);
    }
    exact_sum nothing = expected;
    for (const double term : terms)
        nothing.add(-term);
    CHECK(nothing == exact_sum {});
    nothing -= expected;
    CHECK(nothing.value() == -expected.value());
    nothing += expected;
    CHECK(nothing.value() == 0.0);
    CHECK_FALSE(std::signbit(nothing.value()));
}

TEST_CASE("sums beyond the greatest double are infinite, not wrapped around")
{
    const double greatest = std::numeric_limits<double>::max();
    CHECK(summed<exact_double_sum>({ greatest, greatest }).value() == infinity);
    CHECK(summed<exact_double_sum>({ -greatest, -greatest }).value() == -infinity);
    CHECK(summed<exact_double_sum>({ greatest, greatest, -greatest }).value() == greatest);
}

TEST_CASE("infinities and NaN are as in floating point")
{
    CHECK(summed<exact_sum>({ 1.0, infinity, infinity }).value() == infinity);
    CHECK(summed<exact_sum>({ -infinity, 1.0 }).value() == -infinity);
    CHECK(std::isnan(summed<exact_sum>({ infinity, -infinity }).value()));
    CHECK(std::isnan(summed<exact_sum>({ missing, 1.0, infinity }).value()));
    CHECK(summed<exact_sum>({ missing }) == summed<exact_sum>({ -missing }));
    CHECK_FALSE(summed<exact_sum>({ missing }).is_finite());
    exact_sum sum = summed<exact_sum>({ infinity });
    sum -= summed<exact_sum>({ -infinity });
    CHECK(sum.value() == infinity);
    sum -= summed<exact_sum>({ infinity });
    CHECK(std::isnan(sum.value()));
}
