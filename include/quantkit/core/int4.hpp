// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Two 4-bit codes in a byte: element 2i in the low nibble, 2i + 1 in the high one, as ONNX INT4/UINT4 and PyTorch
/// quint4x2. Signed codes are two's complement; an odd count leaves the last high nibble 0.
#pragma once

#include <quantkit/core/concepts.hpp>

#include <cstddef>
#include <cstdint>

namespace quantkit
{
    /// Bytes that `count` packed 4-bit codes take.
    constexpr std::size_t packed_int4_bytes(std::size_t count) { return count / 2 + count % 2; }

    /// codes   [count] each in -8..7 or 0..15; packed  [packed_int4_bytes(count)]
    template <class Code>
    constexpr void pack_int4(const Code* codes, std::size_t count, std::uint8_t* packed) noexcept
    {
        const auto nibble = [&](std::size_t i) { return i < count ? static_cast<unsigned>(codes[i]) & 0xfu : 0u; };
        for (std::size_t byte = 0; byte < packed_int4_bytes(count); ++byte)
            packed[byte] = static_cast<std::uint8_t>(nibble(2 * byte) | nibble(2 * byte + 1) << 4);
    }

    /// packed  [packed_int4_bytes(count)]; codes  [count], sign-extended where Code is signed
    template <class Code>
    constexpr void unpack_int4(const std::uint8_t* packed, std::size_t count, Code* codes) noexcept
    {
        for (std::size_t i = 0; i < count; ++i)
        {
            const int nibble = packed[i / 2] >> (i % 2 == 0 ? 0 : 4) & 0xf;
            const bool negative = Code(-1) < Code(0) && nibble >= 8;
            codes[i] = static_cast<Code>(negative ? nibble - 16 : nibble);
        }
    }
}
