// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Schedules: the learning rate of each step.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <cmath>
#include <cstddef>
#include <functional>
#include <numbers>
#include <utility>

namespace quantkit::training
{
    /// The rate of step 0, 1, 2, ...
    using learning_rate = std::function<double(std::size_t)>;
}

namespace quantkit::training::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline void check_rate(double rate)
    {
        require(rate >= 0 && std::isfinite(rate), "a learning rate is finite and not negative, but is ", rate);
    }
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The same rate in each step. Throws unless it is finite and not negative.
    inline learning_rate constant_rate(double rate)
    {
        detail::check_rate(rate);
        return [rate](std::size_t) { return rate; };
    }

    /// rate * factor^floor(step / every), PyTorch's StepLR.
    inline learning_rate step_rate(double rate, std::size_t every, double factor = 0.1)
    {
        detail::check_rate(rate);
        require(every > 0, "a learning rate cannot fall every 0 steps");
        return [=](std::size_t step)
        {
            const std::size_t falls = step / every;
            return rate * std::pow(factor, static_cast<double>(falls));
        };
    }

    /// last + (rate - last) * (1 + cos(pi * step / steps)) / 2; from `steps` on, `last`.
    ///
    /// source  Loshchilov, Hutter 2016, arXiv:1608.03983, equation 5 (PyTorch's CosineAnnealingLR)
    inline learning_rate cosine_rate(double rate, std::size_t steps, double last = 0)
    {
        detail::check_rate(rate);
        detail::check_rate(last);
        require(steps > 0, "a learning rate cannot fall over 0 steps");
        return [=](std::size_t step)
        {
            if (step >= steps)
                return last;
            const double share = static_cast<double>(step) / static_cast<double>(steps);
            return last + (rate - last) * (1 + std::cos(std::numbers::pi * share)) / 2;
        };
    }

    /// The schedule `then`, which begins after `steps` steps that rise in a line from `first` times its first rate to
    /// that rate.
    inline learning_rate with_warm_up(std::size_t steps, learning_rate then, double first = 0)
    {
        require(first >= 0 && first <= 1, "a warm-up begins with a share in [0, 1] of the rate, not ", first);
        return [steps, first, then = std::move(then)](std::size_t step)
        {
            if (step >= steps)
                return then(step - steps);
            const double share = static_cast<double>(step) / static_cast<double>(steps);
            return (first + (1 - first) * share) * then(0);
        };
    }
}
