// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A number that differs if anything does that went into it: for telling whether two results are the same.
#pragma once

#include <quantkit/core/config.hpp>

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// 16 hexadecimal digits.
    inline std::string hex_text(std::uint64_t number)
    {
        std::string digits(16, '0');
        for (std::size_t i = 0; i < digits.size(); ++i)
            digits[i] = "0123456789abcdef"[(number >> (60 - 4 * i)) & 15];
        return digits;
    }

    /// FNV-1a of 64 bits over a canonical string of bytes: integers and doubles as 8 bytes, least significant first,
    /// texts and lists after their length, so that no two sequences of calls with other values give the same string.
    /// All NaN count as one, and -0 as 0. It finds differences, not forgeries.
    ///
    /// source  Fowler, Noll, Vo, draft-eastlake-fnv
    class digest
    {
    public:
        /// As they are, without their number.
        digest& add_bytes(std::span<const std::byte> bytes)
        {
            for (const std::byte byte : bytes)
                value_ = (value_ ^ std::to_integer<std::uint64_t>(byte)) * 0x100000001b3u;
            return *this;
        }

        /// 8 bytes.
        digest& add(std::uint64_t number)
        {
            std::array<std::byte, 8> bytes {};
            for (std::size_t i = 0; i < bytes.size(); ++i)
                bytes[i] = static_cast<std::byte>(number >> (8 * i));
            return add_bytes(bytes);
        }

        /// 8 bytes.
        digest& add(double number)
        {
            const double canonical = std::isnan(number) ? std::numeric_limits<double>::quiet_NaN() : number + 0.0;
            return add(std::bit_cast<std::uint64_t>(canonical));
        }

        /// After its length.
        digest& add(std::string_view text)
        {
            add(std::uint64_t { text.size() });
            return add_bytes(std::as_bytes(std::span(text)));
        }

        /// After their number.
        digest& add(std::span<const double> numbers)
        {
            add(std::uint64_t { numbers.size() });
            for (const double number : numbers)
                add(number);
            return *this;
        }

        /// After their number.
        digest& add(std::span<const std::size_t> numbers)
        {
            add(std::uint64_t { numbers.size() });
            for (const std::size_t number : numbers)
                add(std::uint64_t { number });
            return *this;
        }

        /// Data: as it lies in memory.
        digest& add(std::span<const float> numbers)
        {
            add(std::uint64_t { numbers.size() });
            return add_bytes(std::as_bytes(numbers));
        }

        /// The hash of what was added so far.
        std::uint64_t value() const { return value_; }

        /// 16 hexadecimal digits of it.
        std::string text() const { return hex_text(value_); }

    private:
        std::uint64_t value_ = 0xcbf29ce484222325u;
    };
}
