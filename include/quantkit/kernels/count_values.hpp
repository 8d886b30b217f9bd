// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Counts floats by the upper 20 bits of their pattern: sign, exponent and 11 bits of mantissa.
///
/// Few of the 2^20 counters are ever used, so only some pages exist, each with the 2048 counters of one sign and
/// exponent:
///
///     bits of x + 0     s eeeeeeee mmmmmmmmmmm mmmmmmmmmmmm
///                       '-- page --'--- bin ---'-- ignored
///     counters          zeros | page | page | ...
///
/// Most values of a tensor have neighbouring exponents, whose pages are neighbours in memory, too: a window. Where all
/// of a block are in the windows of their signs (or 0), comparing and adding finds their counters, in all lanes of a
/// batch; other blocks look each page up.
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
    /// The offset of a page without counters: the only odd one.
    inline constexpr std::uint32_t no_counters = 1;

    /// Zeros take turns at the first counters, value i at counter i modulo this. After a ReLU they are half of all
    /// values, and each increment of one counter would wait for the one before.
    inline constexpr std::uint32_t zero_counters = 16;

    /// The number `first` and those up to `last` have counters[number + offset].
    struct counter_window
    {
        std::int32_t first = 0;
        std::int32_t last = -1;
        std::int32_t offset = 0;
    };

    /// Where values have their counters: those of a page are counters[page_offsets[page] + number], modulo 2^32.
    struct counter_layout
    {
        const std::uint32_t* page_offsets = nullptr; ///< [counter_pages]
        counter_window positive, negative;           ///< of pages that are there
    };

    struct counted_values
    {
        std::size_t count = 0;
        std::size_t looked_up = 0; ///< how many of them one by one
    };

    /// (page, bin). Adding 0 makes +0 of -0, and a quiet NaN of a signalling one, which could share its number with
    /// infinity.
    QUANTKIT_INLINE std::uint32_t counter_number(float x) { return std::bit_cast<std::uint32_t>(x + 0.0f) >> 12; }

    namespace detail
    {
        inline constexpr std::size_t counted_block = 64; ///< a multiple of zero_counters

        /// The places of a block's counters; false if any value is neither 0 nor in the window of its sign.
        template <class Arch>
        QUANTKIT_INLINE bool find_in_windows(const float* x, counter_window positive, counter_window negative,
                                             std::int32_t* places)
        {
            // Written with masks and without early exit, so that compilers make batches of it.
            const std::int32_t other_first = positive.first ^ negative.first;
            const std::int32_t other_last = positive.last ^ negative.last;
            const std::int32_t other_offset = positive.offset ^ negative.offset;
            std::int32_t outside = 0; // negative if any is
            for (std::size_t i = 0; i < counted_block; ++i)
            {
                const auto bits = std::bit_cast<std::int32_t>(x[i] + 0.0f);
                const auto number = static_cast<std::int32_t>(static_cast<std::uint32_t>(bits) >> 12);
                const std::int32_t is_negative = bits >> 31, is_zero = -static_cast<std::int32_t>(number == 0);
                const std::int32_t above_first = number - (positive.first ^ (is_negative & other_first));
                const std::int32_t below_last = (positive.last ^ (is_negative & other_last)) - number;
                const std::int32_t place = number + (positive.offset ^ (is_negative & other_offset));
                outside |= (above_first | below_last) & ~is_zero;
                places[i] = (place & ~is_zero) | (is_zero & static_cast<std::int32_t>(i % zero_counters));
            }
            return outside >= 0;
        }

        /// Counts until a value has no counter, and gives how many it counted.
        template <class Arch>
        QUANTKIT_INLINE std::size_t look_up_each(const float* x, std::size_t count, const std::uint32_t* page_offsets,
                                                 std::uint32_t* counters)
        {
            for (std::size_t i = 0; i < count; ++i)
            {
                const std::uint32_t number = counter_number(x[i]);
                const std::uint32_t offset = page_offsets[number / counters_per_page];
                if (number == 0)
                    ++counters[i % zero_counters];
                else if (offset == no_counters)
                    return i;
                else
                    ++counters[offset + number];
            }
            return count;
        }
    }

    /// Counts values until one has no counter.
    ///
    /// x          [count] floats; no alignment needed. -0 counts as +0; a NaN never shares a counter with infinity
    /// counters   zero_counters, then whole pages; a counter that overflows begins anew
    template <class Arch = default_arch>
    counted_values count_values(const float* x, std::size_t count, const counter_layout& layout,
                                std::uint32_t* counters, Arch = {}) noexcept
    {
        constexpr std::size_t block = detail::counted_block;
        std::array<std::int32_t, block> places; // NOLINT: filled before it is read
        counted_values done;
        while (done.count < count)
        {
            const float* const first = x + done.count;
            const std::size_t size = count - done.count < block ? count - done.count : block;
            if (size == block && detail::find_in_windows<Arch>(first, layout.positive, layout.negative, places.data()))
            {
                for (const std::int32_t place : places)
                    ++counters[place];
                done.count += block;
                continue;
            }
            const std::size_t counted = detail::look_up_each<Arch>(first, size, layout.page_offsets, counters);
            done.count += counted;
            done.looked_up += counted;
            if (counted != size)
                break;
        }
        return done;
    }
}
