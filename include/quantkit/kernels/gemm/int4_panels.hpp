// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The panel order of 4-bit weights, two codes in a byte.
///
///     word    8 consecutive values along k of one column in 4 bytes: the first 4 in the low nibbles, the others in the
///             high ones
///     step    the words of 16 columns: 64 bytes, a cache line
///     panel   16 columns of B over all of k, step by step
///
///          byte of a step   0       1       2       3       4       ...   63
///          low nibble       c0 k0   c0 k1   c0 k2   c0 k3   c1 k0   ...   c15 k3
///          high nibble      c0 k4   c0 k5   c0 k6   c0 k7   c1 k4   ...   c15 k7
///
/// So `step & 0x0f` is a group step of micro_kernel.hpp (16 columns, 4 values along k), and `step >> 4 & 0x0f` is the
/// next one: no shuffle. In 32-byte registers a step is two loads, of columns 0..7 and 8..15.
///
/// Panels hold codes from 0 to 15. Signed codes are shifted by 8, and their zero points with them. Beyond n and k the
/// nibbles are 0.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/int4.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/gemm/packing.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels
{
    /// Values along k that a panel keeps together, for each of its columns.
    inline constexpr std::size_t int4_step_values = 8;
    /// Bytes of those of a whole panel.
    inline constexpr std::size_t int4_step_bytes = panel_columns * int4_step_values / 2;

    /// The zero point of codes that were symmetric about 0 before they were shifted.
    inline constexpr std::int32_t int4_middle = 8;

    /// What panels add to every code of type Code, and to zero points.
    template <code8 Code>
    inline constexpr std::int32_t int4_shift = std::signed_integral<Code> ? int4_middle : 0;

    /// Steps of k values, the last one padded.
    QUANTKIT_INLINE constexpr std::size_t int4_steps(std::size_t k)
    {
        return (k + int4_step_values - 1) / int4_step_values;
    }

    /// Bytes of the panels of B [n, k].
    QUANTKIT_INLINE constexpr std::size_t int4_panels_bytes(std::size_t n, std::size_t k)
    {
        return (n + panel_columns - 1) / panel_columns * int4_steps(k) * int4_step_bytes;
    }

    /// B [n, k] in panels, with scales per group along k. Does not own its memory.
    ///
    /// The scales (and zero points) of a panel lie together, group after group, so that a product that reads a panel
    /// reads them as one more stream.
    struct int4_panels
    {
        std::size_t n = 0, k = 0;
        std::size_t group_size = int4_step_values; ///< values along k in each group but the last: a multiple of 8
        const std::byte* codes = nullptr;          ///< [panels][steps][64 bytes], 64-byte aligned
        const float* scales = nullptr;             ///< [panels][groups][16]
        const std::uint8_t* zero_points = nullptr; ///< [panels][groups][16] of the shifted codes; null where all are 8

        QUANTKIT_INLINE constexpr std::size_t panel_count() const { return (n + panel_columns - 1) / panel_columns; }
        QUANTKIT_INLINE constexpr std::size_t steps() const { return int4_steps(k); }
        QUANTKIT_INLINE constexpr std::size_t groups() const { return (k + group_size - 1) / group_size; }
        /// Entries of scales and zero_points of one panel.
        QUANTKIT_INLINE constexpr std::size_t group_entries() const { return groups() * panel_columns; }
    };

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// A nibble: which byte, and how far up in it.
        struct nibble_place
        {
            std::size_t byte;
            unsigned shift;

            QUANTKIT_INLINE unsigned in(const std::byte* bytes) const
            {
                return std::to_integer<unsigned>(bytes[byte]) >> shift & 0xfu;
            }
        };

        QUANTKIT_INLINE nibble_place panel_nibble(std::size_t column, std::size_t index, std::size_t steps)
        {
            const std::size_t step = column / panel_columns * steps + index / int4_step_values;
            const std::size_t word = step * panel_columns + column % panel_columns;
            return { word * group_bytes + index % group_bytes, index % int4_step_values < group_bytes ? 0u : 4u };
        }

        /// nibble_at(column, index) for all of B [n, k].
        template <class NibbleAt>
        void pack_nibbles(std::size_t n, std::size_t k, std::byte* panels, NibbleAt nibble_at) noexcept
        {
            std::fill_n(panels, int4_panels_bytes(n, k), std::byte { 0 });
            for (std::size_t column = 0; column < n; ++column)
                for (std::size_t index = 0; index < k; ++index)
                {
                    const nibble_place place = panel_nibble(column, index, int4_steps(k));
                    panels[place.byte] |= static_cast<std::byte>(nibble_at(column, index) << place.shift);
                }
        }
    }
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// b       element (column, k), each in -8..7 or 0..15
    /// panels  [int4_panels_bytes(n, k)]
    template <code8 Code>
    void pack_int4_panels(matrix_view<const Code> b, std::size_t n, std::size_t k, std::byte* panels) noexcept
    {
        detail::pack_nibbles(n, k, panels,
                             [&](std::size_t column, std::size_t index)
                             { return static_cast<unsigned>(*b.at(column, index) + int4_shift<Code>); });
    }

    /// The inverse.
    template <code8 Code>
    void unpack_int4_panels(const std::byte* panels, std::size_t n, std::size_t k, matrix_view<Code> b) noexcept
    {
        for (std::size_t column = 0; column < n; ++column)
            for (std::size_t index = 0; index < k; ++index)
            {
                const unsigned nibble = detail::panel_nibble(column, index, int4_steps(k)).in(panels);
                *b.at(column, index) = static_cast<Code>(static_cast<std::int32_t>(nibble) - int4_shift<Code>);
            }
    }

    /// The same from B [n, k] row-major as core/int4.hpp packs it: two codes in a byte, rows one after another.
    ///
    /// Code    std::int8_t for two's complement, std::uint8_t for 0..15
    /// packed  [packed_int4_bytes(n * k)]
    template <code8 Code>
    void pack_int4_panels(const std::uint8_t* packed, std::size_t n, std::size_t k, std::byte* panels) noexcept
    {
        // two's complement plus 8 is the sign bit turned
        constexpr unsigned turned = int4_shift<Code>;
        detail::pack_nibbles(n, k, panels,
                             [&](std::size_t column, std::size_t index)
                             {
                                 const std::size_t element = column * k + index;
                                 return (packed[element / 2] >> (element % 2 * 4) & 0xfu) ^ turned;
                             });
    }

    /// The inverse; an odd count leaves the last high nibble 0.
    template <code8 Code>
    void unpack_int4_panels(const std::byte* panels, std::size_t n, std::size_t k, std::uint8_t* packed) noexcept
    {
        constexpr unsigned turned = int4_shift<Code>;
        std::fill_n(packed, packed_int4_bytes(n * k), std::uint8_t { 0 });
        for (std::size_t element = 0; element < n * k; ++element)
        {
            const unsigned nibble = detail::panel_nibble(element / k, element % k, int4_steps(k)).in(panels) ^ turned;
            packed[element / 2] = static_cast<std::uint8_t>(packed[element / 2] | nibble << (element % 2 * 4));
        }
    }
}
