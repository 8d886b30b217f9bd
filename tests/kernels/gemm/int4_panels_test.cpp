// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/int4.hpp>
#include <quantkit/kernels/gemm/int4_panels.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::guarded_buffer;
    using quantkit::test::require_equal;

    template <class Code>
    std::vector<Code> random_int4(std::size_t count)
    {
        constexpr bool is_signed = std::is_signed_v<Code>;
        return quantkit::test::random_codes<Code>(count, 1, is_signed ? Code(-8) : Code(0), is_signed ? 7 : 15);
    }

    template <class Bytes>
    std::vector<std::uint8_t> as_numbers(const Bytes& bytes)
    {
        std::vector<std::uint8_t> numbers;
        for (const std::byte byte : bytes)
            numbers.push_back(std::to_integer<std::uint8_t>(byte));
        return numbers;
    }

    // The layout by its description: byte 4 c + i of a step has value i of column c in its low, i + 4 in its high
    // nibble.
    template <class Code>
    std::vector<std::uint8_t> expected_panels(const std::vector<Code>& b, std::size_t n, std::size_t k)
    {
        const auto shifted = [&](std::size_t column, std::size_t index) -> unsigned
        {
            if (column >= n || index >= k)
                return 0;
            return static_cast<unsigned>(b[column * k + index] + (std::is_signed_v<Code> ? 8 : 0));
        };
        std::vector<std::uint8_t> bytes;
        for (std::size_t panel = 0; panel < n; panel += 16)
            for (std::size_t step = 0; step < k; step += 8)
                for (std::size_t c = 0; c < 16; ++c)
                    for (std::size_t i = 0; i < 4; ++i)
                        bytes.push_back(static_cast<std::uint8_t>(shifted(panel + c, step + i)
                                                                  | shifted(panel + c, step + i + 4) << 4));
        return bytes;
    }

    template <class Code>
    void check_round_trips(std::size_t n, std::size_t k)
    {
        CAPTURE(n);
        CAPTURE(k);
        const std::vector<Code> codes = random_int4<Code>(n * k);
        const guarded_buffer<Code> b(codes);
        const std::vector<std::uint8_t> expected = expected_panels(codes, n, k);
        REQUIRE(expected.size() == int4_panels_bytes(n, k));
        guarded_buffer<std::byte> panels(int4_panels_bytes(n, k));
        const auto columns = static_cast<std::ptrdiff_t>(k);
        pack_int4_panels(matrix_view<const Code> { b.data(), columns, 1 }, n, k, panels.data());
        require_equal(as_numbers(panels), expected);
        guarded_buffer<Code> back(n * k);
        unpack_int4_panels(panels.data(), n, k, matrix_view<Code> { back.data(), columns, 1 });
        require_equal(back, codes);

        guarded_buffer<std::uint8_t> packed(quantkit::packed_int4_bytes(n * k)), packed_back(packed.size());
        quantkit::pack_int4(codes.data(), codes.size(), packed.data());
        std::fill(panels.begin(), panels.end(), std::byte { 0xff });
        pack_int4_panels<Code>(packed.data(), n, k, panels.data());
        require_equal(as_numbers(panels), expected);
        std::fill(packed_back.begin(), packed_back.end(), std::uint8_t { 0xff });
        unpack_int4_panels<Code>(panels.data(), n, k, packed_back.data());
        require_equal(packed_back, packed);
    }
}

TEST_CASE_TEMPLATE("codes and packed bytes into panels and back", Code, std::int8_t, std::uint8_t)
{
    for (const std::size_t n : { 0u, 1u, 15u, 16u, 17u, 48u, 50u })
        for (const std::size_t k : { 0u, 1u, 3u, 4u, 7u, 8u, 9u, 31u, 32u, 130u })
            check_round_trips<Code>(n, k);
}

TEST_CASE("codes may lie transposed")
{
    const std::size_t n = 20, k = 11;
    const std::vector<std::int8_t> codes = random_int4<std::int8_t>(n * k);
    std::vector<std::int8_t> transposed(n * k), back(n * k);
    for (std::size_t column = 0; column < n; ++column)
        for (std::size_t index = 0; index < k; ++index)
            transposed[index * n + column] = codes[column * k + index];
    std::vector<std::byte> panels(int4_panels_bytes(n, k));
    pack_int4_panels(matrix_view<const std::int8_t> { transposed.data(), 1, n }, n, k, panels.data());
    require_equal(as_numbers(panels), expected_panels(codes, n, k));
    unpack_int4_panels(panels.data(), n, k, matrix_view<std::int8_t> { back.data(), 1, n });
    require_equal(back, transposed);
}

TEST_CASE("the parameters of a panel lie together")
{
    const int4_panels b { 40, 100, 32, nullptr, nullptr, nullptr };
    CHECK(b.panel_count() == 3);
    CHECK(b.steps() == 13);
    CHECK(b.groups() == 4);
    CHECK(b.group_entries() == 64);
    std::size_t place = 0;
    for (std::size_t panel = 0; panel < 3; ++panel)
        for (std::size_t group = 0; group < 4; ++group)
            for (std::size_t column = panel * 16; column < panel * 16 + 16; ++column)
                REQUIRE(group_place(column, group, 4) == place++);
}
