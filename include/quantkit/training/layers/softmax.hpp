// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Softmax of rows, and its gradient.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/training/operation.hpp>

#include <Eigen/Core>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// y = exp(factor x) / sum(exp(factor x)) of each row, without overflow; y may be x.
    template <class Input, class Output>
    void softmax_forward(const Input& x, typename Input::Scalar factor, Output&& y)
    {
        for (Eigen::Index i = 0; i < x.rows(); ++i)
        {
            const auto largest = x.row(i).maxCoeff();
            y.row(i) = ((x.row(i).array() - largest) * factor).exp();
            y.row(i) /= y.row(i).sum();
        }
    }

    /// d_x += y (dy - sum(dy y)) of each row, of factor 1.
    template <class Result, class Gradient, class InputGradient>
    void softmax_backward(const Result& y, const Gradient& d_y, InputGradient&& d_x)
    {
        for (Eigen::Index i = 0; i < y.rows(); ++i)
            d_x.row(i).array() += y.row(i).array() * (d_y.row(i).array() - d_y.row(i).dot(y.row(i)));
    }

    /// Over the features of each row.
    template <class Scalar>
    class softmax_layer_operation final : public operation<Scalar>
    {
    public:
        void forward(const forward_piece<Scalar>& piece) const override
        {
            softmax_forward(piece.inputs[0].rows(), Scalar { 1 }, piece.output.rows());
        }

        void backward(const backward_piece<Scalar>& piece) const override
        {
            if (piece.d_inputs[0].data != nullptr)
                softmax_backward(piece.output.rows(), piece.d_output.rows(), piece.d_inputs[0].rows());
        }
    };
}
