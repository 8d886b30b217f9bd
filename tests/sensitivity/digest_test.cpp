// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/digest.hpp>

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

using namespace quantkit;

namespace
{
    std::string digest_of_bytes(std::string_view text)
    {
        return digest {}.add_bytes(std::as_bytes(std::span(text))).text();
    }
}

TEST_CASE("bytes have the digests of the specification")
{
    CHECK(digest_of_bytes("") == "cbf29ce484222325");
    CHECK(digest_of_bytes("a") == "af63dc4c8601ec8c");
    CHECK(digest_of_bytes("foobar") == "85944171f73967e8");
}

TEST_CASE("values are written as bytes, least significant first, after their length")
{
    CHECK(digest {}.add(std::uint64_t { 0x0807060504030201 }).value()
          == digest {}.add_bytes(std::as_bytes(std::span(std::string_view("\1\2\3\4\5\6\7\10")))).value());
    CHECK(digest {}.add(1.0).value() == digest {}.add(std::uint64_t { 0x3ff0000000000000 }).value());
    CHECK(digest {}.add(std::string_view("ab")).value()
          == digest {}.add(std::uint64_t { 2 }).add_bytes(std::as_bytes(std::span(std::string_view("ab")))).value());
}

TEST_CASE("what differs in value or division differs in digest")
{
    const auto of = [](std::string_view a, std::string_view b) { return digest {}.add(a).add(b).value(); };
    CHECK(of("ab", "c") != of("a", "bc"));
    CHECK(of("ab", "c") == of("ab", "c"));
    const std::vector<double> one { 1.0 }, two { 1.0, 2.0 };
    CHECK(digest {}.add(std::span(one)).add(2.0).value() != digest {}.add(std::span(two)).value());
    CHECK(digest {}.add(1.0).value() != digest {}.add(std::nextafter(1.0, 2.0)).value());
    CHECK(digest {}.add(-0.0).value() == digest {}.add(0.0).value());
    CHECK(digest {}.add(std::nan("1")).value() == digest {}.add(-std::nan("2")).value());
    const std::vector<float> floats { 1.0f, 2.0f }, swapped { 2.0f, 1.0f };
    CHECK(digest {}.add(std::span(floats)).value() != digest {}.add(std::span(swapped)).value());
}
