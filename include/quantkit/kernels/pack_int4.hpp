// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// 4-bit codes packed and unpacked: the bytes of core/int4.hpp, a block of codes at a time.
///
/// GB/s read and written in L2 (Zen 3) by core, 64-bit words, SSE2, AVX2: pack 4.9, 9.7, 32, 52; unpack 1.6, 7.3,
/// 31, 58.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/int4.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/nibbles_x86.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace quantkit::kernels
{
    template <class Code>
    concept byte_code = std::same_as<Code, std::int8_t> || std::same_as<Code, std::uint8_t>;

    namespace detail
    {
        /// Eight codes in a 64-bit register. Every step of packing moves the upper half of each group next to the lower
        /// one, lowest byte first:
        ///
        ///     0a 0b 0c 0d 0e 0f 0g 0h  ->  ab .. cd .. ef .. gh ..  ->  ab cd .. .. ef gh .. ..  ->  ab cd ef gh
        struct word_nibbles
        {
            static constexpr const char* name = "word";
            static constexpr std::size_t count = 8;

            template <class Code>
            static QUANTKIT_INLINE void pack(const Code* codes, std::uint8_t* packed)
            {
                std::uint64_t word = 0;
                std::memcpy(&word, codes, sizeof(word));
                word &= nibbles;
                word = (word | word >> 4) & even_bytes;
                word = (word | word >> 8) & even_pairs;
                const auto half = static_cast<std::uint32_t>(word | word >> 16);
                std::memcpy(packed, &half, sizeof(half));
            }

            template <class Code>
            static QUANTKIT_INLINE void unpack(const std::uint8_t* packed, Code* codes)
            {
                std::uint32_t half = 0;
                std::memcpy(&half, packed, sizeof(half));
                std::uint64_t word = half;
                word = (word | word << 16) & even_pairs;
                word = (word | word << 8) & even_bytes;
                word = (word | word << 4) & nibbles;
                if constexpr (std::same_as<Code, std::int8_t>) // bit 3 of a byte in its bits 4 to 7: 0x08 * 0x1e = 0xf0
                    word |= (word & 0x0808080808080808u) * 0x1eu;
                std::memcpy(codes, &word, sizeof(word));
            }

        private:
            static constexpr std::uint64_t nibbles = 0x0f0f0f0f0f0f0f0fu;
            static constexpr std::uint64_t even_bytes = 0x00ff00ff00ff00ffu, even_pairs = 0x0000ffff0000ffffu;
        };

        // Overload resolution takes the nearest base of the tag, as in code_memory.hpp.
        word_nibbles nibbles_for(any_arch);
#ifndef XSIMD_NO_SUPPORTED_ARCHITECTURE
#if XSIMD_WITH_SSE2
        sse2_nibbles nibbles_for(xsimd::sse2);
#endif
#if XSIMD_WITH_AVX2
        avx2_nibbles nibbles_for(xsimd::avx2);
#endif
#if XSIMD_WITH_AVX512BW
        avx2_nibbles nibbles_for(xsimd::avx512bw);
#endif
#endif
    }

    /// What packs and unpacks a block of codes for an instruction set; its `name` tells which one that is.
    template <class Arch>
    using nibble_blocks = decltype(detail::nibbles_for(Arch {}));

    /// codes, packed  [count] each in -8..7 or 0..15, [packed_int4_bytes(count)]; no alignment needed, must not overlap
    template <byte_code Code, class Arch = default_arch>
    void pack_int4(const Code* codes, std::size_t count, std::uint8_t* packed, Arch = {}) noexcept
    {
        using blocks = nibble_blocks<Arch>;
        std::size_t i = 0;
        for (; count - i >= blocks::count; i += blocks::count)
            blocks::pack(codes + i, packed + i / 2);
        for (; count - i >= detail::word_nibbles::count; i += detail::word_nibbles::count)
            detail::word_nibbles::pack(codes + i, packed + i / 2);
        quantkit::pack_int4(codes + i, count - i, packed + i / 2);
    }

    /// The inverse; codes are sign-extended where Code is signed.
    template <byte_code Code, class Arch = default_arch>
    void unpack_int4(const std::uint8_t* packed, std::size_t count, Code* codes, Arch = {}) noexcept
    {
        using blocks = nibble_blocks<Arch>;
        std::size_t i = 0;
        for (; count - i >= blocks::count; i += blocks::count)
            blocks::unpack(packed + i / 2, codes + i);
        for (; count - i >= detail::word_nibbles::count; i += detail::word_nibbles::count)
            detail::word_nibbles::unpack(packed + i / 2, codes + i);
        quantkit::unpack_int4(packed + i / 2, count - i, codes + i);
    }
}
