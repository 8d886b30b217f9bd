// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Losses as PyTorch defines them with reduction='mean': their value, summed in double in the order of the rows, and
/// their gradient by what the network returns.
///
/// NaN and infinite predictions give a NaN or infinite value; targets are checked.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/tensor/types.hpp>

#include <Eigen/Core>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// gradient  of the shape of the predictions
    template <class Scalar>
    struct loss_result
    {
        double value = 0.0; ///< mean over the batch
        matrix<Scalar> gradient;
    };
}

namespace quantkit::training::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline void check_labels(std::span<const std::int32_t> labels, Eigen::Index rows, Eigen::Index classes)
    {
        require(rows > 0 && classes > 0, "a loss needs predictions, but has ", rows, " x ", classes);
        require(static_cast<Eigen::Index>(labels.size()) == rows, rows, " rows of logits have ", labels.size(),
                " labels");
        for (std::size_t i = 0; i < labels.size(); ++i)
            require(labels[i] >= 0 && labels[i] < classes, "label ", i, " is ", labels[i], ", but there are ", classes,
                    " classes");
    }

    template <class Predictions, class Targets>
    void check_targets(const Predictions& y, const Targets& targets)
    {
        require(y.size() > 0, "a loss needs predictions, but has ", y.rows(), " x ", y.cols());
        require(y.rows() == targets.rows() && y.cols() == targets.cols(), "predictions [", y.rows(), ", ", y.cols(),
                "] have targets [", targets.rows(), ", ", targets.cols(), "]");
    }
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// -log softmax(logits[i])[labels[i]], mean over the rows i.
    ///
    /// logits  [rows, classes]; the largest of a row is subtracted first, so that none overflows
    /// labels  [rows], in [0, classes), else throws with the label
    template <class Derived>
    auto softmax_cross_entropy(const Eigen::MatrixBase<Derived>& logits, std::span<const std::int32_t> labels)
    {
        using scalar = typename Derived::Scalar;
        detail::check_labels(labels, logits.rows(), logits.cols());
        const double rows = static_cast<double>(logits.rows());
        loss_result<scalar> loss { 0.0, matrix<scalar>(logits.rows(), logits.cols()) };
        for (Eigen::Index i = 0; i < logits.rows(); ++i)
        {
            const Eigen::Index label = labels[static_cast<std::size_t>(i)];
            const double largest = static_cast<double>(logits.row(i).template maxCoeff<Eigen::PropagateNaN>());
            double sum = 0.0;
            for (Eigen::Index j = 0; j < logits.cols(); ++j)
                sum += std::exp(static_cast<double>(logits(i, j)) - largest);
            loss.value += (std::log(sum) - (static_cast<double>(logits(i, label)) - largest)) / rows;
            for (Eigen::Index j = 0; j < logits.cols(); ++j)
            {
                const double probability = std::exp(static_cast<double>(logits(i, j)) - largest) / sum;
                loss.gradient(i, j) = static_cast<scalar>((probability - (j == label ? 1.0 : 0.0)) / rows);
            }
        }
        return loss;
    }

    /// (y - target)^2, mean over all elements.
    template <class Derived, class Targets>
    auto mean_squared_error(const Eigen::MatrixBase<Derived>& y, const Eigen::MatrixBase<Targets>& targets)
    {
        using scalar = typename Derived::Scalar;
        detail::check_targets(y, targets);
        const double count = static_cast<double>(y.size());
        loss_result<scalar> loss { 0.0, matrix<scalar>(y.rows(), y.cols()) };
        for (Eigen::Index i = 0; i < y.rows(); ++i)
            for (Eigen::Index j = 0; j < y.cols(); ++j)
            {
                const double error = static_cast<double>(y(i, j)) - static_cast<double>(targets(i, j));
                loss.value += error * error / count;
                loss.gradient(i, j) = static_cast<scalar>(2.0 * error / count);
            }
        return loss;
    }

    /// -t log(p) - (1 - t) log(1 - p), p = sigmoid(logit), mean over all elements; computed as
    /// max(logit, 0) - logit t + log(1 + exp(-|logit|)).
    ///
    /// targets  in [0, 1], else throws with the target
    template <class Derived, class Targets>
    auto binary_cross_entropy(const Eigen::MatrixBase<Derived>& logits, const Eigen::MatrixBase<Targets>& targets)
    {
        using scalar = typename Derived::Scalar;
        detail::check_targets(logits, targets);
        const double count = static_cast<double>(logits.size());
        loss_result<scalar> loss { 0.0, matrix<scalar>(logits.rows(), logits.cols()) };
        for (Eigen::Index i = 0; i < logits.rows(); ++i)
            for (Eigen::Index j = 0; j < logits.cols(); ++j)
            {
                const auto x = static_cast<double>(logits(i, j)), t = static_cast<double>(targets(i, j));
                require(t >= 0.0 && t <= 1.0, "target [", i, ", ", j, "] is ", t, ", but must lie in [0, 1]");
                const double power = std::exp(-std::abs(x));
                const double probability = (x < 0.0 ? power : 1.0) / (1.0 + power);
                loss.value += ((x < 0.0 ? 0.0 : x) - x * t + std::log1p(power)) / count;
                loss.gradient(i, j) = static_cast<scalar>((probability - t) / count);
            }
        return loss;
    }
}
