// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The fake-quantizers of weights: products read rounded values, whose gradients pass to the weights themselves.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/training/fake_quant_node.hpp>
#include <quantkit/training/fake_quantize.hpp>
#include <quantkit/training/operation.hpp>
#include <quantkit/training/parameter.hpp>

#include <concepts>
#include <cstddef>
#include <map>
#include <utility>
#include <vector>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Keyed by the index of the weight. Only networks of floats have any.
    template <class Scalar>
    class weight_quantizers
    {
    public:
        /// learned  indices of the parameters scale and zero_point, as far as they are learned
        void add(std::size_t weight, fake_quant_node& node, std::vector<std::size_t> learned)
        {
            quantizers_.try_emplace(weight, quantizer { &node, std::move(learned), {} });
        }

        bool contains(std::size_t weight) const { return quantizers_.contains(weight); }

        /// Rounds the weight as it is now.
        void refresh(std::size_t weight, basic_parameter_set<Scalar>& parameters, run_mode mode)
        {
            if constexpr (std::same_as<Scalar, float>)
            {
                quantizer& each = quantizers_.at(weight);
                std::vector<basic_parameter<float>*> learned;
                for (const std::size_t index : each.learned)
                    learned.push_back(&parameters[index]);
                const channel_layout layout = layout_of(parameters[weight].shape, each.node->settings().axis);
                const std::vector<float>& values = parameters[weight].values;
                each.node->update(values.data(), layout, mode == run_mode::training || !each.node->is_ready(), learned);
                each.rounded.resize(values.size());
                each.node->forward(values.data(), each.rounded.data(), layout);
            }
        }

        /// The weight as refresh() rounded it.
        const std::vector<Scalar>& rounded(std::size_t weight) const { return quantizers_.at(weight).rounded; }

        /// Adds to the gradients of the weight and of what is learned; d_rounded is the gradient by rounded().
        void backward(std::size_t weight, basic_parameter_set<Scalar>& parameters, const std::vector<Scalar>& d_rounded)
        {
            if constexpr (std::same_as<Scalar, float>)
            {
                const quantizer& each = quantizers_.at(weight);
                const auto gradient = [&](std::size_t i)
                { return i < each.learned.size() ? parameters[each.learned[i]].gradient.data() : nullptr; };
                basic_parameter<float>& whole = parameters[weight];
                each.node->backward({ whole.values.data(), each.rounded.data(), d_rounded.data() },
                                    whole.gradient.data(), layout_of(whole.shape, each.node->settings().axis),
                                    { gradient(0), gradient(1) });
            }
        }

    private:
        struct quantizer
        {
            fake_quant_node* node;
            std::vector<std::size_t> learned;
            std::vector<Scalar> rounded;
        };

        std::map<std::size_t, quantizer> quantizers_;
    };
}
