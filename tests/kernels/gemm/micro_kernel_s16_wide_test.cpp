// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/micro_kernel_s16_wide.hpp>
#include <quantkit/kernels/gemm/select_s16.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/int16_products.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::guard_page;
    using quantkit::test::guarded_buffer;
    using quantkit::test::require_equal;

    constexpr std::int32_t untouched = 0x5a5a5a5a;

    // One tile of codes [rows][groups, 2] and [panels][groups, 16, 2], in memory that ends where they end.
    struct wide_tile
    {
        std::size_t rows, panels, groups;
        std::vector<std::int16_t> a, b;

        std::vector<std::int64_t> expected() const
        {
            std::vector<std::int64_t> sums;
            for (std::size_t row = 0; row < rows; ++row)
                for (std::size_t column = 0; column < panels * 16; ++column)
                {
                    std::int64_t sum = 0;
                    for (std::size_t i = 0; i < 2 * groups; ++i)
                        sum += std::int64_t { a[row * groups * 2 + i] }
                               * b[((column / 16 * groups + i / 2) * 16 + column % 16) * 2 + i % 2];
                    sums.push_back(sum);
                }
            return sums;
        }

        // The sums, joined; what lies between the rows of C must be as it was.
        std::vector<std::int64_t> run(const micro_kernel& kernel, std::size_t gap, guard_page side) const
        {
            const guarded_buffer<std::int16_t> left(a, side), right(b, side);
            const std::size_t width = panels * 16, ldc = width + gap;
            guarded_buffer<std::int32_t> c((2 * rows - 1) * ldc + width, side);
            std::fill(c.begin(), c.end(), untouched);
            const tile_operands operands { reinterpret_cast<const std::byte*>(left.data()), groups * 4,
                                           reinterpret_cast<const std::byte*>(right.data()), groups * 64, groups };
            kernel.tile(rows, panels)(operands, c.data(), ldc);
            std::vector<std::int64_t> sums;
            for (std::size_t row = 0; row < rows; ++row)
                for (std::size_t j = 0; j < width; ++j)
                {
                    sums.push_back(joined_halves(c[row * ldc + j], c[(rows + row) * ldc + j]));
                    c[row * ldc + j] = c[(rows + row) * ldc + j] = untouched;
                }
            REQUIRE(std::all_of(c.begin(), c.end(), [](std::int32_t value) { return value == untouched; }));
            return sums;
        }
    };

    wide_tile random_tile(std::size_t rows, std::size_t panels, std::size_t groups)
    {
        return { rows, panels, groups, quantkit::test::random_codes<std::int16_t>(rows * groups * 2, groups, -32767),
                 quantkit::test::random_codes<std::int16_t>(panels * groups * 32, groups + 1) };
    }

    // check(kernel, rows, panels) with every tile that the CPU has.
    template <class Check>
    void for_each_wide_tile(Check check)
    {
        quantkit::test::for_each_runnable(compiled_wide_kernels(),
                                          [&](const micro_kernel& kernel)
                                          {
                                              for (const std::size_t panels : { 1u, 2u, 4u })
                                                  for (std::size_t rows = 1; rows <= kernel.max_rows(panels); ++rows)
                                                  {
                                                      CAPTURE(rows);
                                                      CAPTURE(panels);
                                                      check(kernel, rows, panels);
                                                  }
                                          });
    }
}

TEST_CASE("what a kernel with wide sums declares fits the driver")
{
    for (const micro_kernel* kernel : compiled_wide_kernels())
    {
        CAPTURE(kernel->name());
        CHECK(kernel->sums_in_halves);
        CHECK(kernel->format == operand_format::s16_s16);
        CHECK(kernel->max_rows(1) >= kernel->max_rows(kernel->main_panels));
        for (const std::size_t panels : { 1u, 2u, 4u })
        {
            CHECK(kernel->max_rows(panels) >= 1);
            CHECK(kernel->max_rows(panels) <= max_tile_rows);
        }
    }
    for (const micro_kernel* kernel : compiled_int16_kernels())
        CHECK(!kernel->sums_in_halves);
    CHECK(best_wide_kernel().sums_in_halves);
    CHECK(best_wide_kernel().level <= quantkit::isa_cap());
}

TEST_CASE("two halves hold every sum of up to 48 bits")
{
    for (const std::int64_t sum :
         { std::int64_t { 0 }, std::int64_t { -1 }, std::int64_t { 65'535 }, std::int64_t { -65'536 },
           (std::int64_t { 1 } << 47) - 65'536, -(std::int64_t { 1 } << 47), std::int64_t { 123'456'789'012'345 } })
        for (const std::int64_t cut_off :
             { std::int64_t { 0 }, std::int64_t { 65'535 }, std::int64_t { 4'000'000'000 } })
        {
            // what the shift cut off is any number below 2^32 that is as sum modulo 65536
            const std::int64_t rest = cut_off / 65'536 * 65'536 + (sum & 65'535);
            const std::int64_t high = (sum - rest) >> 16;
            if (high < INT32_MIN)
                continue;
            CHECK(joined_halves(static_cast<std::int32_t>(sum), static_cast<std::int32_t>(high)) == sum);
        }
}

TEST_CASE("every tile sums exactly, and touches nothing else")
{
    for_each_wide_tile(
        [](const micro_kernel& kernel, std::size_t rows, std::size_t panels)
        {
            for (const std::size_t groups : { 0u, 1u, 2u, 3u, 25u, 66u, 500u })
            {
                CAPTURE(groups);
                const wide_tile tile = random_tile(rows, panels, groups);
                require_equal(tile.run(kernel, 0, guard_page::after), tile.expected());
                require_equal(tile.run(kernel, 3, guard_page::before), tile.expected());
            }
        });
}

TEST_CASE("the most groups that a tile may sum, of extremes")
{
    struct extremes
    {
        std::int16_t a, b;
    };
    for (const extremes codes : { extremes { -32768, 32767 }, { 32767, 32767 }, { -32767, -32768 }, { -1, 1 } })
        for_each_wide_tile(
            [&](const micro_kernel& kernel, std::size_t rows, std::size_t panels)
            {
                if (rows * panels > 4) // the others are as those
                    return;
                const wide_tile tile { rows, panels, max_wide_groups, std::vector(rows * max_wide_groups * 2, codes.a),
                                       std::vector(panels * max_wide_groups * 32, codes.b) };
                const std::vector<std::int64_t> expected(rows * panels * 16,
                                                         std::int64_t { 131'072 } * codes.a * codes.b);
                require_equal(tile.run(kernel, 0, guard_page::after), expected);
            });
}
