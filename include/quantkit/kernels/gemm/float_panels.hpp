// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The operands of products in float: weights into panels of any format, rows of A as the tiles read them.
#pragma once

#include <quantkit/core/half.hpp>
#include <quantkit/kernels/gemm/extents.hpp>
#include <quantkit/kernels/gemm/operand_a.hpp>
#include <quantkit/kernels/gemm/packing.hpp>

#include <algorithm>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// A weight as f32_f32, f32_f16, f32_bf16 or bf16_bf16 holds it, in the low bytes; 16-bit formats round to nearest
    /// even.
    QUANTKIT_INLINE std::uint32_t packed_weight(float weight, operand_format format)
    {
        if (format == operand_format::f32_f16)
            return quantkit::float_to_half(weight);
        return format == operand_format::f32_f32 ? std::bit_cast<std::uint32_t>(weight)
                                                 : quantkit::float_to_bfloat16(weight);
    }

    /// What packing adds to codes of type Code: f32_s8 holds int8, f32_u4 holds 0..15.
    ///
    /// quant_min  of the codes' range: -8 and up for 4 bits with a sign
    template <code8 Code>
    constexpr std::int32_t float_packing_shift(operand_format format, std::int32_t quant_min)
    {
        if (format == operand_format::f32_u4)
            return quant_min < 0 ? 8 : 0;
        return std::same_as<Code, std::uint8_t> ? -128 : 0;
    }

    /// Calls put(group, column, place of its bytes) for every group of every column of one panel.
    template <class Put>
    void for_each_panel_group(std::size_t k, operand_format format, std::byte* panel, const Put& put)
    {
        for (std::size_t group = 0; group < group_count(format, k); ++group)
            for (std::size_t column = 0; column < panel_columns; ++column, panel += group_bytes_of_b(format))
                put(group, column, panel);
    }

    /// One panel of f32_f32: its columns [first, first + columns) of B^T, zeros behind them.
    inline void pack_float_panel(matrix_view<const float> b, std::size_t first, std::size_t columns, std::size_t k,
                                 float* panel) noexcept
    {
        const bool together = b.row_stride == 1; // the values of one p lie side by side
        for (std::size_t p = 0; p < k; ++p, panel += panel_columns)
        {
            const float* from = b.at(first, p);
            if (together && columns == panel_columns)
                std::memcpy(panel, from, panel_columns * sizeof(float));
            else
                for (std::size_t column = 0; column < panel_columns; ++column)
                    panel[column] = column < columns ? from[static_cast<std::ptrdiff_t>(column) * b.row_stride] : 0.0f;
        }
    }

    /// Weights [n, k] in float, f16, bf16 or pairs of bf16, column by column (B^T): panels [packed_b_bytes(...)].
    inline void pack_weights(matrix_view<const float> b, std::size_t n, std::size_t k, operand_format format,
                             std::byte* panels) noexcept
    {
        if (format == operand_format::f32_f32) // attention packs at each call
        {
            for (std::size_t first = 0; k > 0 && first < n; first += panel_columns, panels += panel_bytes(format, k))
                pack_float_panel(b, first, std::min(panel_columns, n - first), k, reinterpret_cast<float*>(panels));
            return;
        }
        const std::size_t kr = group_values(format);
        for (std::size_t first = 0; k > 0 && first < n; first += panel_columns)
        {
            const auto put = [&](std::size_t group, std::size_t column, std::byte* to)
            {
                const std::size_t begin = group * kr, count = first + column < n ? std::min(kr, k - begin) : 0;
                std::uint32_t bits = 0;
                for (std::size_t i = 0; i < count; ++i)
                    bits |= packed_weight(*b.at(first + column, begin + i), format) << (16 * i);
                std::memcpy(to, &bits, group_bytes_of_b(format));
            };
            for_each_panel_group(k, format, panels, put);
            panels += panel_bytes(format, k);
        }
    }

    /// Codes [n, k] as f32_s8 or f32_u4, shifted as float_packing_shift() says: panels [packed_b_bytes(format, n, k)].
    template <code8 Code>
    void pack_weight_codes(matrix_view<const Code> b, std::size_t n, std::size_t k, operand_format format,
                           std::int32_t shift, std::byte* panels) noexcept
    {
        const std::size_t kr = group_values(format);
        const unsigned bits = format == operand_format::f32_u4 ? 4 : 8;
        for (std::size_t first = 0; k > 0 && first < n; first += panel_columns)
        {
            const auto put = [&](std::size_t group, std::size_t column, std::byte* to)
            {
                std::uint32_t word = 0;
                const std::size_t begin = group * kr, count = first + column < n ? std::min(kr, k - begin) : 0;
                for (std::size_t i = 0; i < count; ++i)
                {
                    const auto code = static_cast<std::uint32_t>(*b.at(first + column, begin + i) + shift);
                    word |= (code & ((1u << bits) - 1)) << (bits * i);
                }
                std::memcpy(to, &word, group_bytes_of_b(format));
            };
            for_each_panel_group(k, format, panels, put);
            panels += panel_bytes(format, k);
        }
    }

    /// A [m, k] in float: read in place where rows are contiguous, but scaled nibble by nibble for f32_u4 and rounded
    /// to nearest even for bf16_bf16.
    struct real_rows
    {
        matrix_view<const float> a;

        std::size_t scratch_bytes(std::size_t) const { return 0; }

        strip_view strip(std::size_t first, std::size_t rows, std::size_t k, operand_format format, std::byte* packed,
                         std::int32_t* sums, std::byte*) const noexcept
        {
            if (k == 0)
                return empty_strip(rows, packed, sums);
            if (fits_in_place(rows, format))
                return { reinterpret_cast<const std::byte*>(a.at(first, 0)),
                         static_cast<std::size_t>(a.row_stride) * sizeof(float) };
            const std::size_t stride = packed_row_stride(format, k);
            for (std::size_t row = 0; row < rows; ++row)
                pack(first + row, k, format, packed + row * stride);
            return { packed, stride };
        }

        /// sums [rows][ceil(k / group_size)]: what zero points of the weights are multiplied with.
        void sum_groups(std::size_t first, std::size_t rows, std::size_t k, std::size_t group_size,
                        float* sums) const noexcept
        {
            for (std::size_t row = first; row < first + rows; ++row)
                for (std::size_t begin = 0; begin < k; begin += group_size)
                {
                    float sum = 0.0f;
                    for (std::size_t p = begin; p < std::min(begin + group_size, k); ++p)
                        sum += *a.at(row, p);
                    *sums++ = sum;
                }
        }

    private:
        /// Not where the rows of a tall strip would evict each other from L1.
        bool fits_in_place(std::size_t rows, operand_format format) const noexcept
        {
            const bool spread = rows <= 4 || a.row_stride * std::ptrdiff_t { sizeof(float) } % 4096 != 0;
            return group_values(format) == 1 && a.column_stride == 1 && a.row_stride >= 0 && spread;
        }

        void pack(std::size_t row, std::size_t k, operand_format format, std::byte* out) const noexcept
        {
            const std::size_t kr = group_values(format), whole = group_count(format, k) * kr;
            if (format == operand_format::bf16_bf16)
                return pack_bfloat16(row, k, whole, out);
            for (std::size_t p = 0; p < whole; ++p)
            {
                const float scale = format == operand_format::f32_u4 ? scale_of_nibble(p % kr) : 1.0f;
                const float x = p < k ? *a.at(row, p) * scale : 0.0f;
                std::memcpy(out + p * sizeof x, &x, sizeof x);
            }
        }

        void pack_bfloat16(std::size_t row, std::size_t k, std::size_t whole, std::byte* out) const noexcept
        {
            for (std::size_t p = 0; p < whole; ++p)
            {
                const std::uint16_t x = p < k ? quantkit::float_to_bfloat16(*a.at(row, p)) : std::uint16_t { 0 };
                std::memcpy(out + p * sizeof x, &x, sizeof x);
            }
        }
    };
    static_assert(a_source<real_rows>);
}
