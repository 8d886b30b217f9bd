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
            std::array<std::int32_t, counted_block> places; // NOLINT: filled before it is read
            if (!find_in_windows<Arch>(x, layout.positive, layout.negative, places.data()))
                return false;
            for (const std::int32_t place : places)
                ++counters[place];
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
