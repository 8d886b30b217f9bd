// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The largest value or the mean of windows over time (PyTorch's MaxPool1d, and AvgPool1d with its padding counted).
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/training/operation.hpp>

#include <Eigen/Core>

#include <algorithm>
#include <cstddef>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Of equal values the first is the largest, and gets the whole gradient; NaN is larger than all others.
    template <class Scalar>
    class pooling_layer_operation final : public operation<Scalar>
    {
    public:
        explicit pooling_layer_operation(pooling_operation pooling)
            : pooling_(pooling)
        {
        }

        void forward(const forward_piece<Scalar>& piece) const override
        {
            for (std::size_t i = 0; i < piece.output.samples; ++i)
            {
                const auto x = piece.inputs[0].sample(i);
                auto y = piece.output.sample(i);
                for (Eigen::Index t = 0; t < y.rows(); ++t)
                {
                    const window at = window_of(t, x.rows());
                    if (pooling_.function == pooling_function::mean)
                        y.row(t) = x.middleRows(at.begin, at.size()).colwise().sum() / divisor(x.rows());
                    else
                        for (Eigen::Index j = 0; j < y.cols(); ++j)
                            y(t, j) = x(largest(x, at, j), j);
                }
            }
        }

        void backward(const backward_piece<Scalar>& piece) const override
        {
            for (std::size_t i = 0; i < piece.output.samples && piece.d_inputs[0].data != nullptr; ++i)
            {
                const auto x = piece.inputs[0].sample(i), d_y = piece.d_output.sample(i);
                auto d_x = piece.d_inputs[0].sample(i);
                for (Eigen::Index t = 0; t < d_y.rows(); ++t)
                {
                    const window at = window_of(t, x.rows());
                    if (pooling_.function == pooling_function::mean)
                        d_x.middleRows(at.begin, at.size()).rowwise() += d_y.row(t) / divisor(x.rows());
                    else
                        for (Eigen::Index j = 0; j < d_y.cols(); ++j)
                            d_x(largest(x, at, j), j) += d_y(t, j);
                }
            }
        }

    private:
        /// Steps of the input, without padding.
        struct window
        {
            Eigen::Index begin, end;

            Eigen::Index size() const { return end - begin; }
        };

        window window_of(Eigen::Index t, Eigen::Index time) const
        {
            if (pooling_.kernel == 0)
                return { 0, time };
            const Eigen::Index begin =
                t * static_cast<Eigen::Index>(pooling_.stride) - static_cast<Eigen::Index>(pooling_.padding);
            return { std::max<Eigen::Index>(begin, 0),
                     std::min(begin + static_cast<Eigen::Index>(pooling_.kernel), time) };
        }

        Scalar divisor(Eigen::Index time) const
        {
            return static_cast<Scalar>(pooling_.kernel == 0 ? static_cast<std::size_t>(time) : pooling_.kernel);
        }

        static Eigen::Index largest(const const_rows<Scalar>& x, window at, Eigen::Index column)
        {
            Eigen::Index best = at.begin;
            for (Eigen::Index i = at.begin; i < at.end; ++i)
                if (x(i, column) > x(best, column)
                    || (x(i, column) != x(i, column) && x(best, column) == x(best, column)))
                    best = i;
            return best;
        }

        pooling_operation pooling_;
    };
}
