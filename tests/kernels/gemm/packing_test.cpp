// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/packing.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::guard_page;
    using quantkit::test::guarded_buffer;
    using quantkit::test::random_codes;
    using quantkit::test::require_equal;

    constexpr std::array formats { operand_format::u8_s8, operand_format::s8_s8, operand_format::s16_s16,
                                   operand_format::s16_s8 };
    constexpr std::array depths { 0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 32, 33, 63, 64, 65, 100, 257 };

    bool holds_16_bits(operand_format format, operand side)
    {
        return format == operand_format::s16_s16 || (format == operand_format::s16_s8 && side == operand::a);
    }

    // What the format holds, from its definition: where the signedness differs, every code moves by 128.
    std::int64_t shift_of(operand_format format, operand side, bool is_unsigned)
    {
        if (holds_16_bits(format, side))
            return 0;
        if (format == operand_format::u8_s8 && side == operand::a)
            return is_unsigned ? 0 : 128;
        return is_unsigned ? -128 : 0;
    }

    template <class Code>
    std::int64_t shift_of(operand_format format, operand side)
    {
        return shift_of(format, side, std::same_as<Code, std::uint8_t>);
    }

    // A matrix [rows, k] in memory that holds nothing else than its elements and gaps.
    template <class Code>
    class strided_codes
    {
    public:
        strided_codes(std::size_t rows, std::size_t k, std::ptrdiff_t row_stride, std::ptrdiff_t column_stride,
                      std::uint64_t seed, guard_page side = guard_page::after)
            : codes_(random_codes<Code>(rows * k, seed))
            , k_(k)
            , memory_(rows * k == 0
                          ? 0
                          : static_cast<std::size_t>(static_cast<std::ptrdiff_t>(rows - 1) * row_stride
                                                     + static_cast<std::ptrdiff_t>(k - 1) * column_stride + 1),
                      side)
            , view_ { memory_.data(), row_stride, column_stride }
        {
            for (std::size_t row = 0; row < rows; ++row)
                for (std::size_t i = 0; i < k; ++i)
                    memory_[static_cast<std::size_t>(view_.at(row, i) - memory_.data())] = codes_[row * k + i];
        }

        matrix_view<const Code> view() const { return view_; }
        std::int64_t code(std::size_t row, std::size_t i) const { return codes_[row * k_ + i]; }

    private:
        std::vector<Code> codes_;
        std::size_t k_;
        guarded_buffer<Code> memory_;
        matrix_view<const Code> view_;
    };

    // Value number i of a group.
    std::int64_t value_in_group(const std::byte* group, std::size_t i, operand_format format, operand side)
    {
        if (holds_16_bits(format, side))
            return static_cast<std::int16_t>(std::to_integer<int>(group[2 * i])
                                             | std::to_integer<int>(group[2 * i + 1]) << 8);
        const int byte = std::to_integer<int>(group[i]);
        return format == operand_format::u8_s8 && side == operand::a ? byte : static_cast<std::int8_t>(byte);
    }

    // check(row_stride, column_stride) for rows and columns that are adjacent, apart, and transposed.
    template <class Check>
    void for_each_layout(std::size_t rows, std::size_t k, Check check)
    {
        const auto row_count = static_cast<std::ptrdiff_t>(rows), depth = static_cast<std::ptrdiff_t>(k);
        check(depth, std::ptrdiff_t { 1 });
        check(depth + 3, std::ptrdiff_t { 1 });
        check(std::ptrdiff_t { 1 }, row_count);
        check(2 * depth + 1, std::ptrdiff_t { 2 });
        check(std::ptrdiff_t { 3 }, 3 * row_count + 2);
    }

    template <class Code>
    void check_rows_of_a(operand_format format, std::size_t k)
    {
        const std::int64_t shift = shift_of<Code>(format, operand::a);
        const std::size_t kr = group_values(format), groups = group_count(format, k);
        for_each_layout(1, k,
                        [&](std::ptrdiff_t row_stride, std::ptrdiff_t column_stride)
                        {
                            const strided_codes<Code> a(1, k, row_stride, column_stride, k);
                            guarded_buffer<std::byte> packed(groups * 4);
                            pack_row(a.view().data, column_stride, k, format, packed.data());
                            std::vector<std::int64_t> values, expected;
                            for (std::size_t i = 0; i < groups * kr; ++i)
                            {
                                values.push_back(
                                    value_in_group(packed.data() + i / kr * 4, i % kr, format, operand::a));
                                expected.push_back(i < k ? a.code(0, i) + shift : 0);
                            }
                            require_equal(values, expected);
                        });
    }

    // panels [ceil(n / 16)][groups, 16, 4 bytes]
    template <class Code>
    void check_panels(operand_format format, std::size_t n, std::size_t k, guard_page side)
    {
        const std::int64_t shift = shift_of<Code>(format, operand::b);
        const std::size_t kr = group_values(format), groups = group_count(format, k), padded = padded_columns(n);
        const std::size_t group_bytes = kr * (holds_16_bits(format, operand::b) ? 2 : 1);
        for_each_layout(n, k,
                        [&](std::ptrdiff_t row_stride, std::ptrdiff_t column_stride)
                        {
                            const strided_codes<Code> b(n, k, row_stride, column_stride, n * 1000 + k, side);
                            REQUIRE(packed_b_bytes(format, n, k) == padded * groups * group_bytes);
                            guarded_buffer<std::byte> panels(padded * groups * group_bytes, side);
                            guarded_buffer<std::int32_t> sums(padded, side);
                            std::fill(panels.begin(), panels.end(), std::byte { 0x77 });
                            std::fill(sums.begin(), sums.end(), 0x77);
                            pack_b(b.view(), n, k, format, panels.data(), sums.data());

                            std::vector<std::int64_t> values, expected;
                            std::vector<std::int32_t> expected_sums(padded, 0);
                            for (std::size_t column = 0; column < padded; ++column)
                                for (std::size_t i = 0; i < groups * kr; ++i)
                                {
                                    const std::byte* group =
                                        panels.data()
                                        + ((column / 16 * groups + i / kr) * 16 + column % 16) * group_bytes;
                                    values.push_back(value_in_group(group, i % kr, format, operand::b));
                                    expected.push_back(column < n && i < k ? b.code(column, i) + shift : 0);
                                    expected_sums[column] += static_cast<std::int32_t>(expected.back());
                                }
                            require_equal(values, expected);
                            require_equal(sums, expected_sums);
                        });
    }
}

TEST_CASE_TEMPLATE("a shifted code and its shifted zero point are as far apart as before", Code, std::int8_t,
                   std::uint8_t)
{
    for (const operand_format format : formats)
        for (const operand side : { operand::a, operand::b })
        {
            CHECK(packing_shift<Code>(format, side) == shift_of<Code>(format, side));
            for (const int zero_point : { -128, -1, 0, 1, 127, 128, 255 })
                CHECK(packed_zero_point<Code>(zero_point, format, side) - zero_point == shift_of<Code>(format, side));
        }
}

TEST_CASE_TEMPLATE("a row of A: its values in order, zeros up to a whole group", Code, std::int8_t, std::uint8_t)
{
    for (const operand_format format : formats)
        for (const int k : depths)
        {
            CAPTURE(k);
            check_rows_of_a<Code>(format, static_cast<std::size_t>(k));
        }
}

TEST_CASE_TEMPLATE("panels of B: group by group, zeros beyond n and k, sums of the packed values", Code, std::int8_t,
                   std::uint8_t)
{
    for (const operand_format format : formats)
        for (const int n : { 0, 1, 2, 15, 16, 17, 33, 64, 100 })
            for (const int k : { 0, 1, 2, 3, 4, 5, 8, 17, 64, 67 })
            {
                CAPTURE(n);
                CAPTURE(k);
                check_panels<Code>(format, static_cast<std::size_t>(n), static_cast<std::size_t>(k), guard_page::after);
                check_panels<Code>(format, static_cast<std::size_t>(n), static_cast<std::size_t>(k),
                                   guard_page::before);
            }
}

TEST_CASE("the picture: group 1 of column 2 lies at byte 64 + 8 of its panel")
{
    const std::array<std::int8_t, 3 * 8> b { 1,  2,  3,  4,  5,  6,  7,  8,  11, 12, 13, 14,
                                             15, 16, 17, 18, 21, 22, 23, 24, 25, 26, 27, 28 };
    std::array<std::byte, 2 * 64> panel {};
    pack_panel(matrix_view<const std::int8_t> { b.data(), 8, 1 }, 3, 8, operand_format::u8_s8, panel.data());
    for (std::size_t i = 0; i < 4; ++i)
        CHECK(std::to_integer<std::size_t>(panel[64 + 8 + i]) == 25 + i);
}
