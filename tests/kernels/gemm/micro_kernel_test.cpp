// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/gemm/packing.hpp>
#include <quantkit/kernels/gemm/select.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::guard_page;
    using quantkit::test::guarded_buffer;

    constexpr std::array group_counts { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 25, 66, 131 };
    constexpr std::int32_t untouched = 0x5a5a5a5a;

    // The codes that a packed operand may hold, by the definition of the formats.
    struct code_bounds
    {
        std::int64_t low, high;
    };

    code_bounds bounds_of(const micro_kernel& kernel, operand side)
    {
        const bool is_a = side == operand::a;
        if (kernel.format == operand_format::s16_s16 || (kernel.format == operand_format::s16_s8 && is_a))
            return { -128, 255 };
        return kernel.format == operand_format::u8_s8 && is_a ? code_bounds { 0, kernel.largest_a }
                                                              : code_bounds { -128, 127 };
    }

    std::size_t values_in_group(operand_format format)
    {
        return format == operand_format::s16_s16 || format == operand_format::s16_s8 ? 2 : 4;
    }

    std::size_t value_bytes(operand_format format, operand side)
    {
        return format == operand_format::s16_s16 || (format == operand_format::s16_s8 && side == operand::a) ? 2 : 1;
    }

    // Bytes of the 16 groups of one step of a panel.
    std::size_t step_bytes(operand_format format)
    {
        return 16 * values_in_group(format) * value_bytes(format, operand::b);
    }

    // Values [count] of one operand, each in as many bytes as the format gives it.
    std::vector<std::byte> encoded(const std::vector<std::int64_t>& values, operand_format format, operand side)
    {
        const std::size_t width = value_bytes(format, side);
        std::vector<std::byte> bytes;
        for (const std::int64_t value : values)
            for (std::size_t i = 0; i < width; ++i)
                bytes.push_back(static_cast<std::byte>(static_cast<std::uint64_t>(value) >> (8 * i) & 0xff));
        return bytes;
    }

    enum class fill
    {
        random,
        lowest,
        highest,
        zero,
        alternating
    };

    constexpr std::array fills { fill::random, fill::lowest, fill::highest, fill::zero, fill::alternating };

    std::vector<std::int64_t> values_for(fill how, std::size_t count, code_bounds bounds, std::uint64_t seed)
    {
        quantkit::test::random_bits random(seed);
        std::vector<std::int64_t> values(count);
        for (std::size_t i = 0; i < count; ++i)
        {
            const bool low = how == fill::lowest || (how == fill::alternating && i % 2 == 0);
            values[i] = how == fill::zero     ? 0
                        : how == fill::random ? random.integer(bounds.low, bounds.high)
                        : low                 ? bounds.low
                                              : bounds.high;
        }
        return values;
    }

    // One call of one tile: operands in packed order, memory that ends where they end.
    class tile_case
    {
    public:
        tile_case(const micro_kernel& kernel, std::size_t rows, std::size_t panels, std::size_t groups)
            : kernel_(kernel)
            , rows_(rows)
            , panels_(panels)
            , groups_(groups)
        {
        }

        void check(fill a_fill, fill b_fill, std::size_t gap, guard_page side) const
        {
            const std::size_t kr = values_in_group(kernel_.format);
            // rows [groups], one after another, with a gap between them
            const std::size_t a_stride = (groups_ + gap) * 4;
            const std::vector<std::int64_t> a =
                values_for(a_fill, rows_ * groups_ * kr, bounds_of(kernel_, operand::a), 1);
            std::vector<std::vector<std::int64_t>> b;
            for (std::size_t panel = 0; panel < panels_; ++panel)
                b.push_back(values_for(b_fill, groups_ * 16 * kr, bounds_of(kernel_, operand::b), 2 + panel));

            const std::size_t panel_bytes = groups_ * step_bytes(kernel_.format), panel_stride = panel_bytes + gap * 64;
            guarded_buffer<std::byte> packed_a((rows_ - 1) * a_stride + groups_ * 4, side);
            const std::vector<std::byte> a_bytes = encoded(a, kernel_.format, operand::a);
            for (std::size_t row = 0; row < rows_; ++row)
                std::copy_n(a_bytes.data() + row * groups_ * 4, groups_ * 4, packed_a.data() + row * a_stride);
            guarded_buffer<std::byte> packed_b((panels_ - 1) * panel_stride + panel_bytes, side);
            for (std::size_t panel = 0; panel < panels_; ++panel)
            {
                const std::vector<std::byte> bytes = encoded(b[panel], kernel_.format, operand::b);
                std::copy(bytes.begin(), bytes.end(), packed_b.data() + panel * panel_stride);
            }
            const std::size_t ldc = panels_ * 16 + gap;
            guarded_buffer<std::int32_t> c((rows_ - 1) * ldc + panels_ * 16, side);
            std::fill(c.begin(), c.end(), untouched);

            const tile_operands operands { packed_a.data(), a_stride, packed_b.data(), panel_stride, groups_ };
            kernel_.tile(rows_, panels_)(operands, c.data(), ldc);
            quantkit::test::require_equal(c, expected(a, b, c.size(), ldc));
        }

        // Tiles side by side, of whose columns the first so many exist.
        void check_direct(std::size_t tiles, std::size_t columns, bool with_offsets) const
        {
            const std::size_t kr = values_in_group(kernel_.format), ldc = columns + 3;
            const auto a = values_for(fill::random, rows_ * groups_ * kr, bounds_of(kernel_, operand::a), 5);
            std::vector<std::vector<std::int64_t>> b;
            const guarded_buffer<std::byte> left(encoded(a, kernel_.format, operand::a)),
                right(random_panels(tiles * panels_, b));
            guarded_buffer<std::int32_t> c((rows_ - 1) * ldc + columns);
            std::fill(c.begin(), c.end(), untouched);
            tile_operands operands { left.data(), groups_ * 4, right.data(), groups_ * step_bytes(kernel_.format),
                                     groups_ };
            const guarded_buffer<std::int32_t> offsets(
                quantkit::test::random_codes<std::int32_t>(tiles * panels_ * 16, 7));
            operands.offsets = with_offsets ? offsets.data() : nullptr;
            operands.tiles = tiles;
            operands.columns = columns;
            kernel_.tile(rows_, panels_)(operands, c.data(), ldc);

            std::vector<std::int32_t> sums = expected(a, b, c.size(), ldc, columns);
            for (std::size_t row = 0; with_offsets && row < rows_; ++row)
                for (std::size_t j = 0; j < columns; ++j)
                {
                    std::int32_t& sum = sums[row * ldc + j];
                    sum = static_cast<std::int32_t>(static_cast<std::uint32_t>(sum)
                                                    - static_cast<std::uint32_t>(offsets[j]));
                }
            quantkit::test::require_equal(c, sums);
        }

        // The same with the commonest epilogue on the tiles' registers.
        void check_scaled(std::size_t tiles, std::size_t columns, bool with_bias, bool clamped) const
        {
            const std::size_t kr = values_in_group(kernel_.format), width = tiles * panels_ * 16, ldc = columns + 3;
            const auto a = values_for(fill::random, rows_ * groups_ * kr, bounds_of(kernel_, operand::a), 5);
            std::vector<std::vector<std::int64_t>> b;
            const std::vector<std::byte> packed_b = random_panels(tiles * panels_, b);
            const guarded_buffer<std::byte> left(encoded(a, kernel_.format, operand::a)), right(packed_b);
            const guarded_buffer<std::int32_t> offsets(quantkit::test::random_codes<std::int32_t>(width, 7));
            const guarded_buffer<float> scales(quantkit::test::random_floats(width, 8, 1e-9f, 1e-8f));
            const guarded_buffer<float> bias(quantkit::test::random_floats(width, 9, -9.0f, 9.0f));
            guarded_buffer<float> c((rows_ - 1) * ldc + columns);
            std::fill(c.begin(), c.end(), -77.0f);
            scaled_output out { scales.data() };
            out.bias = with_bias ? bias.data() : nullptr;
            if (clamped)
                out.low = -4.0f, out.high = 5.0f;
            out.c = c.data();
            out.ldc = ldc;
            tile_operands operands { left.data(), groups_ * 4, right.data(), groups_ * step_bytes(kernel_.format),
                                     groups_ };
            operands.offsets = offsets.data();
            operands.scaled = &out;
            operands.tiles = tiles;
            operands.columns = columns;
            kernel_.tile(rows_, panels_)(operands, nullptr, 0);

            const std::vector<std::int32_t> sums = expected(a, b, rows_ * width, width);
            std::vector<float> y(c.size(), -77.0f);
            for (std::size_t row = 0; row < rows_; ++row)
                for (std::size_t j = 0; j < columns; ++j)
                {
                    const auto sum = static_cast<std::int32_t>(static_cast<std::uint32_t>(sums[row * width + j])
                                                               - static_cast<std::uint32_t>(offsets[j]));
                    // exact in double, so rounded to float once: never fused
                    auto x = static_cast<float>(static_cast<double>(static_cast<float>(sum))
                                                * static_cast<double>(scales[j]));
                    if (with_bias)
                        x = static_cast<float>(static_cast<double>(x) + static_cast<double>(bias[j]));
                    y[row * ldc + j] = clamped ? std::clamp(x, -4.0f, 5.0f) : x;
                }
            quantkit::test::require_equal(c, y);
        }

    private:
        // So many panels as kernels read them; their values go to b.
        std::vector<std::byte> random_panels(std::size_t count, std::vector<std::vector<std::int64_t>>& b) const
        {
            const std::size_t values = groups_ * 16 * values_in_group(kernel_.format);
            std::vector<std::byte> packed;
            for (std::size_t panel = 0; panel < count; ++panel)
            {
                b.push_back(values_for(fill::random, values, bounds_of(kernel_, operand::b), 6 + panel));
                const std::vector<std::byte> bytes = encoded(b[panel], kernel_.format, operand::b);
                packed.insert(packed.end(), bytes.begin(), bytes.end());
            }
            return packed;
        }

        std::vector<std::int32_t> expected(const std::vector<std::int64_t>& a,
                                           const std::vector<std::vector<std::int64_t>>& b, std::size_t size,
                                           std::size_t ldc) const
        {
            return expected(a, b, size, ldc, b.size() * 16);
        }

        std::vector<std::int32_t> expected(const std::vector<std::int64_t>& a,
                                           const std::vector<std::vector<std::int64_t>>& b, std::size_t size,
                                           std::size_t ldc, std::size_t columns) const
        {
            const std::size_t kr = values_in_group(kernel_.format);
            std::vector<std::int32_t> c(size, untouched);
            for (std::size_t row = 0; row < rows_; ++row)
                for (std::size_t column = 0; column < columns; ++column)
                {
                    std::int64_t sum = 0;
                    for (std::size_t group = 0; group < groups_; ++group)
                        for (std::size_t i = 0; i < kr; ++i)
                            sum += a[(row * groups_ + group) * kr + i]
                                   * b[column / 16][(group * 16 + column % 16) * kr + i];
                    c[row * ldc + column] = static_cast<std::int32_t>(sum);
                }
            return c;
        }

        const micro_kernel& kernel_;
        std::size_t rows_, panels_, groups_;
    };

    // check(kernel) with each that the CPU has, also with those for a part of the codes.
    template <class Check>
    void for_each_kernel(Check check)
    {
        quantkit::test::for_each_micro_kernel(check);
#if defined(QUANTKIT_X86)
        if (quantkit::cpu_has(quantkit::isa_level::avx2))
            check(micro_kernel_of<avx2_u7_tiles>);
#endif
    }

    // check(rows, panels) for every tile that the kernel has.
    template <class Check>
    void for_each_tile(const micro_kernel& kernel, Check check)
    {
        for (const std::size_t panels : { std::size_t { 1 }, std::size_t { 2 }, std::size_t { 4 } })
            for (std::size_t rows = 1; rows <= kernel.max_rows(panels); ++rows)
            {
                CAPTURE(rows);
                CAPTURE(panels);
                check(rows, panels);
            }
    }
}

TEST_CASE("what a micro-kernel declares fits the driver")
{
    for (const micro_kernel* kernel : compiled_micro_kernels())
    {
        CAPTURE(kernel->name());
        CHECK((kernel->main_panels == 1 || kernel->main_panels == 2 || kernel->main_panels == 4));
        CHECK(kernel->main_panels <= max_tile_panels);
        for (const std::size_t panels : { std::size_t { 1 }, std::size_t { 2 }, std::size_t { 4 } })
        {
            CHECK(kernel->max_rows(panels) >= 1);
            CHECK(kernel->max_rows(panels) <= max_tile_rows);
            CHECK((kernel->tile(0, panels) == nullptr));
        }
        // a strip of the main height may meet one panel that is left over
        CHECK(kernel->max_rows(1) >= kernel->max_rows(kernel->main_panels));
        for_each_tile(*kernel,
                      [&](std::size_t rows, std::size_t panels) { CHECK((kernel->tile(rows, panels) != nullptr)); });
    }
}

TEST_CASE("every tile of every micro-kernel sums exactly, and touches nothing else")
{
    for_each_kernel(
        [&](const micro_kernel& kernel)
        {
            for_each_tile(kernel,
                          [&](std::size_t rows, std::size_t panels)
                          {
                              for (const int groups : group_counts)
                              {
                                  CAPTURE(groups);
                                  const tile_case one(kernel, rows, panels, static_cast<std::size_t>(groups));
                                  one.check(fill::random, fill::random, 0, guard_page::after);
                                  one.check(fill::random, fill::random, 3, guard_page::before);
                              }
                          });
        });
}

// check(tile_case, tiles, columns) for tiles side by side of each kernel that can write C itself.
template <class Check>
static void for_each_direct_tile(Check check)
{
    bool any = false;
    for_each_kernel(
        [&](const micro_kernel& kernel)
        {
            if (!kernel.direct_output)
                return;
            any = true;
            for_each_tile(kernel,
                          [&](std::size_t rows, std::size_t panels)
                          {
                              const tile_case one(kernel, rows, panels, 9);
                              for (const std::size_t tiles : { std::size_t { 1 }, std::size_t { 3 } })
                              {
                                  const std::size_t whole = tiles * panels * 16;
                                  for (const std::size_t missing : { 0u, 1u, 7u, 15u })
                                  {
                                      CAPTURE(tiles);
                                      CAPTURE(missing);
                                      check(one, tiles, whole - missing);
                                  }
                              }
                          });
        });
    if (!any)
        MESSAGE("no micro-kernel of this CPU writes C itself: nothing to check");
}

TEST_CASE("tiles side by side give the sums of each, in existing columns only")
{
    for_each_direct_tile(
        [](const tile_case& one, std::size_t tiles, std::size_t columns)
        {
            one.check_direct(tiles, columns, false);
            one.check_direct(tiles, columns, true);
        });
}

TEST_CASE("tiles that scale their output give the floats of the stages, in existing columns only")
{
    for_each_direct_tile(
        [](const tile_case& one, std::size_t tiles, std::size_t columns)
        {
            for (const bool with_bias : { false, true })
                for (const bool clamped : { false, true })
                    one.check_scaled(tiles, columns, with_bias, clamped);
        });
}

TEST_CASE("extreme operands do not saturate")
{
    for_each_kernel(
        [&](const micro_kernel& kernel)
        {
            for_each_tile(kernel,
                          [&](std::size_t rows, std::size_t panels)
                          {
                              for (const fill a : fills)
                                  for (const fill b : fills)
                                      tile_case(kernel, rows, panels, 11).check(a, b, 0, guard_page::after);
                          });
        });
}

TEST_CASE("sums beyond int32 wrap modulo 2^32")
{
    for_each_kernel(
        [&](const micro_kernel& kernel)
        {
            const std::size_t kr = values_in_group(kernel.format);
            const std::int64_t left = bounds_of(kernel, operand::a).high;
            const std::int64_t right = kernel.format == operand_format::s16_s16 ? 255 : -128;
            const std::size_t groups = 320'000 / kr; // of products of 127 * -128 at least: around and more
            const std::int64_t sum = static_cast<std::int64_t>(groups * kr) * left * right;
            REQUIRE(std::abs(sum) > std::int64_t { 1 } << 31);
            for_each_tile(kernel,
                          [&](std::size_t rows, std::size_t panels)
                          {
                              const auto a = encoded(std::vector<std::int64_t>(groups * rows * kr, left), kernel.format,
                                                     operand::a);
                              const auto b = encoded(std::vector<std::int64_t>(groups * panels * 16 * kr, right),
                                                     kernel.format, operand::b);
                              std::vector<std::int32_t> c(rows * panels * 16);
                              const tile_operands operands { a.data(), groups * 4, b.data(),
                                                             groups * step_bytes(kernel.format), groups };
                              kernel.tile(rows, panels)(operands, c.data(), panels * 16);
                              const std::vector<std::int32_t> expected(c.size(), static_cast<std::int32_t>(sum));
                              quantkit::test::require_equal(c, expected);
                          });
        });
}

TEST_CASE("operands and sums need no alignment beyond that of their elements")
{
    for_each_kernel(
        [&](const micro_kernel& kernel)
        {
            constexpr std::size_t groups = 9;
            const std::size_t kr = values_in_group(kernel.format), rows = kernel.max_rows(1);
            const auto a_values = values_for(fill::random, groups * rows * kr, bounds_of(kernel, operand::a), 3);
            const auto b_values = values_for(fill::random, groups * 16 * kr, bounds_of(kernel, operand::b), 4);
            const auto a = encoded(a_values, kernel.format, operand::a);
            const auto b = encoded(b_values, kernel.format, operand::b);
            const std::size_t panel_stride = groups * step_bytes(kernel.format);
            std::vector<std::int32_t> aligned(rows * 16);
            kernel.tile(rows, 1)({ a.data(), groups * 4, b.data(), panel_stride, groups }, aligned.data(), 16);
            for (std::size_t offset = 0; offset < 64; offset += 4)
            {
                alignas(64) std::array<std::byte, groups * max_tile_rows * 4 + 64> moved_a;
                alignas(64) std::array<std::byte, groups * 64 + 64> moved_b;
                alignas(64) std::array<std::int32_t, max_tile_rows * 16 + 16> moved_c;
                std::copy(a.begin(), a.end(), moved_a.begin() + offset);
                std::copy(b.begin(), b.end(), moved_b.begin() + offset);
                std::int32_t* const c = moved_c.data() + offset / 4;
                const tile_operands operands { moved_a.data() + offset, groups * 4, moved_b.data() + offset,
                                               panel_stride, groups };
                kernel.tile(rows, 1)(operands, c, 16);
                quantkit::test::require_equal(std::vector<std::int32_t>(c, c + rows * 16), aligned);
            }
        });
}
