// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Eigen::Tensor, TensorFixedSize, TensorMap and a TensorRef to one of them as views: any rank, both layouts, no copy.
///
/// They are recognised by their members, so that this header does not include <unsupported/Eigen/CXX11/Tensor>, which
/// doubles the compile time of a program without tensors.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>

#include <concepts>
#include <cstddef>
#include <type_traits>

namespace quantkit
{
    namespace detail
    {
        template <class Tensor>
        concept eigen_tensor = requires(Tensor& tensor)
        {
            typename Tensor::Scalar;
            typename Tensor::Index;
            typename Tensor::Dimensions;
            Tensor::Layout;
            Tensor::Dimensions::count;
            tensor.dimensions();
            tensor.data();
        };

        template <class Tensor>
        concept owning_eigen_tensor = eigen_tensor<Tensor> && requires(Tensor& tensor)
        {
            tensor.resize(tensor.dimensions());
        };

        /// Eigen's dimensions are indexed by a signed or an unsigned number, depending on their type.
        struct any_index
        {
            std::size_t value = 0;

            template <std::integral Index>
            QUANTKIT_INLINE operator Index() const
            {
                return static_cast<Index>(value);
            }
        };

        template <class Tensor>
        QUANTKIT_INLINE auto view_of_eigen_tensor(Tensor& tensor)
        {
            tensor_shape shape;
            for (std::size_t axis = 0; axis < static_cast<std::size_t>(Tensor::Dimensions::count); ++axis)
                shape.push_back(static_cast<std::ptrdiff_t>(tensor.dimensions()[any_index { axis }]));
            constexpr bool is_row_major = static_cast<int>(Tensor::Layout) == 1;
            using element = std::remove_pointer_t<decltype(tensor.data())>;
            require(tensor.data() != nullptr || element_count(shape) == 0,
                    "an Eigen::TensorRef to an expression of shape ", shape, " has no storage: evaluate it first");
            return tensor_view<element>(tensor.data(), shape,
                                        is_row_major ? row_major_strides(shape) : column_major_strides(shape));
        }
    }

    template <detail::eigen_tensor Tensor>
    struct tensor_traits<Tensor>
    {
        QUANTKIT_INLINE static auto view(Tensor& tensor) { return detail::view_of_eigen_tensor(tensor); }
        QUANTKIT_INLINE static auto view(const Tensor& tensor) { return detail::view_of_eigen_tensor(tensor); }

        static Tensor like(const Tensor& tensor) requires detail::owning_eigen_tensor<Tensor>
        {
            return Tensor(tensor.dimensions());
        }
    };
}
