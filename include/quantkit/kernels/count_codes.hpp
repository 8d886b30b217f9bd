// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How often each code occurs.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/arch.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace quantkit::kernels
{
    template <class Code>
    concept countable_code = std::integral<Code> && sizeof(Code) <= 2;

    /// One counter for each value of the type.
    template <countable_code Code>
    inline constexpr std::size_t code_values = std::size_t { 1 } << (8 * sizeof(Code));

    namespace detail
    {
        template <class Code>
        QUANTKIT_INLINE std::size_t counter_of(Code code)
        {
            return static_cast<std::size_t>(static_cast<std::int32_t>(code) - std::numeric_limits<Code>::min());
        }

        /// Equal codes often follow each other, and a counter cannot be increased again before it is written: four
        /// tables take turns.
        template <class Arch, class Code>
        void count_block(const Code* codes, std::size_t count, std::uint64_t* counts)
        {
            std::uint32_t tables[4][code_values<Code>] = {};
            std::size_t i = 0;
            for (; i + 4 <= count; i += 4)
                for (std::size_t table = 0; table < 4; ++table)
                    ++tables[table][counter_of(codes[i + table])];
            for (; i < count; ++i)
                ++tables[0][counter_of(codes[i])];
            for (std::size_t value = 0; value < code_values<Code>; ++value)
                counts[value] +=
                    std::uint64_t { tables[0][value] } + tables[1][value] + tables[2][value] + tables[3][value];
        }
    }

    /// Adds to counts[code - lowest value of the type] how often each code occurs.
    ///
    /// codes   [count]; counts  [code_values<Code>]
    template <countable_code Code, class Arch = default_arch>
    void count_codes(const Code* codes, std::size_t count, std::uint64_t* counts, Arch = {}) noexcept
    {
        constexpr std::size_t least_for_tables = 1024, block = std::size_t { 1 } << 30;
        if constexpr (sizeof(Code) == 1)
            for (; count >= least_for_tables;)
            {
                const std::size_t now = count < block ? count : block;
                detail::count_block<Arch>(codes, now, counts);
                codes += now;
                count -= now;
            }
        for (std::size_t i = 0; i < count; ++i)
            ++counts[detail::counter_of(codes[i])];
    }
}
