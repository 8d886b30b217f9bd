// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Counts floats by the upper 20 bits of their pattern: sign, exponent and 11 bits of mantissa.
///
/// The counters are a table of two levels, since few of the 2^20 are ever used: a page holds the 2048 counters of one
/// sign and exponent, and page_offsets tells where in `counters` it begins.
///
///     bits of x + 0     s eeeeeeee mmmmmmmmmmm mmmmmmmmmmmm
///                       '-- page --'--- bin ---'-- ignored
///     counter           counters[page_offsets[page] + (page, bin)], modulo 2^32
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/arch.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels
{
    inline constexpr std::uint32_t counters_per_page = 2048;
    inline constexpr std::uint32_t counter_pages = 512;
    /// The offset of a page without counters: the only odd one, since all others are multiples of counters_per_page.
    inline constexpr std::uint32_t no_counters = 1;

    /// Values that share one look for missing pages: 4 take 0.9 ns each, single ones 1.1 (Zen 3).
    inline constexpr std::size_t counted_together = 4;

    /// (page, bin). Adding 0 makes +0 of -0, and a quiet NaN of a signalling one, which could share its number with
    /// infinity.
    QUANTKIT_INLINE std::uint32_t counter_number(float x) { return std::bit_cast<std::uint32_t>(x + 0.0f) >> 12; }

    namespace detail
    {
        inline constexpr std::size_t counted_block = 64; ///< whole groups of counted_together

        /// Counts as many values as it can in groups of counted_together; gives their number.
        template <class Arch>
        QUANTKIT_INLINE std::size_t count_groups(const std::uint32_t* numbers, std::size_t count,
                                                 const std::uint32_t* page_offsets, std::uint32_t* counters)
        {
            for (std::size_t i = 0; i < count; i += counted_together)
            {
                const std::uint32_t a = numbers[i], b = numbers[i + 1], c = numbers[i + 2], d = numbers[i + 3];
                const std::uint32_t from_a = page_offsets[a / counters_per_page];
                const std::uint32_t from_b = page_offsets[b / counters_per_page];
                const std::uint32_t from_c = page_offsets[c / counters_per_page];
                const std::uint32_t from_d = page_offsets[d / counters_per_page];
                if (((from_a | from_b | from_c | from_d) & no_counters) != 0)
                    return i;
                ++counters[from_a + a];
                ++counters[from_b + b];
                ++counters[from_c + c];
                ++counters[from_d + d];
            }
            return count;
        }
    }

    /// Counts values until one of the next counted_together has a page without counters, and gives how many were
    /// counted: `count` if all were.
    ///
    /// x              [count] floats; no alignment needed. -0 counts as +0; a NaN never shares a counter with infinity
    /// page_offsets   [counter_pages]
    /// counters       whole pages; a counter that overflows begins anew
    template <class Arch = default_arch>
    std::size_t count_values(const float* x, std::size_t count, const std::uint32_t* page_offsets,
                             std::uint32_t* counters, Arch = {}) noexcept
    {
        constexpr std::size_t block = detail::counted_block;
        std::array<std::uint32_t, block> numbers; // NOLINT: filled before it is read
        std::size_t done = 0;
        for (; count - done >= block; done += block)
        {
            for (std::size_t i = 0; i < block; ++i) // compilers make batches of it
                numbers[i] = counter_number(x[done + i]);
            const std::size_t counted = detail::count_groups<Arch>(numbers.data(), block, page_offsets, counters);
            if (counted != block)
                return done + counted;
        }
        for (; done < count; ++done)
        {
            const std::uint32_t number = counter_number(x[done]);
            const std::uint32_t offset = page_offsets[number / counters_per_page];
            if (offset == no_counters)
                break;
            ++counters[offset + number];
        }
        return done;
    }
}
