// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Integer products of any shape, strides, codes and zero points, by every micro-kernel that the CPU has, against the
/// definition in int64. All memory has exactly the size that is needed, for a sanitizer to watch.
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/select.hpp>

#include "fuzz/backwards.hpp"
#include "fuzz/finding.hpp"
#include "support/reference.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace quantkit::fuzz
{
    template <class ACode, class BCode>
    class fuzzed_product
    {
    public:
        explicit fuzzed_product(input_reader& input)
            : input_(input)
            , kernel_(some_kernel(input))
            , extents_ { extent(0, 40), extent(0, 70), extent(0, 200) }
            , executor_ { extent(1, 4) }
            , a_zero_point_(input.take<ACode>())
            , b_zero_point_(input.take<BCode>())
            , a_(codes<ACode>(extents_.m * extents_.k))
            , b_(codes<BCode>(extents_.n * extents_.k))
        {
        }

        void check()
        {
            pack();
            const std::vector<std::int32_t> sums = product();
            const std::vector<std::int64_t> expected = test::reference::matmul(
                a_.data(), b_.data(), extents_.m, extents_.n, extents_.k, a_zero_point_, b_zero_point_);
            for (std::size_t i = 0; i < expected.size(); ++i)
                expect(sums[i] == expected[i], "a product is the sum of the definition");
        }

    private:
        static const kernels::micro_kernel& some_kernel(input_reader& input)
        {
            std::vector<const kernels::micro_kernel*> runnable;
            for (const kernels::micro_kernel* kernel : kernels::compiled_micro_kernels())
                if (cpu_has(kernel->level))
                    runnable.push_back(kernel);
            return *runnable[input.take<std::uint8_t>() % runnable.size()];
        }

        std::size_t extent(int low, int high) { return static_cast<std::size_t>(input_.integer(low, high)); }

        /// A few codes again and again: what counts is where they lie.
        template <class Code>
        std::vector<Code> codes(std::size_t count)
        {
            std::vector<Code> few(1 + input_.take<std::uint8_t>() % 31), all(count);
            for (Code& code : few)
                code = input_.take<Code>();
            for (std::size_t i = 0; i < count; ++i)
                all[i] = few[i % few.size()];
            return all;
        }

        void pack()
        {
            panels_ = aligned_buffer<std::byte>(kernels::packed_b_bytes(kernel_.format, extents_.n, extents_.k));
            column_sums_ = aligned_buffer<std::int32_t>(kernels::padded_columns(extents_.n));
            kernels::pack_b(kernels::matrix_view<const BCode> { b_.data(), static_cast<std::ptrdiff_t>(extents_.k), 1 },
                            extents_.n, extents_.k, kernel_.format, panels_.data(), column_sums_.data());
        }

        /// A and C with gaps between their elements; A also with the columns next to one another.
        std::vector<std::int32_t> product()
        {
            const auto [row, column] = strides(extents_.m, extents_.k);
            std::vector<ACode> a(memory_size(extents_.m, extents_.k, row, column));
            for (std::size_t i = 0; i < a_.size(); ++i)
                a[i / extents_.k * row + i % extents_.k * column] = a_[i];
            return run({ a.data(), static_cast<std::ptrdiff_t>(row), static_cast<std::ptrdiff_t>(column) });
        }

        std::vector<std::int32_t> run(kernels::matrix_view<const ACode> a)
        {
            using namespace kernels;
            const auto [row, column] = strides(extents_.m, extents_.n);
            constexpr std::int32_t untouched = 0x5a5a5a5a;
            std::vector<std::int32_t> c(memory_size(extents_.m, extents_.n, row, column), untouched);
            std::vector<std::int32_t> row_sums(extents_.m);
            const std::int32_t a_zero_point = packed_zero_point<ACode>(a_zero_point_, kernel_.format, operand::a);
            const std::int32_t b_zero_point = packed_zero_point<BCode>(b_zero_point_, kernel_.format, operand::b);
            std::vector<std::int32_t> centered(padded_columns(extents_.n)), columns(centered.size(), b_zero_point);
            for (std::size_t j = 0; j < centered.size(); ++j)
                centered[j] = column_sums_[j] - static_cast<std::int32_t>(extents_.k) * b_zero_point;
            const epilogue_of<store_to<std::int32_t>, subtract_outer, subtract_outer> epilogue {
                { subtract_outer { &a_zero_point, 0, centered.data() },
                  subtract_outer { row_sums.data(), 1, columns.data() } },
                { { c.data(), static_cast<std::ptrdiff_t>(row), static_cast<std::ptrdiff_t>(column) } }
            };
            const packed_b b { kernel_.format, extents_.n, extents_.k, panels_.data(), column_sums_.data() };
            const code_rows<ACode> rows { a };
            aligned_buffer<std::byte> workspace(gemm_workspace_bytes(kernel_, extents_, rows, executor_));
            gemm(kernel_, extents_, rows, b, epilogue, row_sums.data(), workspace.data(), executor_);
            return taken(c, row, column, untouched);
        }

        /// The elements of C; what lies between them must be as it was.
        std::vector<std::int32_t> taken(std::vector<std::int32_t>& c, std::size_t row, std::size_t column,
                                        std::int32_t untouched) const
        {
            std::vector<std::int32_t> values;
            for (std::size_t i = 0; i < extents_.m * extents_.n; ++i)
            {
                std::int32_t& element = c[i / extents_.n * row + i % extents_.n * column];
                values.push_back(element);
                element = untouched;
            }
            expect(std::count(c.begin(), c.end(), untouched) == static_cast<std::ptrdiff_t>(c.size()),
                   "gaps in C stay as they were");
            return values;
        }

        struct distances
        {
            std::size_t row, column;
        };

        distances strides(std::size_t rows, std::size_t columns)
        {
            const std::size_t gap = extent(0, 3);
            if (extent(0, 1) == 1) // columns, not rows, lie next to one another
                return { 1 + gap, rows * (1 + gap) };
            return { columns * (1 + gap) + gap, 1 + gap };
        }

        static std::size_t memory_size(std::size_t rows, std::size_t columns, std::size_t row, std::size_t column)
        {
            return rows * columns == 0 ? 0 : (rows - 1) * row + (columns - 1) * column + 1;
        }

        input_reader& input_;
        const kernels::micro_kernel& kernel_;
        kernels::gemm_extents extents_;
        backwards executor_;
        std::int32_t a_zero_point_, b_zero_point_;
        std::vector<ACode> a_;
        std::vector<BCode> b_;
        aligned_buffer<std::byte> panels_;
        aligned_buffer<std::int32_t> column_sums_;
    };

    inline void try_gemm(std::span<const std::byte> bytes)
    {
        input_reader input(bytes);
        switch (input.integer(0, 3))
        {
        case 0:
            return fuzzed_product<std::uint8_t, std::int8_t>(input).check();
        case 1:
            return fuzzed_product<std::uint8_t, std::uint8_t>(input).check();
        case 2:
            return fuzzed_product<std::int8_t, std::int8_t>(input).check();
        default:
            return fuzzed_product<std::int8_t, std::uint8_t>(input).check();
        }
    }
}
