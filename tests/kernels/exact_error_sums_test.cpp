// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/exact_error_sums.hpp>

#include "kernels/cases.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <utility>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    constexpr float infinity = std::numeric_limits<float>::infinity();
    constexpr float missing = std::numeric_limits<float>::quiet_NaN();

    using arrays = std::pair<std::vector<float>, std::vector<float>>;

    template <class Arch>
    exact_error_sums actual_sums(const std::vector<float>& reference, const std::vector<float>& approximation,
                                 Arch arch)
    {
        const guarded_buffer<float> r(reference), a(approximation);
        exact_error_sums sums;
        kernels::sum_errors_exactly(r.data(), a.data(), r.size(), sums, arch);
        return sums;
    }

    /// The definition: one term after the other, without any rounding.
    exact_error_sums defined(const std::vector<float>& reference, const std::vector<float>& approximation)
    {
        exact_error_sums sums;
        for (std::size_t i = 0; i < reference.size(); ++i)
        {
            const double r = static_cast<double>(reference[i]), a = static_cast<double>(approximation[i]);
            sums.squared_reference.add(r * r);
            sums.squared_approximation.add(a * a);
            sums.dot.add(r * a);
            sums.error.add(r);
            sums.error.add(-a);
            sums.absolute_error.add(std::fmax(r, a));
            sums.absolute_error.add(-std::fmin(r, a));
            if (std::isnan(r) || std::isnan(a))
                sums.absolute_error.add(static_cast<double>(missing));
            sums.max_error = std::fmax(sums.max_error, std::abs(r - a));
            sums.reference_range.min = std::fmin(sums.reference_range.min, reference[i]);
            sums.reference_range.max = std::fmax(sums.reference_range.max, reference[i]);
        }
        sums.count = reference.size();
        return sums;
    }

    /// Magnitudes from 1 down to 2^-spread, evenly in the logarithm, a tenth of them 0.
    std::vector<float> spread_floats(std::size_t count, std::uint64_t seed, int spread, float greatest = 1.0f)
    {
        random_bits random(seed);
        std::vector<float> values(count);
        for (float& value : values)
        {
            const auto fraction = static_cast<float>(0.5 + 0.5 * random.uniform());
            const int exponent = -static_cast<int>(random.integer(0, spread));
            const float size = random.integer(0, 9) == 0 ? 0.0f : std::ldexp(fraction * greatest, exponent);
            value = random.integer(0, 1) == 0 ? size : -size;
        }
        return values;
    }

    std::vector<float> rounded_to(std::vector<float> values, float scale)
    {
        for (float& value : values)
            value = scale * std::nearbyint(value / scale);
        return values;
    }
}

TEST_CASE_TEMPLATE_DEFINE("sums are exact for every count", Arch, counts)
{
    std::vector<std::size_t> all = counts_to_test();
    for (const std::size_t count : std::initializer_list<std::size_t> { 511, 512, 513, 1024, 5000 })
        all.push_back(count);
    for (const std::size_t count : all)
    {
        CAPTURE(count);
        const std::vector<float> x = normal_floats(count, count), y = rounded_to(x, 0.02f);
        REQUIRE(actual_sums(x, y, Arch {}) == defined(x, y));
    }
}

TEST_CASE_TEMPLATE_DEFINE("sums are exact however far the values are apart, also next to the limits", Arch, spreads)
{
    for (int spread = 0; spread <= 60; ++spread)
        for (const float greatest : { 1.0f, std::numeric_limits<float>::max(), 0x1p-100f, 0x1p-130f })
        {
            CAPTURE(spread);
            const std::vector<float> x = spread_floats(600, 1, spread, greatest);
            const std::vector<float> y = spread_floats(600, 2, spread, greatest);
            REQUIRE(actual_sums(x, y, Arch {}) == defined(x, y));
        }
}

TEST_CASE_TEMPLATE_DEFINE("values all ones at both ends of the fast ways are summed exactly", Arch, full_blocks)
{
    for (int apart = 0; apart <= 30; ++apart)
    {
        CAPTURE(apart);
        const float large = 0x1.fffffep5f, small = std::ldexp(large, -apart);
        std::vector<float> x(512, large), y(512, large);
        for (std::size_t i = 0; i < 512; i += 2)
            x[i] = small;
        REQUIRE(actual_sums(x, y, Arch {}) == defined(x, y));
        y.assign(512, -large);
        REQUIRE(actual_sums(x, y, Arch {}) == defined(x, y));
    }
}

TEST_CASE_TEMPLATE_DEFINE("order and division cannot be seen", Arch, divisions)
{
    std::vector<float> x = floats_with_outliers(3000, 1), y = rounded_to(x, 0.5f);
    const exact_error_sums expected = actual_sums(x, y, Arch {});
    for (const std::size_t cut : std::initializer_list<std::size_t> { 0, 1, 511, 512, 1001, 2999 })
    {
        std::rotate(x.begin(), x.begin() + 77, x.end());
        std::rotate(y.begin(), y.begin() + 77, y.end());
        exact_error_sums first, second;
        kernels::sum_errors_exactly(x.data(), y.data(), cut, first, Arch {});
        kernels::sum_errors_exactly(x.data() + cut, y.data() + cut, x.size() - cut, second, Arch {});
        second += first;
        CHECK(second == expected);
    }
}

TEST_CASE_TEMPLATE_DEFINE("infinities and NaN reach the sums that they take part in", Arch, extremes)
{
    for (std::uint64_t seed = 0; seed < 50; ++seed)
    {
        const std::vector<float> x = extreme_floats(40, seed), y = extreme_floats(40, seed + 1000);
        REQUIRE(actual_sums(x, y, Arch {}) == defined(x, y));
    }
    for (const std::size_t at : std::initializer_list<std::size_t> { 0, 5, 16, 18 })
    {
        std::vector<float> x(19, 1.0f), y(19, 0.5f);
        y[at] = missing;
        const exact_error_sums nan = actual_sums(x, y, Arch {});
        CHECK(nan == defined(x, y));
        CHECK(std::isnan(nan.absolute_error.value()));
        CHECK(nan.squared_reference.value() == 19.0);
        CHECK(nan.max_error == 0.5);
        y[at] = -infinity;
        const exact_error_sums infinite = actual_sums(x, y, Arch {});
        CHECK(infinite == defined(x, y));
        CHECK(infinite.max_error == static_cast<double>(infinity));
    }
}

TEST_CASE_TEMPLATE_APPLY(counts, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(spreads, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(full_blocks, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(divisions, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(extremes, compiled_archs);
