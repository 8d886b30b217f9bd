// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What gradients say about rounding a layer's weights, without running the rounded layer.
///
/// Rounding changes the weights by d and, to first order, the outputs by J d. With random signs u and g = J^T u, the
/// gradient of u . outputs, E[g g^T] = J^T J: the curvature of a squared error of the outputs (Gauss and Newton) and,
/// for outputs with Gaussian noise, Fisher's information. Each score is an estimate of |J d|^2 from g.
#pragma once

#include <quantkit/core/config.hpp>

#include <concepts>
#include <cstddef>
#include <span>
#include <string_view>

namespace quantkit
{
    /// name()                    for results
    /// score(gradient, change)   of one weight, both [elements]; 0 where nothing changes
    template <class Score>
    concept gradient_score = requires(const Score& score, std::span<const float> values)
    {
        {
            score.name()
            } -> std::convertible_to<std::string_view>;
        {
            score(values, values)
            } -> std::same_as<double>;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// sum of g^2 d^2: the diagonal of Fisher's information, which takes roundings to be independent. The steadiest of
    /// the three. source: LeCun et al. 1989, Optimal brain damage.
    struct fisher_diagonal
    {
        std::string_view name() const { return "Fisher diagonal"; }

        double operator()(std::span<const float> gradient, std::span<const float> change) const
        {
            double sum = 0.0;
            for (std::size_t i = 0; i < gradient.size(); ++i)
            {
                const double product = static_cast<double>(gradient[i]) * static_cast<double>(change[i]);
                sum += product * product;
            }
            return sum;
        }
    };

    /// (sum of g^2 / n) (sum of d^2): Hutchinson's estimate of the trace of J^T J for the mean eigenvalue, times the
    /// size of the change. source: Dong et al. 2020, HAWQ-V2, arXiv:1911.03852.
    struct hessian_trace
    {
        std::string_view name() const { return "Hessian trace"; }

        double operator()(std::span<const float> gradient, std::span<const float> change) const
        {
            double gradients = 0.0, changes = 0.0;
            for (std::size_t i = 0; i < gradient.size(); ++i)
            {
                gradients += static_cast<double>(gradient[i]) * static_cast<double>(gradient[i]);
                changes += static_cast<double>(change[i]) * static_cast<double>(change[i]);
            }
            return gradient.empty() ? 0.0 : gradients * changes / static_cast<double>(gradient.size());
        }
    };

    /// (sum of g d)^2: right on average whatever the roundings have in common, and the least steady.
    struct squared_taylor
    {
        std::string_view name() const { return "squared Taylor term"; }

        double operator()(std::span<const float> gradient, std::span<const float> change) const
        {
            double sum = 0.0;
            for (std::size_t i = 0; i < gradient.size(); ++i)
                sum += static_cast<double>(gradient[i]) * static_cast<double>(change[i]);
            return sum * sum;
        }
    };
    static_assert(gradient_score<fisher_diagonal> && gradient_score<hessian_trace> && gradient_score<squared_taylor>);
}
