// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/int4.hpp>

#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace qk = quantkit;
using quantkit::test::guarded_buffer;

TEST_CASE("the first code is in the low nibble, an odd count leaves the last high nibble 0")
{
    const std::vector<std::int8_t> codes { 1, -2, -8, 7, -1 };
    std::vector<std::uint8_t> packed(3, 0xee);
    qk::pack_int4(codes.data(), codes.size(), packed.data());
    CHECK(packed == std::vector<std::uint8_t> { 0xe1, 0x78, 0x0f });
}

TEST_CASE_TEMPLATE("every count survives packing, and nothing beyond it is touched", Code, std::int8_t, std::uint8_t)
{
    constexpr bool is_signed = Code(-1) < Code(0);
    constexpr Code lowest = static_cast<Code>(is_signed ? -8 : 0), highest = static_cast<Code>(is_signed ? 7 : 15);
    CHECK(qk::packed_int4_bytes(0) == 0);
    CHECK(qk::packed_int4_bytes(7) == 4);
    CHECK(qk::packed_int4_bytes(8) == 4);
    for (std::size_t count = 0; count <= 40; ++count)
    {
        const auto codes = quantkit::test::random_codes<Code>(count, count, lowest, highest);
        guarded_buffer<Code> in(count), out(count);
        guarded_buffer<std::uint8_t> packed(qk::packed_int4_bytes(count));
        std::copy(codes.begin(), codes.end(), in.data());
        qk::pack_int4(in.data(), count, packed.data());
        qk::unpack_int4(packed.data(), count, out.data());
        REQUIRE(std::equal(codes.begin(), codes.end(), out.data()));
    }
}

TEST_CASE("the sign is extended for signed codes only")
{
    const std::uint8_t packed = 0xf8;
    std::int8_t s[2] {};
    std::uint8_t u[2] {};
    std::int32_t wide[2] {};
    qk::unpack_int4(&packed, 2, s);
    qk::unpack_int4(&packed, 2, u);
    qk::unpack_int4(&packed, 2, wide);
    CHECK((s[0] == -8 && s[1] == -1));
    CHECK((u[0] == 8 && u[1] == 15));
    CHECK((wide[0] == -8 && wide[1] == -1));
}
