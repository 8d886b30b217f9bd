// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The plain integer product: C[i, j] = sum over k of (A[i, k] - zero_point_a[i]) * (B[k, j] - zero_point_b[j]), int32.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/tensor/packed_weights.hpp>
#include <quantkit/tensor/types.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

namespace quantkit
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        template <class Code>
        constexpr quant_bounds code_bounds { std::numeric_limits<Code>::min(), std::numeric_limits<Code>::max() };

        /// One zero point per row or column, from none (0), one for all, or one each.
        inline std::vector<std::int32_t> spread_zero_points(std::span<const std::int32_t> given, std::size_t count,
                                                            quant_bounds bounds, const char* operand_name)
        {
            require(given.size() <= 1 || given.size() == count, operand_name, " needs 1 or ", count,
                    " zero points, but has ", given.size());
            for (const std::int32_t zero_point : given)
                require(zero_point >= bounds.quant_min && zero_point <= bounds.quant_max, "zero_point ", zero_point,
                        " of ", operand_name, " lies outside [", bounds.quant_min, ", ", bounds.quant_max, "]");
            std::vector<std::int32_t> all(kernels::padded_columns(count), given.empty() ? 0 : given[0]);
            for (std::size_t i = 1; i < given.size(); ++i)
                all[i] = given[i];
            return all;
        }

        inline std::int64_t largest_magnitude(std::span<const std::int32_t> zero_points, quant_bounds bounds)
        {
            std::int64_t largest = kernels::largest_magnitude(bounds, zero_points.empty() ? 0 : zero_points[0]);
            for (const std::int32_t zero_point : zero_points)
                largest = std::max(largest, kernels::largest_magnitude(bounds, zero_point));
            return largest;
        }

        inline void require_k_fits(std::size_t k, std::int64_t magnitude_a, std::int64_t magnitude_b)
        {
            const std::int64_t limit = kernels::max_accumulated_k(magnitude_a, magnitude_b);
            require(static_cast<std::int64_t>(k) <= limit, "k = ", k, " products of magnitudes up to ", magnitude_a,
                    " and ", magnitude_b, " may overflow an int32 sum: k can be ", limit, " at most");
        }
    }

}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// ONNX MatMulInteger. Exact: throws where k is so large that a sum may leave int32.
    ///
    /// a                 [m, k] int8 or uint8, any strides
    /// b                 [k, n] int8 or uint8, any strides; packed at every call: layers pack once (int8_linear.hpp)
    /// a_zero_points     none, one, or [m];  b_zero_points  none, one, or [n]
    /// Result            any Eigen matrix of int32 that [m, n] fits, else throws: matmul_integer<Eigen::MatrixXi>(a, b)
    template <class Result = matrix<std::int32_t>, tensor_like A, tensor_like B>
    Result matmul_integer(const A& a, const B& b, std::span<const std::int32_t> a_zero_points = {},
                          std::span<const std::int32_t> b_zero_points = {},
                          const kernels::micro_kernel& kernel = kernels::best_micro_kernel())
    {
        const tensor_view a_view = view_of(a);
        const tensor_view b_view = view_of(b);
        using a_code = typename decltype(a_view)::value_type;
        using b_code = typename decltype(b_view)::value_type;
        static_assert(kernels::code8<a_code> && kernels::code8<b_code>, "matmul_integer multiplies int8 and uint8");
        require(a_view.rank() == 2 && b_view.rank() == 2 && a_view.shape()[1] == b_view.shape()[0], "cannot multiply ",
                a_view.shape(), " by ", b_view.shape(), ": the shapes must be [m, k] and [k, n]");
        require(kernel.largest_a == 255, "the micro-kernel ", kernel.name(), " is exact for codes up to ",
                int { kernel.largest_a }, " only");

        const kernels::gemm_extents extents { detail::extent(a_view.shape(), 0), detail::extent(b_view.shape(), 1),
                                              detail::extent(a_view.shape(), 1) };
        constexpr quant_bounds a_bounds = detail::code_bounds<a_code>, b_bounds = detail::code_bounds<b_code>;
        std::vector<std::int32_t> row_zero_points = detail::spread_zero_points(a_zero_points, extents.m, a_bounds, "a");
        std::vector<std::int32_t> column_zero_points =
            detail::spread_zero_points(b_zero_points, extents.n, b_bounds, "b");
        detail::require_k_fits(extents.k, detail::largest_magnitude(a_zero_points, a_bounds),
                               detail::largest_magnitude(b_zero_points, b_bounds));

        const packed_weights packed { tensor_view<const b_code>(b_view.data(), { b_view.shape()[1], b_view.shape()[0] },
                                                                { b_view.strides()[1], b_view.strides()[0] }),
                                      kernel };
        const kernels::packed_b panels = packed.view();
        // C = A'B' - zero_a * (column_sum - k * zero_b) - zero_b * row_sum, all in packed codes
        std::vector<std::int32_t> centered(column_zero_points.size());
        for (std::int32_t& zero_point : row_zero_points)
            zero_point = kernels::packed_zero_point<a_code>(zero_point, kernel.format, kernels::operand::a);
        for (std::size_t j = 0; j < column_zero_points.size(); ++j)
        {
            column_zero_points[j] =
                kernels::packed_zero_point<b_code>(column_zero_points[j], kernel.format, kernels::operand::b);
            centered[j] = static_cast<std::int32_t>(panels.column_sums[j]
                                                    - static_cast<std::int64_t>(extents.k) * column_zero_points[j]);
        }

        static_assert(std::same_as<typename Result::Scalar, std::int32_t>, "the sums are int32");
        Result c = detail::new_matrix<Result>(a_view.shape()[0], b_view.shape()[1]);
        // view_of() would take a vector for a tensor of rank 1
        const tensor_view<std::int32_t> c_view(c.data(), c.rows(), c.cols(), c.rowStride(), c.colStride());
        std::vector<std::int32_t> row_sums(extents.m);
        using exact_epilogue =
            kernels::epilogue_of<kernels::store_to<std::int32_t>, kernels::subtract_outer, kernels::subtract_outer>;
        const exact_epilogue epilogue { { kernels::subtract_outer { row_zero_points.data(), 1, centered.data() },
                                          kernels::subtract_outer { row_sums.data(), 1, column_zero_points.data() } },
                                        { detail::matrix_view_of(c_view) } };
        const kernels::code_rows<a_code> rows { detail::matrix_view_of(tensor_view<const a_code>(a_view)) };
        aligned_buffer<std::byte> workspace(kernels::gemm_workspace_bytes(kernel, extents, rows));
        kernels::gemm(kernel, extents, rows, panels, epilogue, row_sums.data(), workspace.data());
        return c;
    }
}
