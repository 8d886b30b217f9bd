// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Codes into the strips and panels of micro_kernel.hpp, with the sums that zero points need.
///
/// A format that wants the other signedness gets every code shifted by 128. The zero point shifts with it, so that
/// code - zero_point, and with it the product, stays the same: packed_zero_point() says by how much.
///
/// Codes of 16 bits are packed as they are, for the format s16_s16 only. How far their products add up in an int32 is
/// for the caller to check: max_accumulated_k() of the magnitudes of both ranges.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/gemm/extents.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace quantkit::kernels
{
    template <class Code>
    concept code8 = std::same_as<Code, std::int8_t> || std::same_as<Code, std::uint8_t>;

    /// What strips and panels can be made of.
    template <class Code>
    concept packable_code = code8<Code> || std::same_as<Code, std::int16_t>;

    /// Which side of a product.
    enum class operand : std::uint8_t
    {
        a,
        b
    };

    /// B [n, k] as panels, ready for a micro-kernel of this format. Does not own its memory.
    struct packed_b
    {
        operand_format format = operand_format::s16_s16;
        std::size_t n = 0, k = 0;
        const std::byte* panels = nullptr;         ///< [ceil(n / 16)][groups, 16, 4 or 2 bytes], 64-byte aligned
        const std::int32_t* column_sums = nullptr; ///< [n rounded up to 16] sums of the packed codes of each column

        QUANTKIT_INLINE constexpr std::size_t panel_count() const { return (n + panel_columns - 1) / panel_columns; }
        QUANTKIT_INLINE constexpr std::size_t groups() const { return group_count(format, k); }
        /// Bytes from one panel to the next.
        QUANTKIT_INLINE constexpr std::size_t panel_stride() const
        {
            return groups() * panel_columns * group_bytes_of_b(format);
        }
    };

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// Up to kr codes, shifted or widened, as the bytes of a group; the rest is 0.
        template <packable_code Code>
        QUANTKIT_INLINE std::uint32_t packed_group(const Code* codes, std::ptrdiff_t stride, std::size_t count,
                                                   unsigned bits, std::int32_t shift)
        {
            std::uint32_t group = 0;
            for (std::size_t i = 0; i < count; ++i)
            {
                const auto value = static_cast<std::uint32_t>(codes[static_cast<std::ptrdiff_t>(i) * stride] + shift);
                group |= (value & (bits == 16 ? 0xffffu : 0xffu)) << (bits * i);
            }
            return group;
        }

        /// Adds 0 or +-128 (which flips the top bit) to codes.
        template <code8 Code>
        void shift_codes(const Code* codes, std::size_t count, std::int32_t shift, std::byte* packed) noexcept
        {
            constexpr std::size_t step = 16;
            if (count < step)
            {
                for (std::size_t i = 0; i < count; ++i)
                    packed[i] = static_cast<std::byte>(codes[i] + shift);
                return;
            }
            const std::uint64_t flipped = shift == 0 ? 0 : 0x8080808080808080u;
            const auto shift_step = [&](std::size_t i)
            {
                std::uint64_t words[2];
                std::memcpy(words, codes + i, sizeof words);
                words[0] ^= flipped;
                words[1] ^= flipped;
                std::memcpy(packed + i, words, sizeof words);
            };
            for (std::size_t i = 0; i + step < count; i += step)
                shift_step(i);
            shift_step(count - step); // some of them again
        }

        /// Codes to 16 bits, 16 at a time; returns how many are done.
        template <packable_code Code>
        std::size_t widen_codes(const Code* codes, std::size_t count, std::byte* packed) noexcept
        {
            std::size_t i = 0;
            for (; i + 16 <= count; i += 16)
            {
                std::int16_t wide[16];
                for (std::size_t lane = 0; lane < 16; ++lane)
                    wide[lane] = codes[i + lane];
                std::memcpy(packed + i * sizeof(std::int16_t), wide, sizeof wide);
            }
            return i;
        }

        template <packable_code Code>
        std::int32_t packed_sum(const Code* codes, std::ptrdiff_t stride, std::size_t count, std::int32_t shift)
        {
            std::uint32_t sum = static_cast<std::uint32_t>(shift) * static_cast<std::uint32_t>(count);
            for (std::size_t i = 0; i < count; ++i)
                sum += static_cast<std::uint32_t>(std::int32_t { codes[static_cast<std::ptrdiff_t>(i) * stride] });
            return static_cast<std::int32_t>(sum);
        }
    }
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// What packing adds to every code of type Code: -128, 0 or 128.
    template <packable_code Code>
    constexpr std::int32_t packing_shift(operand_format format, operand side)
    {
        QUANTKIT_ASSERT(code8<Code> || format == operand_format::s16_s16);
        if (format == operand_format::s16_s16 || (format == operand_format::s16_s8 && side == operand::a))
            return 0;
        const bool wants_unsigned = format == operand_format::u8_s8 && side == operand::a;
        const bool is_unsigned = std::same_as<Code, std::uint8_t>;
        return wants_unsigned == is_unsigned ? 0 : wants_unsigned ? 128 : -128;
    }

    /// The zero point of codes once they are packed.
    template <packable_code Code>
    constexpr std::int32_t packed_zero_point(std::int32_t zero_point, operand_format format, operand side)
    {
        return zero_point + packing_shift<Code>(format, side);
    }

    /// One row of A as it lies in a strip: k values in whole groups, zeros behind them.
    ///
    /// packed  [group_count(format, k) * 4 bytes]
    template <packable_code Code>
    void pack_row(const Code* codes, std::ptrdiff_t stride, std::size_t k, operand_format format,
                  std::byte* packed) noexcept
    {
        const std::int32_t shift = packing_shift<Code>(format, operand::a);
        const std::size_t kr = group_values(format);
        if constexpr (code8<Code>)
            if (stride == 1 && kr == 4)
            {
                if (k % kr != 0)
                    std::memset(packed + k / kr * group_bytes, 0, group_bytes);
                detail::shift_codes(codes, k, shift, packed);
                return;
            }
        const std::size_t done = stride == 1 ? detail::widen_codes(codes, k, packed) : 0;
        for (std::size_t group = done / kr; group < group_count(format, k); ++group)
        {
            const std::size_t first = group * kr;
            const std::uint32_t bytes = detail::packed_group(codes + static_cast<std::ptrdiff_t>(first) * stride,
                                                             stride, std::min(kr, k - first), kr == 2 ? 16 : 8, shift);
            std::memcpy(packed + group * group_bytes, &bytes, sizeof bytes);
        }
    }

    /// Bytes of one panel.
    constexpr std::size_t panel_bytes(operand_format format, std::size_t k)
    {
        return group_count(format, k) * panel_columns * group_bytes_of_b(format);
    }

    /// Packs up to 16 columns of B as one panel; columns beyond are 0.
    template <packable_code Code>
    void pack_panel(matrix_view<const Code> b, std::size_t columns, std::size_t k, operand_format format,
                    std::byte* panel) noexcept
    {
        const std::size_t kr = group_values(format), bytes = group_bytes_of_b(format);
        const unsigned bits = format == operand_format::s16_s16 ? 16 : 8;
        const std::int32_t shift = packing_shift<Code>(format, operand::b);
        for (std::size_t group = 0; group < group_count(format, k); ++group)
            for (std::size_t column = 0; column < panel_columns; ++column)
            {
                const std::size_t first = group * kr, count = column < columns ? std::min(kr, k - first) : 0;
                const Code* codes = count == 0 ? nullptr : b.at(column, first);
                const std::uint32_t packed = detail::packed_group(codes, b.column_stride, count, bits, shift);
                std::memcpy(panel + (group * panel_columns + column) * bytes, &packed, bytes);
            }
    }

    /// n rounded up to whole panels: the length of every array that has one entry per column.
    constexpr std::size_t padded_columns(std::size_t n)
    {
        return (n + panel_columns - 1) / panel_columns * panel_columns;
    }

    /// Bytes of the panels of B [n, k].
    constexpr std::size_t packed_b_bytes(operand_format format, std::size_t n, std::size_t k)
    {
        return padded_columns(n) / panel_columns * panel_bytes(format, k);
    }

    /// b            element (column, k): a row of weights [n, k] has column_stride 1, B [k, n] row-major row_stride 1
    /// panels       [packed_b_bytes(format, n, k)]
    /// column_sums  [padded_columns(n)]
    template <packable_code Code>
    void pack_b(matrix_view<const Code> b, std::size_t n, std::size_t k, operand_format format, std::byte* panels,
                std::int32_t* column_sums) noexcept
    {
        std::fill_n(column_sums, padded_columns(n), 0);
        if (k == 0) // b may have no memory
            return;
        for (std::size_t column = 0; column < n; column += panel_columns)
        {
            const matrix_view<const Code> part { b.at(column, 0), b.row_stride, b.column_stride };
            pack_panel(part, std::min(panel_columns, n - column), k, format, panels);
            panels += panel_bytes(format, k);
        }
        const std::int32_t shift = packing_shift<Code>(format, operand::b);
        for (std::size_t column = 0; column < n; ++column)
            column_sums[column] = detail::packed_sum(b.at(column, 0), b.column_stride, k, shift);
    }
}
