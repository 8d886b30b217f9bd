// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// y = x W^T + b and its gradients.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/training/operation.hpp>

#include <Eigen/Core>

#include <cstddef>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// x [rows, in], weight [out, in], bias [out] or null, y [rows, out]
    template <class Scalar>
    void linear_forward(const const_rows<Scalar>& x, const const_rows<Scalar>& weight, const Scalar* bias,
                        mutable_rows<Scalar> y)
    {
        y.noalias() = x * weight.transpose();
        if (bias != nullptr)
            y.rowwise() += Eigen::Map<const Eigen::Matrix<Scalar, 1, Eigen::Dynamic>>(bias, y.cols());
    }

    /// Where linear_backward adds to: dW += dy^T x, db += the sum of dy's rows, dx += dy W. Any of them may be null.
    template <class Scalar>
    struct linear_gradients
    {
        Scalar* weight = nullptr;
        Scalar* bias = nullptr;
        Scalar* x = nullptr;
    };

    /// Shapes as in linear_forward; d_y [rows, out]
    template <class Scalar>
    void linear_backward(const const_rows<Scalar>& x, const const_rows<Scalar>& weight, const const_rows<Scalar>& d_y,
                         const linear_gradients<Scalar>& gradients)
    {
        if (gradients.weight != nullptr)
            mutable_rows<Scalar>(gradients.weight, weight.rows(), weight.cols()).noalias() += d_y.transpose() * x;
        if (gradients.bias != nullptr)
        {
            Eigen::Map<Eigen::Matrix<Scalar, 1, Eigen::Dynamic>> d_bias(gradients.bias, d_y.cols());
            for (Eigen::Index i = 0; i < d_y.rows(); ++i)
                d_bias += d_y.row(i);
        }
        if (gradients.x != nullptr)
            mutable_rows<Scalar>(gradients.x, x.rows(), x.cols()).noalias() += d_y * weight;
    }

    /// Parameters: weight [out, in], and bias [out] if it has one.
    template <class Scalar>
    class linear_layer_operation final : public operation<Scalar>
    {
    public:
        linear_layer_operation(std::size_t in_features, std::size_t out_features, bool has_bias)
            : in_(static_cast<Eigen::Index>(in_features))
            , out_(static_cast<Eigen::Index>(out_features))
            , has_bias_(has_bias)
        {
        }

        void forward(const forward_piece<Scalar>& piece) const override
        {
            linear_forward<Scalar>(piece.inputs[0].rows(), weight(piece.parameters[0]),
                                   has_bias_ ? piece.parameters[1] : nullptr, piece.output.rows());
        }

        void backward(const backward_piece<Scalar>& piece) const override
        {
            linear_backward<Scalar>(
                piece.inputs[0].rows(), weight(piece.parameters[0]), piece.d_output.rows(),
                { piece.d_parameters[0], has_bias_ ? piece.d_parameters[1] : nullptr, piece.d_inputs[0].data });
        }

    private:
        const_rows<Scalar> weight(const Scalar* values) const { return { values, out_, in_ }; }

        Eigen::Index in_, out_;
        bool has_bias_;
    };
}
