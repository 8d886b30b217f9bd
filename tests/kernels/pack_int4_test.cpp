// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/pack_int4.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    /// Random codes, packed and unpacked here and by core.
    template <class Code, class Arch>
    void check_count(std::size_t count, guard_page side)
    {
        constexpr int lowest = std::is_signed_v<Code> ? -8 : 0;
        const guarded_buffer<Code> codes(
            random_codes<Code>(count, count, static_cast<Code>(lowest), static_cast<Code>(lowest + 15)), side);
        guarded_buffer<std::uint8_t> packed(packed_int4_bytes(count), side);
        kernels::pack_int4(codes.data(), count, packed.data(), Arch {});
        std::vector<std::uint8_t> expected(packed.size());
        pack_int4(codes.data(), count, expected.data());
        require_equal(packed, expected);

        guarded_buffer<Code> unpacked(count, side);
        kernels::unpack_int4(packed.data(), count, unpacked.data(), Arch {});
        require_equal(unpacked, codes);
    }

    template <class Code, class Arch>
    void check_every_count()
    {
        for (const std::size_t count : counts_to_test())
            for (const guard_page side : { guard_page::after, guard_page::before })
            {
                CAPTURE(count);
                check_count<Code, Arch>(count, side);
            }
    }

    /// Both nibbles of every byte, at every place of a block.
    template <class Code, class Arch>
    void check_every_byte()
    {
        std::vector<std::uint8_t> packed(256 * 129);
        for (std::size_t i = 0; i < packed.size(); ++i)
            packed[i] = static_cast<std::uint8_t>(i / 129);
        std::vector<Code> codes(2 * packed.size()), expected(codes.size());
        std::vector<std::uint8_t> back(packed.size());
        kernels::unpack_int4(packed.data(), codes.size(), codes.data(), Arch {});
        unpack_int4(packed.data(), codes.size(), expected.data());
        require_equal(codes, expected);
        kernels::pack_int4(codes.data(), codes.size(), back.data(), Arch {});
        require_equal(back, packed);
    }
}

TEST_CASE_TEMPLATE_DEFINE("every count has the bytes of core's definition", Arch, counts)
{
    check_every_count<std::int8_t, Arch>();
    check_every_count<std::uint8_t, Arch>();
}

TEST_CASE_TEMPLATE_DEFINE("every byte has the codes of core's definition", Arch, bytes)
{
    check_every_byte<std::int8_t, Arch>();
    check_every_byte<std::uint8_t, Arch>();
}

TEST_CASE_TEMPLATE_DEFINE("upper bits of the codes are cut off", Arch, upper_bits)
{
    const std::vector<std::uint8_t> codes =
        random_codes<std::uint8_t>(200, 1, std::uint8_t { 0 }, std::uint8_t { 255 });
    std::vector<std::uint8_t> packed(100), expected(100);
    kernels::pack_int4(codes.data(), codes.size(), packed.data(), Arch {});
    pack_int4(codes.data(), codes.size(), expected.data());
    require_equal(packed, expected);
}

TEST_CASE_TEMPLATE_APPLY(counts, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(bytes, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(upper_bits, compiled_archs);

TEST_CASE("an instruction set gets its own blocks")
{
    const auto name = [](auto arch) { return std::string_view(kernels::nibble_blocks<decltype(arch)>::name); };
    CHECK(name(kernels::scalar_arch {}) == "word");
#if defined(__AVX2__)
    CHECK(name(kernels::default_arch {}) == "avx2");
#elif defined(__SSE2__)
    CHECK(name(kernels::default_arch {}) == "sse2");
#endif
}
