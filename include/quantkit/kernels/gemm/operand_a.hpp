// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Where the rows of A come from: codes as they are, or floats that are quantized on their way into the strip.
#pragma once

#include <quantkit/kernels/gemm/packing.hpp>
#include <quantkit/kernels/gemm/quantize_rows.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace quantkit::kernels
{
    /// Rows of A as micro-kernels read them.
    struct strip_view
    {
        const std::byte* rows = nullptr;
        std::size_t stride = 0; ///< bytes from row to row
    };
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Bytes from row to row of packed rows: an odd number of cache lines, so that the rows of a strip, which are read
    /// side by side, do not compete for the same sets of L1.
    constexpr std::size_t packed_row_stride(operand_format format, std::size_t k)
    {
        constexpr std::size_t line = 64;
        return (group_count(format, k) * group_bytes_of_a(format) + line - 1) / line * line | line;
    }

    /// Anything that can offer rows [first, first + rows) of A as a strip, in place or packed into memory.
    ///
    /// scratch_bytes(k)  memory that this needs besides the packed rows
    /// strip(...)        packed [rows * packed_row_stride(format, k)]; sums [rows] of the packed codes, or null
    template <class Source>
    concept a_source = requires(const Source& source, std::size_t count, operand_format format, std::byte* bytes,
                                std::int32_t* sums)
    {
        {
            source.scratch_bytes(count)
            } -> std::same_as<std::size_t>;
        {
            source.strip(count, count, count, format, bytes, sums, bytes)
            } -> std::same_as<strip_view>;
    };

    /// Any of them, for code that is compiled once for all. Points to it.
    class any_rows
    {
    public:
        template <a_source Source>
        explicit any_rows(const Source& source)
            : source_(&source)
            , strip_(
                  [](const void* rows, std::size_t first, std::size_t count, std::size_t k, operand_format format,
                     std::byte* packed, std::int32_t* sums, std::byte* scratch) noexcept
                  { return static_cast<const Source*>(rows)->strip(first, count, k, format, packed, sums, scratch); })
        {
        }

        strip_view strip(std::size_t first, std::size_t rows, std::size_t k, operand_format format, std::byte* packed,
                         std::int32_t* sums, std::byte* scratch) const noexcept
        {
            return strip_(source_, first, rows, k, format, packed, sums, scratch);
        }

    private:
        using strip_function = strip_view (*)(const void* rows, std::size_t first, std::size_t count, std::size_t k,
                                              operand_format format, std::byte* packed, std::int32_t* sums,
                                              std::byte* scratch) noexcept;
        const void* source_;
        strip_function strip_;
    };

    /// Rows without values, of a matrix that may have no memory.
    inline strip_view empty_strip(std::size_t rows, std::byte* packed, std::int32_t* sums) noexcept
    {
        if (sums != nullptr)
            std::fill_n(sums, rows, 0);
        return { packed, 0 };
    }

    /// Value number `index` of a packed row.
    QUANTKIT_INLINE std::int32_t packed_value(const std::byte* row, std::size_t index, operand_format format)
    {
        if (widens_a(format))
        {
            std::int16_t value;
            std::memcpy(&value, row + index * sizeof value, sizeof value);
            return value;
        }
        const auto byte = std::to_integer<std::uint8_t>(row[index]);
        return format == operand_format::u8_s8 ? std::int32_t { byte } : static_cast<std::int8_t>(byte);
    }

    /// sums [rows][ceil(k / group_size)] of the packed codes of each row, group by group along k.
    inline void sum_row_groups(const strip_view& strip, std::size_t rows, std::size_t k, std::size_t group_size,
                               operand_format format, std::int32_t* sums) noexcept
    {
        for (std::size_t row = 0; row < rows; ++row)
            for (std::size_t first = 0; first < k; first += group_size)
            {
                std::int32_t sum = 0;
                for (std::size_t i = first; i < std::min(first + group_size, k); ++i)
                    sum += packed_value(strip.rows + row * strip.stride, i, format);
                *sums++ = sum;
            }
    }

    /// A [m, k] as codes.
    template <packable_code Code>
    struct code_rows
    {
        matrix_view<const Code> a;

        std::size_t scratch_bytes(std::size_t) const { return 0; }

        strip_view strip(std::size_t first, std::size_t rows, std::size_t k, operand_format format, std::byte* packed,
                         std::int32_t* sums, std::byte*) const noexcept
        {
            if (k == 0)
                return empty_strip(rows, packed, sums);
            for (std::size_t row = 0; sums != nullptr && row < rows; ++row)
                sums[row] = detail::packed_sum(a.at(first + row, 0), a.column_stride, k,
                                               packing_shift<Code>(format, operand::a));
            if (fits_in_place(rows, k, format))
                return { reinterpret_cast<const std::byte*>(a.at(first, 0)),
                         static_cast<std::size_t>(a.row_stride) * sizeof(Code) };
            const std::size_t stride = packed_row_stride(format, k);
            for (std::size_t row = 0; row < rows; ++row)
                pack_row(a.at(first + row, 0), a.column_stride, k, format, packed + row * stride);
            return { packed, stride };
        }

    private:
        /// The codes are what the format holds, in whole groups, and not so far apart that the rows of a strip would
        /// evict each other from L1 (or lie backwards).
        bool fits_in_place(std::size_t rows, std::size_t k, operand_format format) const noexcept
        {
            const bool as_they_are =
                sizeof(Code) == group_bytes / group_values(format) && packing_shift<Code>(format, operand::a) == 0;
            const bool whole_groups = a.column_stride == 1 && k % group_values(format) == 0;
            const bool spread = rows <= 4 || a.row_stride * std::ptrdiff_t { sizeof(Code) } % 1024 != 0;
            return as_they_are && whole_groups && spread && a.row_stride >= 0;
        }
    };
    static_assert(a_source<code_rows<std::int8_t>> && a_source<code_rows<std::int16_t>>);

    /// A [m, k] as floats; row i is quantized with params[i * params_step].
    struct float_rows
    {
        matrix_view<const float> a;
        const qparams* params = nullptr;
        std::size_t params_step = 0;
        quant_bounds bounds { 0, 255 };
        row_kernels kernels {};

        /// One row of floats, for rows that are not contiguous, and one of codes.
        std::size_t scratch_bytes(std::size_t k) const { return k * (sizeof(float) + 1); }

        strip_view strip(std::size_t first, std::size_t rows, std::size_t k, operand_format format, std::byte* packed,
                         std::int32_t* sums, std::byte* scratch) const noexcept
        {
            if (k == 0)
                return empty_strip(rows, packed, sums);
            auto* gathered = reinterpret_cast<float*>(scratch);
            auto* codes = reinterpret_cast<std::uint8_t*>(scratch + k * sizeof(float));
            const std::size_t stride = packed_row_stride(format, k), k_in_groups = group_count(format, k) * 4;
            for (std::size_t row = 0; row < rows; ++row)
            {
                std::byte* out = packed + row * stride;
                const float* x = contiguous_row(first + row, k, gathered);
                // uint8 codes that a u8 format takes as they are go straight to their place
                const bool direct = format == operand_format::u8_s8;
                auto* q = direct ? reinterpret_cast<std::uint8_t*>(out) : codes;
                if (direct && k < k_in_groups)
                    std::memset(out + k_in_groups - group_bytes, 0, group_bytes);
                kernels.quantize(x, q, k, params[(first + row) * params_step], bounds);
                if (!direct)
                    pack_row(codes, 1, k, format, out);
                if (sums != nullptr)
                    sums[row] = detail::packed_sum(q, 1, k, packing_shift<std::uint8_t>(format, operand::a));
            }
            return { packed, stride };
        }

        /// One row where it is, or gathered [k].
        const float* contiguous_row(std::size_t row, std::size_t k, float* gathered) const noexcept
        {
            if (a.column_stride == 1)
                return a.at(row, 0);
            for (std::size_t i = 0; i < k; ++i)
                gathered[i] = *a.at(row, i);
            return gathered;
        }

        /// Minimum and maximum of one row. gathered [k] is used where the row is not contiguous.
        real_range row_range(std::size_t row, std::size_t k, float* gathered) const noexcept
        {
            return kernels.range(contiguous_row(row, k, gathered), k);
        }

        /// Minimum and maximum of m rows.
        real_range range(std::size_t m, std::size_t k, float* gathered) const noexcept
        {
            if (a.column_stride == 1 && a.row_stride == static_cast<std::ptrdiff_t>(k))
                return kernels.range(a.data, m * k);
            real_range all { std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity() };
            for (std::size_t row = 0; row < m; ++row)
            {
                const real_range part = row_range(row, k, gathered);
                all = { std::min(all.min, part.min), std::max(all.max, part.max) };
            }
            return all;
        }
    };
    static_assert(a_source<float_rows>);
}
