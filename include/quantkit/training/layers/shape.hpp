// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Operations that compute nothing: sums of two values, the same numbers in another shape, the last time step.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/training/operation.hpp>

#include <algorithm>
#include <cstddef>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// y = a + b; either gets all of dy.
    template <class Scalar>
    class add_layer_operation final : public operation<Scalar>
    {
    public:
        void forward(const forward_piece<Scalar>& piece) const override
        {
            piece.output.rows() = piece.inputs[0].rows() + piece.inputs[1].rows();
        }

        void backward(const backward_piece<Scalar>& piece) const override
        {
            for (const value_piece<Scalar>& d_input : piece.d_inputs)
                if (d_input.data != nullptr)
                    d_input.rows() += piece.d_output.rows();
        }
    };

    /// The numbers of a sample one after the other, in another shape of the same size.
    template <class Scalar>
    class reshape_layer_operation final : public operation<Scalar>
    {
    public:
        void forward(const forward_piece<Scalar>& piece) const override
        {
            std::copy_n(piece.inputs[0].data, piece.output.size(), piece.output.data);
        }

        void backward(const backward_piece<Scalar>& piece) const override
        {
            const value_piece<Scalar>& d_x = piece.d_inputs[0];
            if (d_x.data != nullptr)
                d_x.rows() += const_rows<Scalar>(piece.d_output.data, d_x.rows().rows(), d_x.rows().cols());
        }
    };

    /// [time, features] -> [1, features]: the last row of each sample.
    template <class Scalar>
    class last_step_operation final : public operation<Scalar>
    {
    public:
        void forward(const forward_piece<Scalar>& piece) const override
        {
            for (std::size_t i = 0; i < piece.output.samples; ++i)
                piece.output.sample(i) = piece.inputs[0].sample(i).bottomRows(1);
        }

        void backward(const backward_piece<Scalar>& piece) const override
        {
            if (piece.d_inputs[0].data == nullptr)
                return;
            for (std::size_t i = 0; i < piece.output.samples; ++i)
                piece.d_inputs[0].sample(i).bottomRows(1) += piece.d_output.sample(i);
        }
    };
}
