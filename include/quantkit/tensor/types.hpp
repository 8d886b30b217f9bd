// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The names under which the library returns and accepts matrices. Every function that takes a tensor takes any Eigen
/// matrix as well (tensor/view.hpp); these are for results and for interfaces with one fixed type.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/tensor/view.hpp>

#include <Eigen/Core>

namespace quantkit
{
    /// Row-major, as weights [out_features, in_features] and activations [batch, features] are stored everywhere else.
    template <class Scalar>
    using matrix = Eigen::Matrix<Scalar, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    /// A column.
    template <class Scalar>
    using vector = Eigen::Matrix<Scalar, Eigen::Dynamic, 1>;

    /// Of floats.
    using matrix_f = matrix<float>;
    using vector_f = vector<float>;

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// A new Eigen matrix or vector of this shape. Throws std::invalid_argument where the type is of another, fixed
        /// shape or has no room.
        template <class Result>
        Result new_matrix(Eigen::Index rows, Eigen::Index columns)
        {
            const auto fits = [](Eigen::Index extent, Eigen::Index fixed, Eigen::Index largest)
            { return fixed == Eigen::Dynamic ? largest == Eigen::Dynamic || extent <= largest : extent == fixed; };
            require(fits(rows, Result::RowsAtCompileTime, Result::MaxRowsAtCompileTime)
                        && fits(columns, Result::ColsAtCompileTime, Result::MaxColsAtCompileTime),
                    "a result of shape [", rows, ", ", columns, "] does not fit its Eigen type, which holds [",
                    int { Result::MaxRowsAtCompileTime }, ", ", int { Result::MaxColsAtCompileTime },
                    "] (-1: any number)");
            Result x;
            x.resize(rows, columns);
            return x;
        }
    }

    /// A read-only argument: row-major matrices with contiguous rows are passed without a copy, others are copied.
    using matrix_ref = Eigen::Ref<const matrix_f, 0, Eigen::OuterStride<>>;
    /// A vector of floats that is contiguous, without a copy.
    using vector_ref = Eigen::Ref<const vector_f, 0, Eigen::InnerStride<1>>;
}
