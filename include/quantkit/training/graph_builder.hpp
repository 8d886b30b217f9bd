// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From the layers of a model to the nodes of a graph.
///
/// A feed-forward layer is two products and an activation here, an attention four products and what is between them, so
/// that every product has an input and weights of its own to which a fake-quantizer can be put.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/training/fake_quant_node.hpp>
#include <quantkit/training/fake_quant_plan.hpp>
#include <quantkit/training/graph.hpp>
#include <quantkit/training/layers/activation.hpp>
#include <quantkit/training/layers/attention.hpp>
#include <quantkit/training/layers/conv1d.hpp>
#include <quantkit/training/layers/dropout.hpp>
#include <quantkit/training/layers/fake_quant.hpp>
#include <quantkit/training/layers/layer_norm.hpp>
#include <quantkit/training/layers/linear.hpp>
#include <quantkit/training/layers/pooling.hpp>
#include <quantkit/training/layers/shape.hpp>
#include <quantkit/training/layers/softmax.hpp>
#include <quantkit/training/layers/tables.hpp>
#include <quantkit/training/operation.hpp>
#include <quantkit/training/parameter.hpp>
#include <quantkit/training/quantizer_builder.hpp>

#include <concepts>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::training::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Turns layers into nodes.
    template <class Scalar>
    class graph_builder
    {
    public:
        graph_builder(const model& network, const fake_quant_plan& plan)
            : model_(network)
            , quantizers_(plan, graph_)
            , results_(network.layers().size())
        {
            graph_.parameters = basic_parameter_set<Scalar>(network);
            graph_.values.push_back({ model_input, network.input_shape() });
            for (layer_ = 0; layer_ < network.layers().size(); ++layer_)
                if (!network.is_inside(layer_))
                    results_[layer_] =
                        quantized(here().name + ".output",
                                  std::visit([&](const auto& each) { return lower(each); }, here().operation));
            graph_.output = results_[network.output_layer()];
            quantizers_.check_all_used();
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

        /// x, or what a fake-quantizer at this point makes of it.
        value quantized(const std::string& point, value x)
        {
            const fake_quant_settings* settings = quantizers_.find(point);
            if constexpr (std::same_as<Scalar, float>)
                if (settings != nullptr)
                {
                    require(!settings->axis, "'", point, "' is an activation, which has one pair of qparams");
                    fake_quant_node& quantizer = quantizers_.add(point, *settings, { 1, 1, shape_of(x).size() });
                    return node(point, std::make_unique<fake_quant_operation>(quantizer), { x }, shape_of(x),
                                quantizers_.learned_by(quantizer));
                }
            return x;
        }

        /// What a product of this layer reads.
        value product_input(std::string_view part, value x) { return quantized(input_point(here().name, part), x); }

        /// x W^T + b
        value product(const std::string& name, value x, const projection& weights, std::size_t out_features)
        {
            const sample_shape shape = shape_of(x);
            const std::vector<std::size_t> parameters = parameters_of(weights);
            quantizers_.quantize_weight(parameters[0]);
            return node(
                name,
                std::make_unique<linear_layer_operation<Scalar>>(shape.features, out_features, !weights.bias.empty()),
                { x }, { shape.time, out_features }, parameters);
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
            return product(here().name, product_input("", x), linear.weights, linear.out_features);
        }

        value lower(const feed_forward_operation& ffn)
        {
            const value sums = product(here().name + ".fc1", product_input("fc1", input(0)), ffn.fc1, ffn.d_ff);
            const auto function = std::get<activation_operation>(model_[ffn.activation].operation).function;
            const value hidden = quantized(ffn.activation + ".output", activated(ffn.activation, sums, function));
            return product(here().name, product_input("fc2", hidden), ffn.fc2, ffn.d_model);
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

        value lower(const conv1d_operation& conv)
        {
            const std::vector<std::size_t> parameters = parameters_of(conv.weights);
            quantizers_.quantize_weight(parameters[0]);
            return node(here().name, std::make_unique<conv1d_layer_operation<Scalar>>(conv),
                        { product_input("", input(0)) }, model_.shape_of(layer_), parameters);
        }

        value lower(const attention_operation& attention)
        {
            const std::string& name = here().name;
            const value x = product_input("qkv", input(0));
            const sample_shape shape = shape_of(x);
            std::vector<value> qkv;
            for (const projection& part : { attention.query, attention.key, attention.value })
                qkv.push_back(product(part.weight, x, part, attention.d_model));
            auto heads =
                std::make_unique<attention_heads_operation<Scalar>>(shape, attention.heads, attention.sparse_factor);
            const value context = node(name + ".context", std::move(heads), qkv, shape);
            return product(name, product_input("out", context), attention.output, attention.d_model);
        }

        value lower(const layer_norm_operation& norm)
        {
            value x = input(0);
            if (here().inputs.size() == 2)
                x = node(here().name + ".sum", std::make_unique<add_layer_operation<Scalar>>(), { x, input(1) },
                         shape_of(x));
            return node(here().name,
                        std::make_unique<layer_norm_layer_operation<Scalar>>(norm.eps, !norm.weights.bias.empty()),
                        { x }, shape_of(x), parameters_of(norm.weights));
        }

        value lower(const positional_encoding_operation& encoding)
        {
            return node(here().name, std::make_unique<positional_encoding_layer_operation<Scalar>>(), { input(0) },
                        shape_of(input(0)), { graph_.parameters.index_of(encoding.table) });
        }

        value lower(const embedding_operation& embedding)
        {
            return node(
                here().name,
                std::make_unique<embedding_layer_operation<Scalar>>(here().name, embedding.entries, embedding.features),
                { input(0) }, model_.shape_of(layer_), { graph_.parameters.index_of(embedding.table) });
        }

        value lower(const pooling_operation& pooling)
        {
            return node(here().name, std::make_unique<pooling_layer_operation<Scalar>>(pooling), { input(0) },
                        model_.shape_of(layer_));
        }

        value lower(const softmax_operation&)
        {
            return node(here().name, std::make_unique<softmax_layer_operation<Scalar>>(), { input(0) },
                        shape_of(input(0)));
        }

        value lower(const dropout_operation& dropout)
        {
            return node(here().name, std::make_unique<dropout_layer_operation<Scalar>>(dropout.probability, layer_),
                        { input(0) }, shape_of(input(0)));
        }

        const model& model_;
        training_graph<Scalar> graph_;
        quantizer_builder<Scalar> quantizers_;
        std::vector<value> results_;
        std::size_t layer_ = 0;
    };
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Throws, naming the point, where the plan has one that the model does not have.
    template <class Scalar>
    training_graph<Scalar> graph_of(const model& network, const fake_quant_plan& plan = {})
    {
        return detail::graph_builder<Scalar>(network, plan).take();
    }

#if defined(QUANTKIT_COMPILED_MODEL)
    // quantkit::model holds it compiled (model/compiled.hpp).
    extern template training_graph<float> graph_of<float>(const model& network, const fake_quant_plan& plan);
#endif
}
