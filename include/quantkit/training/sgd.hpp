// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Stochastic gradient descent with momentum.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/training/optimizer.hpp>

#include <cstddef>
#include <span>
#include <vector>

namespace quantkit::training
{
    /// The names of torch.optim.SGD.
    struct sgd_options
    {
        double momentum = 0.0, dampening = 0.0, weight_decay = 0.0;
        bool nesterov = false;
    };
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// As torch.optim.SGD:
    ///
    ///     d = gradient + weight_decay * value
    ///     v = momentum * v + (1 - dampening) * d      v = d in a parameter's first step
    ///     value -= rate * v                           nesterov: rate * (d + momentum * v)
    ///
    /// source  Sutskever et al. 2013, "On the importance of initialization and momentum in deep learning", with
    ///         PyTorch's placing of the rate
    class sgd
    {
    public:
        explicit sgd(const sgd_options& options = {})
            : options_(options)
        {
            require(options.momentum >= 0 && options.weight_decay >= 0,
                    "momentum and weight decay cannot be negative, but are ", options.momentum, " and ",
                    options.weight_decay);
            require(!options.nesterov || (options.momentum > 0 && options.dampening == 0),
                    "Nesterov's momentum needs a momentum and no dampening, not ", options.momentum, " and ",
                    options.dampening);
        }

        /// One step of parameter index; called once for each parameter in each step. Throws unless the sizes agree.
        void update(std::size_t index, std::span<float> values, std::span<const float> gradient, double rate)
        {
            detail::check_update(index, values, gradient);
            auto value = detail::array_of(values);
            const auto decay = static_cast<float>(options_.weight_decay), step = static_cast<float>(rate);
            const auto direction = detail::array_of(gradient) + decay * value;
            if (options_.momentum == 0)
            {
                value -= step * direction;
                return;
            }
            const auto momentum = static_cast<float>(options_.momentum);
            detail::array_f& velocity = detail::state_of(velocities_, index);
            const detail::array_f d = direction;
            if (velocity.size() == 0)
                velocity = d;
            else
                velocity = momentum * velocity + static_cast<float>(1 - options_.dampening) * d;
            if (options_.nesterov)
                value -= step * (d + momentum * velocity);
            else
                value -= step * velocity;
        }

    private:
        sgd_options options_;
        std::vector<detail::array_f> velocities_;
    };
    static_assert(optimizer<sgd>);
}
