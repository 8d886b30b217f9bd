// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Codes to tensors of floats: real = scale * (q - zero_point), with one rounding.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/kernel_table.hpp>
#include <quantkit/tensor/elementwise.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>
#include <quantkit/tensor/types.hpp>
#include <quantkit/tensor/view.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <variant>

namespace quantkit
{
    namespace detail
    {
        template <class Code, class Arch>
        struct dequantize_operation
        {
            kernels::active_code_kernels_of<Arch, Code> kernels =
                kernels::active_kernels<Arch>().template codes<Code>();

            void operator()(const Code* q, float* x, std::size_t count, qparams params, std::uint64_t) const
            {
                kernels.dequantize(q, x, count, params);
            }

            void operator()(const Code* q, float* x, std::size_t count, const float* scale,
                            const std::int32_t* zero_point, std::uint64_t) const
            {
                kernels.dequantize_each(q, x, count, scale, zero_point);
            }
        };
    }

    /// Codes of any tensor type to reals: real = scale * (q - zero_point).
    template <quantized_range Range, granularity Granularity = per_tensor, class Arch = kernels::active_arch>
    class dequantizer
    {
    public:
        using code_type = typename Range::code_type;

        /// One pair, or one for each parameter of the tensors to come. Throws as check_qparams().
        explicit dequantizer(qparams_list params, Granularity granularity = {})
            : params_(std::move(params))
            , granularity_(granularity)
        {
            check_qparams(params_, Range::bounds);
        }

        const qparams_list& params() const { return params_; }

        /// Into existing storage of the same shape, in any layout. Throws where shapes or the number of pairs do not
        /// fit.
        template <tensor_of<code_type> Codes, writable_tensor_of<float> Output>
        void operator()(const Codes& codes, Output&& x) const
        {
            const tensor_view<const code_type> input = view_of(codes);
            const tensor_view<float> output = view_of(x);
            check_qparams(params_, Range::bounds, input.shape(), granularity_);
            const detail::dequantize_operation<code_type, Arch> operation;
            detail::transform(input, output, params_, granularity_, walk_order::memory, operation);
        }

        /// A new matrix_f from a matrix of codes; Result, so that no matrix is compiled for who does not call it.
        template <tensor_of<code_type> Codes, class Result = matrix_f>
        Result operator()(const Codes& codes) const
        {
            const tensor_view<const code_type> input = view_of(codes);
            require(input.rank() == 2, "a tensor of shape ", input.shape(),
                    " is no matrix: give the dequantizer the storage");
            Result x = detail::new_matrix<Result>(input.shape()[0], input.shape()[1]);
            (*this)(codes, x);
            return x;
        }

    private:
        qparams_list params_;
        [[no_unique_address]] Granularity granularity_;
    };

    /// Into existing storage of q's shape, in any layout.
    template <quantized_range Range, writable_tensor_of<float> Output, class Arch = kernels::active_arch>
    void dequantize(const quantized_tensor<Range>& q, Output&& x)
    {
        const auto with = [&](auto granularity) {
            dequantizer<Range, decltype(granularity), Arch> { q.params(), granularity }(q.view(), x);
        };
        std::visit(with, q.granularity());
    }

    /// A new matrix_f, or the Eigen type that is asked for: dequantize<vector_f>(q).
    ///
    /// A tensor of rank 1 gives a vector, or a matrix of one column; other ranks than 1 and 2 need existing storage.
    template <class Result = matrix_f, quantized_range Range, class Arch = kernels::active_arch>
    Result dequantize(const quantized_tensor<Range>& q)
    {
        constexpr bool is_vector = Result::IsVectorAtCompileTime;
        const tensor_shape& shape = q.shape();
        require(shape.rank() == 1 || (shape.rank() == 2 && !is_vector), "a tensor of shape ", shape, " does not fit ",
                is_vector ? "a vector" : "a matrix", ": give dequantize the storage");
        constexpr bool is_row = is_vector && Result::RowsAtCompileTime == 1;
        const Eigen::Index columns = shape.rank() == 2 ? shape[1] : 1;
        Result x = is_row ? detail::new_matrix<Result>(1, shape[0]) : detail::new_matrix<Result>(shape[0], columns);
        const tensor_view<float> view = view_of(x);
        const bool is_one_column = shape.rank() < view.rank();
        const tensor_view<float> output(view.data(), shape,
                                        is_one_column ? tensor_strides { view.strides()[0] } : view.strides());
        dequantize<Range, const tensor_view<float>&, Arch>(q, output);
        return x;
    }
}
