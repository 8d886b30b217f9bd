// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Eigen's matrices, arrays, maps, refs, blocks and transposes as views: any storage order, any strides, no copy.
///
/// What is a vector at compile time has rank 1, everything else rank 2. An expression without memory of its own, such
/// as a * b, does not compile: write (a * b).eval(), so that the reader sees the temporary.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/tensor/eigen_tensor_view.hpp>

#include <Eigen/Core>

#include <type_traits>

namespace quantkit
{
    namespace detail
    {
        template <class Derived>
        void accepts_dense(const Eigen::DenseBase<Derived>&);

        template <class Dense>
        concept eigen_dense = requires(const Dense& dense)
        {
            accepts_dense(dense);
        };

        template <class Dense>
        inline constexpr bool has_memory = (static_cast<int>(Dense::Flags) & Eigen::DirectAccessBit) != 0;

        template <class Dense>
        QUANTKIT_INLINE auto view_of_eigen_dense(Dense& dense)
        {
            static_assert(has_memory<std::remove_const_t<Dense>>,
                          "this Eigen expression has no memory to view: evaluate it first, e.g. (a * b).eval()");
            if constexpr (!has_memory<std::remove_const_t<Dense>>)
                return tensor_view<const typename Dense::Scalar>();
            else if constexpr (Dense::IsVectorAtCompileTime)
                return tensor_view(dense.data(), { dense.size() }, { dense.innerStride() });
            else
                return tensor_view(dense.data(), dense.rows(), dense.cols(), dense.rowStride(), dense.colStride());
        }
    }

    template <detail::eigen_dense Dense>
    struct tensor_traits<Dense>
    {
        /// The matrix or array that holds values of its own.
        using plain_type = typename Dense::PlainObject;

        QUANTKIT_INLINE static auto view(Dense& dense) { return detail::view_of_eigen_dense(dense); }
        QUANTKIT_INLINE static auto view(const Dense& dense) { return detail::view_of_eigen_dense(dense); }
        static plain_type like(const Dense& dense) { return plain_type(dense.rows(), dense.cols()); }
    };
}
