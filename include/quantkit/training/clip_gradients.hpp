// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Bounds gradients before a step: their common norm, or each of their values.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/training/optimizer.hpp>

#include <cmath>
#include <span>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The Euclidean norm of all gradients together; sums are in double, in order.
    inline double gradient_norm(std::span<const std::span<float>> gradients)
    {
        double squares = 0;
        for (const std::span<float> gradient : gradients)
            for (const float value : gradient)
                squares += static_cast<double>(value) * static_cast<double>(value);
        return std::sqrt(squares);
    }

    /// Multiplies all gradients with min(1, max_norm / (norm + 1e-6)), PyTorch's clip_grad_norm_; returns the norm that
    /// they had. Throws for gradients whose norm is infinite or NaN: training has diverged.
    inline double clip_by_norm(std::span<const std::span<float>> gradients, double max_norm)
    {
        require(max_norm > 0, "gradients cannot be clipped to the norm ", max_norm);
        const double norm = gradient_norm(gradients);
        require(std::isfinite(norm), "the gradients have the norm ", norm, ": training has diverged");
        const double factor = max_norm / (norm + 1e-6);
        if (factor < 1)
            for (const std::span<float> gradient : gradients)
                detail::array_of(gradient) *= static_cast<float>(factor);
        return norm;
    }

    /// Clamps each value to [-bound, bound]; NaN stays NaN.
    inline void clip_by_value(std::span<const std::span<float>> gradients, float bound)
    {
        require(bound > 0, "gradients cannot be clipped to the value ", bound);
        for (const std::span<float> gradient : gradients)
            for (float& value : gradient)
                value = value > bound ? bound : value < -bound ? -bound : value;
    }
}
