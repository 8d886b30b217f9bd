// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Tensors of Eigen::half and Eigen::bfloat16 from tensors of floats and back, in any layout: half the memory, where
/// eleven (half) or eight (bfloat16) significant bits are enough.
///
/// Rounding is to nearest, ties to even; half overflows to infinity from 65520 on; subnormals are kept, a NaN stays a
/// quiet NaN (core/half.hpp). Back to float is exact.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>
#include <quantkit/kernels/kernel_table.hpp>
#include <quantkit/tensor/elementwise.hpp>
#include <quantkit/tensor/types.hpp>
#include <quantkit/tensor/view.hpp>

#include <Eigen/Core>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace quantkit
{
    template <class Value>
    concept half_value = std::same_as<Value, Eigen::half> || std::same_as<Value, Eigen::bfloat16>;

    template <class Tensor>
    concept half_tensor = tensor_of<Tensor, Eigen::half> || tensor_of<Tensor, Eigen::bfloat16>;

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        template <half_value Half>
        std::uint16_t* patterns_of(Half* values)
        {
            static_assert(sizeof(Half) == sizeof(std::uint16_t) && std::is_standard_layout_v<Half>);
            return reinterpret_cast<std::uint16_t*>(values);
        }

        template <half_value Half>
        const std::uint16_t* patterns_of(const Half* values)
        {
            return patterns_of(const_cast<Half*>(values));
        }

        /// One run to or from floats; there are no parameters.
        template <half_value Half, class Arch>
        struct convert_half_operation
        {
            static constexpr bool is_bfloat16 = std::same_as<Half, Eigen::bfloat16>;
            kernels::active_kernels_of<Arch> kernels = kernels::active_kernels<Arch>();

            template <class... Unused>
            void operator()(const float* x, Half* half, std::size_t count, const Unused&...) const
            {
                (is_bfloat16 ? kernels.float_to_bfloat16 : kernels.float_to_half)(x, patterns_of(half), count);
            }

            template <class... Unused>
            void operator()(const Half* half, float* x, std::size_t count, const Unused&...) const
            {
                (is_bfloat16 ? kernels.bfloat16_to_float : kernels.half_to_float)(patterns_of(half), x, count);
            }
        };

        template <half_value Half, class Arch, class In, class Out>
        void convert_half(const tensor_view<const In>& in, const tensor_view<Out>& out)
        {
            transform(in, out, qparams_list(qparams {}), per_tensor {}, walk_order::memory,
                      convert_half_operation<Half, Arch> {});
        }

        /// A new matrix, or vector, with the shape of the view; other ranks than 1 and 2 need existing storage.
        template <class Result, class Element>
        Result result_like(const tensor_view<Element>& x)
        {
            constexpr bool is_vector = Result::IsVectorAtCompileTime;
            require(x.rank() == 1 || (x.rank() == 2 && !is_vector), "a tensor of shape ", x.shape(), " does not fit ",
                    is_vector ? "a vector" : "a matrix", ": give the storage of the result");
            Result result;
            if constexpr (is_vector)
                result.resize(x.shape()[0]);
            else
                result.resize(x.shape()[0], x.rank() == 1 ? 1 : x.shape()[1]);
            return result;
        }

        /// A view of the result with the rank of what is written to it.
        template <class Result, class Element>
        auto view_like(Result& result, const tensor_view<Element>& x)
        {
            auto view = view_of(result);
            return view.rank() == x.rank() ? view : decltype(view) { view.data(), x.shape() };
        }

        template <half_value Half, class Arch, class Result, class In>
        Result converted_half(const tensor_view<const In>& in)
        {
            Result result = result_like<Result>(in);
            convert_half<Half, Arch>(in, view_like(result, in));
            return result;
        }
    }

    /// Into existing storage of x's shape. Throws std::invalid_argument where the shapes differ.
    template <tensor_of<float> Tensor, writable_tensor_of<Eigen::half> Output, class Arch = kernels::active_arch>
    void to_half(const Tensor& x, Output&& half)
    {
        detail::convert_half<Eigen::half, Arch, float, Eigen::half>(view_of(x), view_of(half));
    }

    /// A new matrix, or the Eigen type that is asked for: to_half<vector<Eigen::half>>(x). Ranks 1 and 2 only.
    template <class Result = matrix<Eigen::half>, tensor_of<float> Tensor, class Arch = kernels::active_arch>
    Result to_half(const Tensor& x)
    {
        return detail::converted_half<Eigen::half, Arch, Result, float>(view_of(x));
    }

    /// Into existing storage of x's shape. Throws std::invalid_argument where the shapes differ.
    template <tensor_of<float> Tensor, writable_tensor_of<Eigen::bfloat16> Output, class Arch = kernels::active_arch>
    void to_bfloat16(const Tensor& x, Output&& bfloat16)
    {
        detail::convert_half<Eigen::bfloat16, Arch, float, Eigen::bfloat16>(view_of(x), view_of(bfloat16));
    }

    /// A new matrix, or the Eigen type that is asked for. Ranks 1 and 2 only.
    template <class Result = matrix<Eigen::bfloat16>, tensor_of<float> Tensor, class Arch = kernels::active_arch>
    Result to_bfloat16(const Tensor& x)
    {
        return detail::converted_half<Eigen::bfloat16, Arch, Result, float>(view_of(x));
    }

    /// From either format, exactly.
    template <half_tensor Tensor, writable_tensor_of<float> Output, class Arch = kernels::active_arch>
    void to_float(const Tensor& half, Output&& x)
    {
        using value = typename decltype(view_of(half))::value_type;
        detail::convert_half<value, Arch, value, float>(view_of(half), view_of(x));
    }

    /// A new matrix, or the Eigen type that is asked for. Ranks 1 and 2 only.
    template <class Result = matrix_f, half_tensor Tensor, class Arch = kernels::active_arch>
    Result to_float(const Tensor& half)
    {
        using value = typename decltype(view_of(half))::value_type;
        return detail::converted_half<value, Arch, Result, value>(view_of(half));
    }
}
