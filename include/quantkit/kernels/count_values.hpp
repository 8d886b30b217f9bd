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
/// batch; other blocks look each page up, and so do batches of 4, which are no faster.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/index_pair.hpp>
#include <quantkit/kernels/lanes.hpp>

#include <array>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels
{
    /// A counter for each value of the upper 20 bits of a float, in pages.
    inline constexpr std::uint32_t counters_per_page = 2048;
    inline constexpr std::uint32_t counter_pages = 512;
    /// The offset of a page without counters: the only odd one.
    inline constexpr std::uint32_t no_counters = 1;

    /// In windows, zeros take turns at the first counters, value i of a block at counter i modulo this. After a ReLU
    /// they are half of all values, and each increment of one counter would wait for the one before.
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

    /// Whether windows are used; otherwise all values are looked up.
    template <class Arch>
    constexpr bool has_counter_windows() noexcept
    {
        if constexpr (std::same_as<Arch, scalar_arch>)
            return false;
        else
            return xsimd::batch<float, Arch>::size >= 8;
    }

    /// What a call counted.
    struct counted_values
    {
        std::size_t count = 0;
        std::size_t looked_up = 0; ///< how many of them outside of the windows, where these are used
    };

    /// (page, bin). Adding 0 makes +0 of -0, and a quiet NaN of a signalling one, which could share its number with
    /// infinity.
    QUANTKIT_INLINE std::uint32_t counter_number(float x) { return std::bit_cast<std::uint32_t>(x + 0.0f) >> 12; }

    namespace detail
    {
        inline constexpr std::size_t counted_block = 64; ///< a multiple of zero_counters

        /// counter_window, one in each lane.
        template <class Arch>
        struct window_lanes
        {
            xsimd::batch<std::int32_t, Arch> first, last, offset;
        };

        template <class Arch>
        QUANTKIT_INLINE window_lanes<Arch> in_all_lanes(counter_window window)
        {
            using integer = xsimd::batch<std::int32_t, Arch>;
            return { integer(window.first), integer(window.last), integer(window.offset) };
        }

        /// The places of a block's counters; false if any value is neither 0 nor in the window of its sign.
        template <class Arch>
        QUANTKIT_INLINE bool find_in_windows(const float* x, const counter_layout& layout, std::int32_t* places)
        {
            using real = xsimd::batch<float, Arch>;
            using integer = xsimd::batch<std::int32_t, Arch>;
            using word = xsimd::batch<std::uint32_t, Arch>;
            static_assert(zero_counters % integer::size == 0 && counted_block % zero_counters == 0);
            const auto positive = in_all_lanes<Arch>(layout.positive), negative = in_all_lanes<Arch>(layout.negative);
            const integer zero(0);
            integer outside = zero; // negative if any is
            for (std::size_t i = 0; i < counted_block; i += integer::size)
            {
                const word bits = bits_as<word>(real::load_unaligned(x + i) + real(0.0f));
                const integer number = bits_as<integer>(bits >> 12);
                const auto is_negative = bits_as<integer>(bits) < zero, is_zero = number == zero;
                const integer above_first = number - xsimd::select(is_negative, negative.first, positive.first);
                const integer below_last = xsimd::select(is_negative, negative.last, positive.last) - number;
                const integer place = number + xsimd::select(is_negative, negative.offset, positive.offset);
                outside |= xsimd::select(is_zero, zero, above_first | below_last);
                const integer turn = bits_as<integer>(lanes<Arch>::consecutive(i % zero_counters));
                xsimd::select(is_zero, turn, place).store_aligned(places + i);
            }
            return !xsimd::any(outside < zero);
        }

        QUANTKIT_INLINE void find_numbers(const float* x, std::size_t count, std::uint32_t* numbers)
        {
            for (std::size_t i = 0; i < count; ++i) // compilers make batches of it where they know the count
                numbers[i] = counter_number(x[i]);
        }

        /// Counts until a value has no counter, and gives how many it counted.
        ///
        /// count   up to counted_block
        template <class Arch>
        QUANTKIT_INLINE std::size_t look_up(const float* x, std::size_t count, const std::uint32_t* page_offsets,
                                            std::uint32_t* counters)
        {
            std::array<std::uint32_t, counted_block> numbers; // NOLINT: filled before it is read
            if (count == counted_block)
                find_numbers(x, counted_block, numbers.data());
            else
                find_numbers(x, count, numbers.data());
            std::size_t i = 0;
            for (; count - i >= 4; i += 4) // one look for missing pages: 0.9 ns a value, single ones take 1.1 (Zen 3)
            {
                const std::uint32_t a = numbers[i], b = numbers[i + 1], c = numbers[i + 2], d = numbers[i + 3];
                const std::uint32_t from_a = page_offsets[a / counters_per_page];
                const std::uint32_t from_b = page_offsets[b / counters_per_page];
                const std::uint32_t from_c = page_offsets[c / counters_per_page];
                const std::uint32_t from_d = page_offsets[d / counters_per_page];
                if (((from_a | from_b | from_c | from_d) & no_counters) != 0)
                    break;
                ++counters[from_a + a];
                ++counters[from_b + b];
                ++counters[from_c + c];
                ++counters[from_d + d];
            }
            for (; i < count && page_offsets[numbers[i] / counters_per_page] != no_counters; ++i)
                ++counters[page_offsets[numbers[i] / counters_per_page] + numbers[i]];
            return i;
        }

        template <class Arch>
        QUANTKIT_INLINE bool count_in_windows(const float* x, const counter_layout& layout, std::uint32_t* counters)
        {
            alignas(64) std::array<std::int32_t, counted_block> places; // NOLINT: filled before it is read
            if (!find_in_windows<Arch>(x, layout, places.data()))
                return false;
            for (std::size_t i = 0; i < counted_block; i += 2)
            {
                const index_pair place = load_pair(places.data() + i);
                ++counters[place.first];
                ++counters[place.second];
            }
            return true;
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
        counted_values done;
        while (done.count < count)
        {
            const float* const first = x + done.count;
            const std::size_t size = count - done.count < block ? count - done.count : block;
            if constexpr (has_counter_windows<Arch>())
                if (size == block && detail::count_in_windows<Arch>(first, layout, counters))
                {
                    done.count += block;
                    continue;
                }
            const std::size_t counted = detail::look_up<Arch>(first, size, layout.page_offsets, counters);
            done.count += counted;
            done.looked_up += has_counter_windows<Arch>() ? counted : 0;
            if (counted != size)
                break;
        }
        return done;
    }
}
