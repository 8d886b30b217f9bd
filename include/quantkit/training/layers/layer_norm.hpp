// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Normalization of each row (Ba et al. 2016, arXiv:1607.06450), and its gradients.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/training/operation.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstddef>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// y = z weight + bias, z = (x - mean) / sqrt(variance + eps), the variance biased. NaN makes its row NaN.
    ///
    /// Parameters: weight [features], and bias [features] if it has one.
    template <class Scalar>
    class layer_norm_layer_operation final : public operation<Scalar>
    {
    public:
        layer_norm_layer_operation(float eps, bool has_bias)
            : eps_(static_cast<Scalar>(eps))
            , has_bias_(has_bias)
        {
        }

        void forward(const forward_piece<Scalar>& piece) const override
        {
            const auto x = piece.inputs[0].rows();
            auto y = piece.output.rows();
            for (Eigen::Index i = 0; i < x.rows(); ++i)
            {
                y.row(i) = normalized(x.row(i)).z.cwiseProduct(row_of(piece.parameters[0], x.cols()));
                if (has_bias_)
                    y.row(i) += row_of(piece.parameters[1], x.cols());
            }
        }

        /// dx = (dz - mean(dz) - z mean(dz z)) / sqrt(variance + eps), dz = dy weight
        void backward(const backward_piece<Scalar>& piece) const override
        {
            const auto x = piece.inputs[0].rows(), d_y = piece.d_output.rows();
            const auto weight = row_of(piece.parameters[0], x.cols());
            for (Eigen::Index i = 0; i < x.rows(); ++i)
            {
                const normalized_row at = normalized(x.row(i));
                sum_row(piece.d_parameters[0], x.cols()) += d_y.row(i).cwiseProduct(at.z);
                if (has_bias_)
                    sum_row(piece.d_parameters[1], x.cols()) += d_y.row(i);
                if (piece.d_inputs[0].data == nullptr)
                    continue;
                const row d_z = d_y.row(i).cwiseProduct(weight);
                const Scalar mean = d_z.mean(), along_z = d_z.dot(at.z) / static_cast<Scalar>(x.cols());
                piece.d_inputs[0].rows().row(i) +=
                    at.inverse_deviation * ((d_z.array() - mean) - along_z * at.z.array()).matrix();
            }
        }

    private:
        using row = Eigen::Matrix<Scalar, 1, Eigen::Dynamic>;

        struct normalized_row
        {
            row z;
            Scalar inverse_deviation;
        };

        normalized_row normalized(const Eigen::Ref<const row>& x) const
        {
            row centred = x.array() - x.mean();
            const Scalar variance = centred.squaredNorm() / static_cast<Scalar>(x.size());
            const Scalar inverse_deviation = 1 / std::sqrt(variance + eps_);
            return { centred * inverse_deviation, inverse_deviation };
        }

        static Eigen::Map<const row> row_of(const Scalar* values, Eigen::Index count) { return { values, count }; }
        static Eigen::Map<row> sum_row(Scalar* values, Eigen::Index count) { return { values, count }; }

        Scalar eps_;
        bool has_bias_;
    };
}
