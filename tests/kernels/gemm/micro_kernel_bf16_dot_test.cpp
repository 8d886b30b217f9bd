// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/half.hpp>
#include <quantkit/kernels/gemm/select_float.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::guarded_buffer;
    using quantkit::test::require_equal;

    constexpr operand_format format = operand_format::bf16_bf16;
    constexpr float infinity = std::numeric_limits<float>::infinity();

    // check(kernel) with every kernel that the CPU has; the others are reported.
    template <class Check>
    void for_each_kernel(Check check)
    {
        for (const micro_kernel* kernel : compiled_float_kernels<format>())
        {
            const std::string name(kernel->name());
            CAPTURE(name);
            if (cpu_runs_float_kernel(kernel->level))
                check(*kernel);
            else
                MESSAGE("not run, the CPU lacks ", name);
        }
    }

    // a [rows][2 groups], b [16 panels][2 groups]: the tile [rows][16 panels].
    std::vector<float> tile_of(const micro_kernel& kernel, std::size_t rows, std::size_t panels,
                               const std::vector<std::uint16_t>& a, const std::vector<std::uint16_t>& b)
    {
        const std::size_t k = a.size() / rows, width = panels * panel_columns;
        guarded_buffer<std::uint16_t> packed(b.size());
        for (std::size_t column = 0; column < width; ++column)
            for (std::size_t p = 0; p < k; ++p)
                packed[(column / panel_columns * k / 2 + p / 2) * 2 * panel_columns + column % panel_columns * 2
                       + p % 2] = b[column * k + p];
        const guarded_buffer<std::uint16_t> strip(a);
        std::vector<std::int32_t> bits(rows * width);
        kernel.tile(rows, panels)({ reinterpret_cast<const std::byte*>(strip.data()), k * 2,
                                    reinterpret_cast<const std::byte*>(packed.data()), k * 2 * panel_columns, k / 2 },
                                  bits.data(), width);
        std::vector<float> sums(bits.size());
        std::memcpy(sums.data(), bits.data(), bits.size() * sizeof(float));
        return sums;
    }

    struct factors
    {
        float a, b;
    };

    // The sum of the products of bfloat16 numbers, the first of each pair first.
    float sum_of(const micro_kernel& kernel, const std::vector<factors>& terms)
    {
        std::vector<std::uint16_t> a, b;
        for (const factors& term : terms)
        {
            a.push_back(quantkit::float_to_bfloat16(term.a));
            REQUIRE(quantkit::bfloat16_to_float(a.back()) == term.a);
        }
        for (std::size_t column = 0; column < panel_columns; ++column)
            for (const factors& term : terms)
                b.push_back(quantkit::float_to_bfloat16(term.b));
        const std::vector<float> sums = tile_of(kernel, 1, 1, a, b);
        for (const float sum : sums)
            REQUIRE(std::bit_cast<std::uint32_t>(sum) == std::bit_cast<std::uint32_t>(sums.front()));
        return sums.front();
    }

    bool is_zero(float x, bool negative) { return x == 0.0f && std::signbit(x) == negative; }
}

TEST_CASE("the second product of a pair is added first, each is rounded on its own")
{
    for_each_kernel(
        [](const micro_kernel& kernel)
        {
            // 1 + 2^24 is a tie, which goes to 2^24; 1 - 2^24 is exact
            CHECK(sum_of(kernel, { { 1, 1 }, { 0, 0 }, { -0x1p24f, 1 }, { 0x1p24f, 1 } }) == 0.0f);
            CHECK(sum_of(kernel, { { 1, 1 }, { 0, 0 }, { 0x1p24f, 1 }, { -0x1p24f, 1 } }) == 1.0f);
            CHECK(sum_of(kernel, {}) == 0.0f);
        });
}

TEST_CASE("products are exact, be they as large or as small as they may")
{
    for_each_kernel(
        [](const micro_kernel& kernel)
        {
            CHECK(sum_of(kernel, { { 0x1p64f, 0x1p64f }, { -0x1p127f, 1 } }) == 0x1p127f);
            CHECK(sum_of(kernel, { { 0x1.8p-75f, 0x1p-75f }, { 0x1p-126f, 1 } }) == 0x1p-126f + 0x1p-149f);
            CHECK(sum_of(kernel, { { 0x1p64f, 0x1p64f }, { 1, 1 } }) == infinity);
        });
}

TEST_CASE("subnormal operands are zeros, subnormal sums become them")
{
    constexpr float largest_subnormal = 0x1.fcp-127f;
    for_each_kernel(
        [](const micro_kernel& kernel)
        {
            CHECK(is_zero(sum_of(kernel, { { largest_subnormal, 0x1p100f }, { 0, 0 } }), false));
            CHECK(is_zero(sum_of(kernel, { { 0x1p100f, largest_subnormal }, { 0, 0 } }), false));
            CHECK(sum_of(kernel, { { 0x1p-126f, 0x1p100f }, { 0, 0 } }) == 0x1p-26f);
            CHECK(is_zero(sum_of(kernel, { { 0x1p-63f, 0x1p-64f }, { 0, 0 } }), false));
            CHECK(is_zero(sum_of(kernel, { { -0x1p-63f, 0x1p-64f }, { 0, 0 } }), true));
            CHECK(is_zero(sum_of(kernel, { { -0x1p-126f, 1 }, { 0x1.8p-126f, 1 } }), false));
            CHECK(sum_of(kernel, { { 0x1p-63f, 0x1p-63f }, { 0, 0 } }) == 0x1p-126f);
        });
}

TEST_CASE("tiny is what rounding leaves below the smallest normal float")
{
    for_each_kernel(
        [](const micro_kernel& kernel)
        {
            CHECK(sum_of(kernel, { { -0x1p-75f, 0x1p-76f }, { 0x1p-126f, 1 } }) == 0x1p-126f);
            CHECK(is_zero(sum_of(kernel, { { -0x1.8p-75f, 0x1p-76f }, { 0x1p-126f, 1 } }), false));
            CHECK(is_zero(sum_of(kernel, { { 0x1.8p-75f, 0x1p-76f }, { -0x1p-126f, 1 } }), true));
        });
}

TEST_CASE("NaN and infinities propagate; infinity times a subnormal is NaN")
{
    for_each_kernel(
        [](const micro_kernel& kernel)
        {
            CHECK(sum_of(kernel, { { 1, infinity }, { 1, 1 } }) == infinity);
            CHECK(std::isnan(sum_of(kernel, { { 1, infinity }, { -1, infinity } })));
            CHECK(std::isnan(sum_of(kernel, { { 0x1p-127f, infinity }, { 1, 1 } })));
            CHECK(std::isnan(sum_of(kernel, { { 1, std::numeric_limits<float>::quiet_NaN() }, { 1, 1 } })));
        });
}

TEST_CASE("every tile has the bits of sums that are exact in double before each rounding")
{
    // multiples of 2^-11 below 2^4: products are multiples of 2^-22, sums stay below 2^18
    const auto draw = [](std::size_t count, std::uint64_t seed)
    {
        std::vector<std::uint16_t> values;
        for (const float x : quantkit::test::random_floats(count, seed, 0.0625f, 15.9f))
            values.push_back(
                static_cast<std::uint16_t>(quantkit::float_to_bfloat16(x) | (values.size() % 3 == 0 ? 0x8000u : 0u)));
        return values;
    };
    for_each_kernel(
        [&](const micro_kernel& kernel)
        {
            for (const std::size_t panels : { 1u, 2u, 4u })
                for (std::size_t rows = 1; rows <= kernel.max_rows(panels); ++rows)
                    for (const std::size_t k : { 2u, 6u, 130u })
                    {
                        const std::size_t width = panels * panel_columns;
                        const auto a = draw(rows * k, 1), b = draw(width * k, 2);
                        std::vector<float> expected(rows * width, 0.0f);
                        for (std::size_t i = 0; i < rows * width; ++i)
                            for (std::size_t step = 0; step < k; ++step)
                            {
                                const double x = quantkit::bfloat16_to_float(a[i / width * k + (step ^ 1)]);
                                const double y = quantkit::bfloat16_to_float(b[i % width * k + (step ^ 1)]);
                                expected[i] = static_cast<float>(double { expected[i] } + x * y);
                            }
                        require_equal(tile_of(kernel, rows, panels, a, b), expected);
                    }
        });
}

TEST_CASE("the best kernel is one that runs here")
{
    const micro_kernel& best = best_float_kernel<format>();
    CHECK(best.format == format);
    CHECK(cpu_runs_float_kernel(best.level));
}
