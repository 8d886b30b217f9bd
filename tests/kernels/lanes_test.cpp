// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/rounding.hpp>
#include <quantkit/kernels/lanes.hpp>

#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using namespace quantkit::test;

    constexpr float missing = std::numeric_limits<float>::quiet_NaN();

    /// operation(lanes) of each batch of x, where operation gives reals.
    template <class Arch, class Operation>
    std::vector<float> mapped(const std::vector<float>& x, Operation operation)
    {
        using in = lanes<Arch>;
        std::vector<float> y(x.size());
        REQUIRE(x.size() % in::width == 0);
        for (std::size_t i = 0; i < x.size(); i += in::width)
            in::store(y.data() + i, operation(in::load(x.data() + i)));
        return y;
    }

    template <class Operation>
    std::vector<float> expected(const std::vector<float>& x, Operation operation)
    {
        std::vector<float> y;
        for (const float value : x)
            y.push_back(static_cast<float>(operation(value)));
        return y;
    }

    std::vector<float> roundable_floats()
    {
        std::vector<float> x = tie_floats(512, 1, 1.0f);
        const std::vector<float> large = random_floats(512, 2, -0x1p24f, 0x1p24f);
        const std::vector<float> small = normal_floats(480, 3);
        x.insert(x.end(), large.begin(), large.end());
        x.insert(x.end(), small.begin(), small.end());
        for (const float value : { 0.0f, 0.5f, 0.49999997f, 0.50000006f, 1.5f, 2.5f, 0x1p23f, 8388607.5f, 8388606.5f,
                                   4194303.5f, 4194304.5f, 16777215.0f, 0x1p24f, 1e-45f, 1e-38f, 1.0f })
        {
            x.push_back(value);
            x.push_back(-value);
        }
        return x;
    }
}

TEST_CASE_TEMPLATE_DEFINE("conversions round as they say", Arch, conversions)
{
    using in = lanes<Arch>;
    const std::vector<float> x = roundable_floats();
    require_equal(mapped<Arch>(x, [](auto v) { return in::to_real(in::nearest(v)); }),
                  expected(x, [](float v) { return quantkit::round_half_even(v) + 0.0f; }));
    require_equal(mapped<Arch>(x, [](auto v) { return in::to_real(in::truncated(v)); }),
                  expected(x, [](float v) { return std::trunc(v) + 0.0f; }));

    std::vector<std::int32_t> integers = random_codes<std::int32_t>(256, 4);
    integers[0] = std::numeric_limits<std::int32_t>::min();
    integers[1] = std::numeric_limits<std::int32_t>::max();
    integers[2] = 16'777'217;
    for (std::size_t i = 0; i < integers.size(); i += in::width)
    {
        std::vector<float> reals(in::width);
        in::store(reals.data(), in::to_real(in::load(integers.data() + i)));
        for (std::size_t lane = 0; lane < in::width; ++lane)
            REQUIRE(reals[lane] == static_cast<float>(integers[i + lane]));
    }
}

TEST_CASE_TEMPLATE_DEFINE("bounds take the place of NaN", Arch, bounds)
{
    using in = lanes<Arch>;
    using real = typename in::real;
    const std::vector<float> x = extreme_floats(256, 5);
    require_equal(mapped<Arch>(x, [](auto v) { return in::at_least(v, real(-3.0f)); }),
                  expected(x, [](float v) { return v > -3.0f ? v : -3.0f; }));
    require_equal(mapped<Arch>(x, [](auto v) { return in::at_most(v, real(3.0f)); }),
                  expected(x, [](float v) { return v < 3.0f ? v : 3.0f; }));
    const std::vector<float> missing_values(in::width, missing);
    require_equal(mapped<Arch>(missing_values, [](auto v) { return in::at_least(v, real(1.0f)); }),
                  std::vector<float>(in::width, 1.0f));
    require_equal(mapped<Arch>(x, [](auto v) { return in::select(v > real(1.0f), v, real(7.0f)); }),
                  expected(x, [](float v) { return v > 1.0f ? v : 7.0f; }));
}

TEST_CASE_TEMPLATE_DEFINE("division is correctly rounded", Arch, division)
{
    using in = lanes<Arch>;
    using real = typename in::real;
    std::vector<float> x = random_floats(1024, 6, -100.0f, 100.0f);
    for (const float value : { 1e-45f, 1e-39f, 1e-38f, 3e38f, -1e-40f, 0.0f, -0.0f, 1.0f })
        for (std::size_t lane = 0; lane < 16; ++lane)
            x.push_back(value);
    for (const float divisor : { 3.0f, 0.1f, 3e-39f, 1e38f })
        require_equal(mapped<Arch>(x, [=](auto v) { return in::divided(v, real(divisor)); }),
                      expected(x, [=](float v) { return v / divisor; }));
    const std::vector<float> divisors = random_floats(1024, 7, 1e-3f, 1e3f);
    require_equal(mapped<Arch>(divisors, [](auto v) { return in::divided(real(1.0f), v); }),
                  expected(divisors, [](float v) { return 1.0f / v; }));
}

TEST_CASE_TEMPLATE_DEFINE("words count, wrap and mix as core's definition", Arch, words)
{
    using in = lanes<Arch>;
    using word = typename in::word;
    for (const std::uint32_t first : { 0u, 7u, 0x7ffffffeu, 0xfffffffeu })
    {
        std::vector<float> actual(in::width);
        const word bits = mixed(word(in::consecutive(first) ^ word(0x1234u)));
        in::store(actual.data(), in::high_24_bits(bits));
        for (std::size_t lane = 0; lane < in::width; ++lane)
        {
            const std::uint32_t index = first + static_cast<std::uint32_t>(lane);
            const std::uint32_t expected_bits = quantkit::stochastic::mixed(index ^ 0x1234u);
            REQUIRE(actual[lane] == static_cast<float>(expected_bits >> 8));
        }
    }
}

TEST_CASE_TEMPLATE_APPLY(conversions, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(bounds, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(division, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(words, compiled_archs);
