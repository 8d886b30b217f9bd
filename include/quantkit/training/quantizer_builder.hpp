// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From the points of a plan to fake-quantizers in a graph.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/training/fake_quant_node.hpp>
#include <quantkit/training/fake_quant_plan.hpp>
#include <quantkit/training/fake_quantize.hpp>
#include <quantkit/training/graph.hpp>
#include <quantkit/training/parameter.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace quantkit::training::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Puts fake-quantizers where a plan says so.
    template <class Scalar>
    class quantizer_builder
    {
    public:
        quantizer_builder(const fake_quant_plan& plan, training_graph<Scalar>& graph)
            : plan_(plan)
            , graph_(graph)
        {
            require((std::same_as<Scalar, float>) || plan.empty(), "only networks of floats have fake-quantizers");
        }

        /// Nothing if the plan has no such point.
        const fake_quant_settings* find(const std::string& point)
        {
            const auto found = plan_.find(point);
            if (found == plan_.end())
                return nullptr;
            used_.insert(point);
            return &found->second;
        }

        fake_quant_node& add(const std::string& point, const fake_quant_settings& settings,
                             const channel_layout& layout)
        {
            return *graph_.quantizers.emplace_back(
                std::make_unique<fake_quant_node>(point, settings, layout.channels, layout.values_per_channel()));
        }

        /// The parameters that it learns, with the values that they have before the first batch.
        std::vector<std::size_t> learned_by(const fake_quant_node& node)
        {
            const tensor_shape shape { static_cast<std::ptrdiff_t>(node.channels()) };
            const auto parameter = [&](const char* what, Scalar value)
            {
                return graph_.parameters.add(node.name() + what, shape, std::vector<Scalar>(node.channels(), value),
                                             parameter_role::quantizer);
            };
            if (node.settings().learned == learned_qparams::none)
                return {};
            std::vector<std::size_t> parameters { parameter(".scale", 1) };
            if (node.settings().learned == learned_qparams::scale_and_zero_point)
                parameters.push_back(parameter(".zero_point", 0));
            return parameters;
        }

        /// Once, however many products read it.
        void quantize_weight(std::size_t index)
        {
            const auto& weight = graph_.parameters[index];
            const fake_quant_settings* settings = find(weight.name);
            if (settings == nullptr || graph_.weight_quantizers.contains(index))
                return;
            fake_quant_node& node = add(weight.name, *settings, layout_of(weight.shape, settings->axis));
            graph_.weight_quantizers.add(index, node, learned_by(node));
        }

        /// Throws for a point of the plan that the model does not have.
        void check_all_used() const
        {
            for (const auto& [point, settings] : plan_)
                require(used_.contains(point), "the model has no point '", point, "' to fake-quantize");
        }

    private:
        const fake_quant_plan& plan_;
        training_graph<Scalar>& graph_;
        std::set<std::string> used_;
    };
}
