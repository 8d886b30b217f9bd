// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The names under which the library returns and accepts matrices. Every function that takes a tensor takes any Eigen
/// matrix as well (tensor/view.hpp); these are for results and for interfaces with one fixed type.
#pragma once

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

    /// A read-only argument: row-major matrices with contiguous rows are passed without a copy, others are copied.
    using matrix_ref = Eigen::Ref<const matrix_f, 0, Eigen::OuterStride<>>;
    /// A vector of floats that is contiguous, without a copy.
    using vector_ref = Eigen::Ref<const vector_f, 0, Eigen::InnerStride<1>>;
}
