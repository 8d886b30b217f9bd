// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model as it is trained: operations on values, one after the other, and their parameters.
///
/// A feed-forward layer is two products and an activation here, an attention four products and what is between them, so
/// that every product has an input and weights of its own to which a fake-quantizer can be put.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/training/layers/activation.hpp>
#include <quantkit/training/layers/linear.hpp>
#include <quantkit/training/layers/shape.hpp>
#include <quantkit/training/operation.hpp>
#include <quantkit/training/parameter.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// inputs, output  indices of values; parameters: indices in the graph's set
    template <class Scalar>
    struct graph_node
    {
        std::string name;
        std::unique_ptr<operation<Scalar>> work;
        std::vector<std::size_t> inputs;
        std::size_t output = 0;
        std::vector<std::size_t> parameters;
    };

    struct graph_value
    {
        std::string name;
        sample_shape shape;
    };

    /// nodes in an order in which each finds its inputs ready. Value 0 is the input.
    template <class Scalar>
    struct training_graph
    {
        std::vector<graph_value> values;
        std::vector<graph_node<Scalar>> nodes;
        std::size_t output = 0;
        basic_parameter_set<Scalar> parameters;
    };
}

namespace quantkit::training::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Turns layers into nodes.
    template <class Scalar>
    class graph_builder
    {
    public:
        explicit graph_builder(const model& network)
            : model_(network)
            , results_(network.layers().size())
        {
            graph_.parameters = basic_parameter_set<Scalar>(network);
            graph_.values.push_back({ model_input, network.input_shape() });
            for (layer_ = 0; layer_ < network.layers().size(); ++layer_)
                if (!network.is_inside(layer_))
                    results_[layer_] = std::visit([&](const auto& each) { return lower(each); }, here().operation);
            graph_.output = results_[network.output_layer()];
        }

        training_graph<Scalar> take() { return std::move(graph_); }

    private:
        using value = std::size_t;

        const layer& here() const { return model_.layers()[layer_]; }

        value input(std::size_t i) const
        {
            const std::string& name = here().inputs[i];
            return name == model_input ? 0 : results_[model_.index_of(name)];
        }

        sample_shape shape_of(value index) const { return graph_.values[index].shape; }

        /// Appends a node and returns its result.
        template <class Operation>
        value node(std::string name, std::unique_ptr<Operation> work, std::vector<value> inputs, sample_shape shape,
                   std::vector<std::size_t> parameters = {})
        {
            graph_.values.push_back({ name, shape });
            const value output = graph_.values.size() - 1;
            graph_.nodes.push_back(
                { std::move(name), std::move(work), std::move(inputs), output, std::move(parameters) });
            return output;
        }

        std::vector<std::size_t> parameters_of(const projection& names) const
        {
            std::vector<std::size_t> indices { graph_.parameters.index_of(names.weight) };
            if (!names.bias.empty())
                indices.push_back(graph_.parameters.index_of(names.bias));
            return indices;
        }

        /// x W^T + b
        value product(const std::string& name, value x, const projection& weights, std::size_t out_features)
        {
            const sample_shape shape = shape_of(x);
            return node(
                name,
                std::make_unique<linear_layer_operation<Scalar>>(shape.features, out_features, !weights.bias.empty()),
                { x }, { shape.time, out_features }, parameters_of(weights));
        }

        value activated(const std::string& name, value x, activation_function function)
        {
            return node(name, std::make_unique<activation_layer_operation<Scalar>>(function), { x }, shape_of(x));
        }

        value lower(const linear_operation& linear)
        {
            value x = input(0);
            if (linear.steps == time_steps::last)
                x = node(here().name + ".last", std::make_unique<last_step_operation<Scalar>>(), { x },
                         { 1, linear.in_features });
            return product(here().name, x, linear.weights, linear.out_features);
        }

        value lower(const feed_forward_operation& ffn)
        {
            const value hidden = product(here().name + ".fc1", input(0), ffn.fc1, ffn.d_ff);
            const auto function = std::get<activation_operation>(model_[ffn.activation].operation).function;
            return product(here().name, activated(ffn.activation, hidden, function), ffn.fc2, ffn.d_model);
        }

        value lower(const activation_operation& activation)
        {
            return activated(here().name, input(0), activation.function);
        }

        value lower(const add_operation&)
        {
            return node(here().name, std::make_unique<add_layer_operation<Scalar>>(), { input(0), input(1) },
                        shape_of(input(0)));
        }

        value lower(const flatten_operation&)
        {
            return node(here().name, std::make_unique<reshape_layer_operation<Scalar>>(), { input(0) },
                        { 1, shape_of(input(0)).size() });
        }

        template <class Other>
        value lower(const Other&)
        {
            throw_invalid("layer '", here().name, "' cannot be trained");
        }

        const model& model_;
        training_graph<Scalar> graph_;
        std::vector<value> results_;
        std::size_t layer_ = 0;
    };
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    template <class Scalar>
    training_graph<Scalar> graph_of(const model& network)
    {
        return detail::graph_builder<Scalar>(network).take();
    }
}
