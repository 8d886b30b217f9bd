// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Products of 16-bit codes by any micro-kernel and epilogue, beside their definition in int64.
#pragma once

#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/isa.hpp>

#include "support/guarded_buffer.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

namespace quantkit::test
{
    /// check(kernel) with each that the CPU has.
    template <class Check>
    void for_each_runnable(std::span<const kernels::micro_kernel* const> compiled, Check check)
    {
        std::size_t ran = 0;
        for (const kernels::micro_kernel* kernel : compiled)
            if (cpu_has(kernel->level))
            {
                const std::string name(kernel->name());
                CAPTURE(name);
                check(*kernel);
                ++ran;
            }
        REQUIRE(ran >= 1);
    }

    /// Where the rows of A lie, in elements.
    struct row_layout
    {
        std::ptrdiff_t row_gap, column_stride;
        const char* reason;
    };

    inline constexpr std::array row_layouts {
        row_layout { 0, 1, "adjacent: read in place where k is even" },
        row_layout { 3, 1, "rows apart" },
        row_layout { 1, 2, "every second column: packed" },
    };

    /// C [m, n] = A [m, k] * B [n, k]^T
    struct int16_product
    {
        kernels::gemm_extents extents;
        std::vector<std::int16_t> a, b;

        static int16_product random(kernels::gemm_extents extents, std::uint64_t seed, std::int16_t largest = 32767)
        {
            const auto low = static_cast<std::int16_t>(-largest);
            return { extents, random_codes<std::int16_t>(extents.m * extents.k, seed, low, largest),
                     random_codes<std::int16_t>(extents.n * extents.k, seed + 1, low, largest) };
        }

        static int16_product constant(kernels::gemm_extents extents, std::int16_t of_a, std::int16_t of_b)
        {
            return { extents, std::vector(extents.m * extents.k, of_a), std::vector(extents.n * extents.k, of_b) };
        }

        std::vector<std::int64_t> reference() const
        {
            return reference::matmul(a.data(), b.data(), extents.m, extents.n, extents.k, 0, 0);
        }

        /// C by gemm(), from operands and into a C that end at guard pages. make_epilogue(view of C) gives the
        /// epilogue.
        template <class T, class MakeEpilogue, executor Executor = sequential>
        std::vector<T> run(const kernels::micro_kernel& kernel, MakeEpilogue make_epilogue,
                           const row_layout& how = row_layouts[0], guard_page side = guard_page::after,
                           const Executor& threads = {}) const
        {
            const auto depth = static_cast<std::ptrdiff_t>(extents.k), width = static_cast<std::ptrdiff_t>(extents.n);
            const std::ptrdiff_t row_stride = depth * how.column_stride + how.row_gap;
            guarded_buffer<std::int16_t> rows(extent_of(extents.m, extents.k, row_stride, how.column_stride), side);
            const kernels::matrix_view<std::int16_t> left { rows.data(), row_stride, how.column_stride };
            for (std::size_t i = 0; i < extents.m; ++i)
                for (std::size_t p = 0; p < extents.k; ++p)
                    *left.at(i, p) = a[i * extents.k + p];

            guarded_buffer<std::byte> panels(kernels::packed_b_bytes(format, extents.n, extents.k), side);
            guarded_buffer<std::int32_t> column_sums(kernels::padded_columns(extents.n), side);
            kernels::pack_b(kernels::matrix_view<const std::int16_t> { b.data(), depth, 1 }, extents.n, extents.k,
                            format, panels.data(), column_sums.data());
            const kernels::packed_b right { format, extents.n, extents.k, panels.data(), column_sums.data() };

            guarded_buffer<T> c(extents.m * extents.n, side);
            const kernels::code_rows<std::int16_t> source { { left.data, left.row_stride, left.column_stride } };
            guarded_buffer<std::byte> workspace(kernels::gemm_workspace_bytes(kernel, extents, source, threads),
                                                guard_page::before);
            kernels::gemm(kernel, extents, source, right, make_epilogue(kernels::matrix_view<T> { c.data(), width, 1 }),
                          nullptr, workspace.data(), threads);
            return { c.begin(), c.end() };
        }

    private:
        static constexpr auto format = kernels::operand_format::s16_s16;

        static std::size_t extent_of(std::size_t rows, std::size_t columns, std::ptrdiff_t row_stride,
                                     std::ptrdiff_t column_stride)
        {
            if (rows * columns == 0)
                return 0;
            return static_cast<std::size_t>(static_cast<std::ptrdiff_t>(rows - 1) * row_stride
                                            + static_cast<std::ptrdiff_t>(columns - 1) * column_stride)
                   + 1;
        }
    };
}
