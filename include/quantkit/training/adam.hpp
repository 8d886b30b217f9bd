// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Adam, and AdamW, which decays weights apart from their gradients.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/training/optimizer.hpp>

#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace quantkit::training
{
    /// Where the decay acts.
    enum class weight_decay_kind
    {
        l2,       ///< Adam: weight_decay * value is a part of the gradient
        decoupled ///< AdamW: values shrink by rate * weight_decay first
    };

    /// The names of the paper, Kingma, Ba 2014, arXiv:1412.6980; decay says where weight_decay acts.
    struct adam_options
    {
        double beta1 = 0.9, beta2 = 0.999, eps = 1e-8, weight_decay = 0.0;
        weight_decay_kind decay = weight_decay_kind::l2;
    };

    /// torch.optim.AdamW's defaults.
    inline constexpr adam_options adamw { .weight_decay = 1e-2, .decay = weight_decay_kind::decoupled };
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// As torch.optim.Adam and AdamW, t being a parameter's own count of steps:
    ///
    ///     m = beta1 * m + (1 - beta1) * g,   s = beta2 * s + (1 - beta2) * g^2
    ///     value -= rate / (1 - beta1^t) * m / (sqrt(s) / sqrt(1 - beta2^t) + eps)
    ///
    /// source  Kingma, Ba 2014, arXiv:1412.6980; Loshchilov, Hutter 2017, arXiv:1711.05101
    class adam
    {
    public:
        explicit adam(const adam_options& options = {})
            : options_(options)
        {
            require(options.beta1 >= 0 && options.beta1 < 1 && options.beta2 >= 0 && options.beta2 < 1,
                    "Adam's betas lie in [0, 1), but are ", options.beta1, " and ", options.beta2);
            require(options.eps >= 0 && options.weight_decay >= 0, "eps and weight decay cannot be negative, but are ",
                    options.eps, " and ", options.weight_decay);
        }

        /// One step of parameter index; called once for each parameter in each step. Throws unless the sizes agree.
        void update(std::size_t index, std::span<float> values, std::span<const float> gradient, double rate)
        {
            detail::check_update(index, values, gradient);
            moments& of = detail::state_of(moments_, index);
            const auto count = static_cast<Eigen::Index>(values.size());
            if (of.steps == 0)
                of = { detail::array_f::Zero(count), detail::array_f::Zero(count), 0 };
            ++of.steps;

            auto value = detail::array_of(values);
            const auto decay = static_cast<float>(options_.weight_decay);
            if (options_.decay == weight_decay_kind::decoupled)
            {
                value *= static_cast<float>(1 - rate * options_.weight_decay);
                follow(of, detail::array_of(gradient));
            }
            else
                follow(of, detail::array_of(gradient) + decay * value);
            descend(value, of, rate);
        }

    private:
        struct moments
        {
            detail::array_f mean, square;
            std::size_t steps = 0;
        };

        template <class Gradient>
        void follow(moments& of, const Gradient& gradient) const
        {
            of.mean = static_cast<float>(options_.beta1) * of.mean + static_cast<float>(1 - options_.beta1) * gradient;
            of.square = static_cast<float>(options_.beta2) * of.square
                        + static_cast<float>(1 - options_.beta2) * gradient.square();
        }

        void descend(Eigen::Map<detail::array_f>& value, const moments& of, double rate) const
        {
            const auto steps = static_cast<double>(of.steps);
            const auto step = static_cast<float>(rate / (1 - std::pow(options_.beta1, steps)));
            const auto root = static_cast<float>(std::sqrt(1 - std::pow(options_.beta2, steps)));
            value -= step * of.mean / (of.square.sqrt() / root + static_cast<float>(options_.eps));
        }

        adam_options options_;
        std::vector<moments> moments_;
    };
    static_assert(optimizer<adam>);
}
