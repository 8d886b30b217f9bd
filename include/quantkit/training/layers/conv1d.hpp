// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Cross-correlation over time (PyTorch's Conv1d) as a product of windows with the weight, and its gradients.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/training/layers/linear.hpp>
#include <quantkit/training/operation.hpp>

#include <cstddef>
#include <utility>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Parameters: weight [out_channels, in_channels, kernel], and bias [out_channels] if it has one.
    ///
    /// A window lies in memory as a row of the weight does: [in_channels, kernel].
    template <class Scalar>
    class conv1d_layer_operation final : public operation<Scalar>
    {
    public:
        explicit conv1d_layer_operation(conv1d_operation conv)
            : conv_(std::move(conv))
        {
        }

        void forward(const forward_piece<Scalar>& piece) const override
        {
            const matrix<Scalar> rows = windows(piece.inputs[0], piece.output.shape.time);
            linear_forward<Scalar>(map(rows), weight(piece.parameters[0]), has_bias() ? piece.parameters[1] : nullptr,
                                   piece.output.rows());
        }

        void backward(const backward_piece<Scalar>& piece) const override
        {
            const std::size_t steps = piece.output.shape.time;
            const matrix<Scalar> rows = windows(piece.inputs[0], steps);
            const value_piece<Scalar>& d_x = piece.d_inputs[0];
            matrix<Scalar> d_rows;
            if (d_x.data != nullptr)
                d_rows.setZero(rows.rows(), rows.cols());
            linear_backward<Scalar>(map(rows), weight(piece.parameters[0]), piece.d_output.rows(),
                                    { piece.d_parameters[0], has_bias() ? piece.d_parameters[1] : nullptr,
                                      d_x.data == nullptr ? nullptr : d_rows.data() });
            if (d_x.data != nullptr)
                for_each_tap(d_x, steps,
                             [&](Eigen::Index row, Eigen::Index column, std::size_t from)
                             { d_x.data[from] += d_rows(row, column); });
        }

    private:
        bool has_bias() const { return !conv_.weights.bias.empty(); }

        static const_rows<Scalar> map(const matrix<Scalar>& rows) { return { rows.data(), rows.rows(), rows.cols() }; }

        const_rows<Scalar> weight(const Scalar* values) const
        {
            return { values, static_cast<Eigen::Index>(conv_.out_channels),
                     static_cast<Eigen::Index>(conv_.in_channels * conv_.kernel) };
        }

        /// [samples * steps, in_channels * kernel]
        matrix<Scalar> windows(const value_piece<const Scalar>& x, std::size_t steps) const
        {
            matrix<Scalar> rows = matrix<Scalar>::Zero(static_cast<Eigen::Index>(x.samples * steps),
                                                       static_cast<Eigen::Index>(conv_.in_channels * conv_.kernel));
            for_each_tap(x, steps,
                         [&](Eigen::Index row, Eigen::Index column, std::size_t from)
                         { rows(row, column) = x.data[from]; });
            return rows;
        }

        /// use(row, column, from) for each number of each window that is no padding; from is its index in x.
        template <class Element, class Use>
        void for_each_tap(const value_piece<Element>& x, std::size_t steps, Use use) const
        {
            const auto time = static_cast<std::ptrdiff_t>(x.shape.time);
            for (std::size_t sample = 0; sample < x.samples; ++sample)
                for (std::size_t t = 0; t < steps; ++t)
                    for (std::size_t k = 0; k < conv_.kernel; ++k)
                    {
                        auto step = static_cast<std::ptrdiff_t>(t * conv_.stride + k * conv_.dilation)
                                    - static_cast<std::ptrdiff_t>(conv_.padding);
                        if (conv_.mode == padding_mode::circular)
                            step = (step + time) % time;
                        if (step < 0 || step >= time)
                            continue;
                        const std::size_t from =
                            (sample * x.shape.time + static_cast<std::size_t>(step)) * conv_.in_channels;
                        for (std::size_t channel = 0; channel < conv_.in_channels; ++channel)
                            use(static_cast<Eigen::Index>(sample * steps + t),
                                static_cast<Eigen::Index>(channel * conv_.kernel + k), from + channel);
                    }
        }

        conv1d_operation conv_;
    };
}
