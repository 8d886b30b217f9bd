// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/micro_kernel_w4a8.hpp>
#include <quantkit/kernels/gemm/select_w4a8.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/linear_layers.hpp"
#include "support/random.hpp"
#include "support/w4a8_micro_kernels.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::float_product;
    using quantkit::test::float_sum;
    using quantkit::test::for_each_w4a8_micro_kernel;
    using quantkit::test::guard_page;
    using quantkit::test::guarded_buffer;
    using quantkit::test::random_codes;
    using quantkit::test::random_floats;
    using quantkit::test::require_equal;

    enum class fill
    {
        random,
        lowest,  // the most negative sums: -128 * 15
        highest, // the most positive: 127 * 15
    };

    std::vector<std::int8_t> activations(fill how, std::size_t count)
    {
        return how == fill::random   ? random_codes<std::int8_t>(count, 1)
               : how == fill::lowest ? std::vector<std::int8_t>(count, -128)
                                     : std::vector<std::int8_t>(count, 127);
    }

    std::vector<std::uint8_t> weights(fill how, std::size_t count)
    {
        return how == fill::random ? random_codes<std::uint8_t>(count, 2, 0, 15) : std::vector<std::uint8_t>(count, 15);
    }

    std::vector<std::byte> as_bytes(const std::vector<std::int8_t>& values)
    {
        std::vector<std::byte> bytes;
        for (const std::int8_t value : values)
            bytes.push_back(static_cast<std::byte>(value));
        return bytes;
    }

    /// One tile: operands that end at an inaccessible page, and the floats by their definition.
    class tile_case
    {
    public:
        tile_case(std::size_t rows, std::size_t steps, std::size_t group_steps, fill how)
            : rows_(rows)
            , steps_(steps)
            , group_steps_(group_steps)
            , groups_((steps + group_steps - 1) / group_steps)
            , a_(activations(how, rows * steps * 8))
            , b_(weights(how, 16 * steps * 8))
            , row_scales_(random_floats(rows, 3, 0.01f, 0.1f))
            , scales_(random_floats(groups_ * 16, 4, -0.1f, 0.1f))
            , zero_points_(random_codes<std::uint8_t>(groups_ * 16, 5, 0, 15))
        {
        }

        void check(const w4a8_micro_kernel& kernel, bool with_zero_points, guard_page side) const
        {
            const std::size_t k = steps_ * 8;
            const guarded_buffer<std::byte> a(as_bytes(a_), side);
            guarded_buffer<std::byte> codes(int4_panels_bytes(16, k), side);
            pack_int4_panels(matrix_view<const std::uint8_t> { b_.data(), static_cast<std::ptrdiff_t>(k), 1 }, 16, k,
                             codes.data());
            const guarded_buffer<float> row_scales(row_scales_, side), scales(scales_, side);
            const guarded_buffer<std::uint8_t> zero_points(zero_points_, side);
            const std::uint8_t* of_groups = with_zero_points ? zero_points.data() : nullptr;
            guarded_buffer<std::int32_t> row_offsets(rows_ * groups_, side);
            for (std::size_t row = 0; row < rows_; ++row)
                for (std::size_t group = 0; group < groups_; ++group)
                    row_offsets[row * groups_ + group] =
                        kernel.sum(a.data() + row * k + group * group_steps_ * 8, values_in(group))
                        * row_offset_factor(of_groups);
            guarded_buffer<float> c(rows_ * 16, side);
            kernel.tiles[rows_]({ a.data(), k, row_scales.data(), row_offsets.data(), codes.data(), scales.data(),
                                  of_groups, steps_, group_steps_, groups_ },
                                c.data());
            require_equal(c, expected(with_zero_points));
        }

    private:
        std::size_t values_in(std::size_t group) const
        {
            return (std::min((group + 1) * group_steps_, steps_) - group * group_steps_) * 8;
        }

        std::vector<float> expected(bool with_zero_points) const
        {
            std::vector<float> c;
            for (std::size_t row = 0; row < rows_; ++row)
                for (std::size_t j = 0; j < 16; ++j)
                {
                    float total = 0.0f;
                    for (std::size_t group = 0; group < groups_; ++group)
                    {
                        const std::int64_t zero_point = with_zero_points ? zero_points_[group * 16 + j] : 8;
                        std::int64_t sum = 0;
                        for (std::size_t p = group * group_steps_ * 8, end = p + values_in(group); p < end; ++p)
                            sum += a_[row * steps_ * 8 + p] * (b_[j * steps_ * 8 + p] - zero_point);
                        const float scale = float_product(row_scales_[row], scales_[group * 16 + j]);
                        total = float_sum(total, float_product(static_cast<float>(sum), scale));
                    }
                    c.push_back(total);
                }
            return c;
        }

        std::size_t rows_, steps_, group_steps_, groups_;
        std::vector<std::int8_t> a_;  // [rows][k]
        std::vector<std::uint8_t> b_; // [16][k]
        std::vector<float> row_scales_;
        std::vector<float> scales_;
        std::vector<std::uint8_t> zero_points_;
    };

    void check_everywhere(std::size_t steps, std::size_t group_steps, fill how)
    {
        CAPTURE(steps);
        CAPTURE(group_steps);
        for_each_w4a8_micro_kernel(
            [&](const w4a8_micro_kernel& kernel)
            {
                for (std::size_t rows = 1; rows <= kernel.max_rows; ++rows)
                {
                    CAPTURE(rows);
                    const tile_case tile(rows, steps, group_steps, how);
                    for (const bool with_zero_points : { false, true })
                        for (const guard_page side : { guard_page::after, guard_page::before })
                            tile.check(kernel, with_zero_points, side);
                }
            });
    }
}

TEST_CASE("tiles of every height equal the definition bit for bit, group by group")
{
    for (const std::size_t group_steps : { 1u, 3u, 4u, 5u, 8u, 16u })
        for (const std::size_t steps : { 1u, 2u, 3u, 4u, 5u, 8u, 17u, 35u })
            check_everywhere(steps, group_steps, fill::random);
}

TEST_CASE("codes at their ends, where 16-bit sums are nearest their limit")
{
    for (const std::size_t group_steps : { 4u, 7u, 1000u })
        for (const fill how : { fill::lowest, fill::highest })
            check_everywhere(43, group_steps, how);
}

TEST_CASE("no steps at all make zeros") { check_everywhere(0, 4, fill::random); }

TEST_CASE("sums of activations, also where they are no whole register")
{
    for (const std::size_t count : { 0u, 1u, 8u, 31u, 32u, 33u, 64u, 200u, 4096u })
        for (const fill how : { fill::random, fill::lowest, fill::highest })
        {
            const std::vector<std::int8_t> values = activations(how, count);
            std::int32_t expected = 0;
            for (const std::int8_t value : values)
                expected += value;
            const guarded_buffer<std::byte> bytes(as_bytes(values));
            for_each_w4a8_micro_kernel([&](const w4a8_micro_kernel& kernel)
                                       { CHECK(kernel.sum(bytes.data(), count) == expected); });
        }
}

TEST_CASE("the best micro-kernel is one that the CPU has")
{
    CHECK(quantkit::cpu_has(best_w4a8_micro_kernel().level));
#if defined(__x86_64__)
    if (quantkit::cpu_has(quantkit::isa_level::avx2) && quantkit::isa_cap() >= quantkit::isa_level::avx2)
        CHECK(best_w4a8_micro_kernel().name() != "scalar");
#endif
}
