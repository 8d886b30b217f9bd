// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From a network that was trained with fake-quantizers to the model that a session runs in integers.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/model/layer_weights.hpp>
#include <quantkit/model/product_weights.hpp>
#include <quantkit/model/quantized_model.hpp>
#include <quantkit/model/stacked_weights.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>
#include <quantkit/tensor/types.hpp>
#include <quantkit/training/fake_quant_node.hpp>
#include <quantkit/training/fake_quant_plan.hpp>
#include <quantkit/training/network.hpp>

#include <algorithm>
#include <cstddef>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::training::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline bool lies_within(quant_bounds inner, quant_bounds outer)
    {
        return inner.quant_min >= outer.quant_min && inner.quant_max <= outer.quant_max;
    }

    /// Quantizes product by product, with the qparams of the network's fake-quantizers.
    class qat_conversion
    {
    public:
        explicit qat_conversion(const network& net)
            : net_(net)
            , result_ { net.trained_model(), precision_plan { fp32_layer }, {}, {}, {} }
        {
            result_.steps = program_of(result_.network);
            result_.products.resize(result_.steps.steps.size());
            result_.outputs.resize(result_.steps.values.size());
            for_each_product(result_.network, result_.steps,
                             [&](std::size_t step, const layer& owner, const layer_product& product)
                             { result_.products[step] = product_of(step, owner.name, product); });
            for (const auto& node : net.quantizers())
                require(used_.contains(node->name()), "a session does not round at '", node->name(),
                        "', only weights and the inputs of products");
        }

        quantized_model take() { return std::move(result_); }

    private:
        /// Null if nothing is rounded there.
        const fake_quant_node* find(const std::string& point)
        {
            for (const auto& node : net_.quantizers())
                if (node->name() == point)
                {
                    used_.insert(point);
                    return node.get();
                }
            return nullptr;
        }

        product_weights product_of(std::size_t step, const std::string& owner, const layer_product& product)
        {
            const auto& what = std::get<product_step>(result_.steps.steps[step].operation);
            const weight_set& weights = result_.network.weights();
            const matrix_f stacked = quantkit::detail::stacked_weight(what, weights);
            product_weights converted { stacked, quantkit::detail::stacked_bias(what, weights) };

            const fake_quant_node* input = find(input_point(owner, product.part));
            const std::vector<const fake_quant_node*> nodes = nodes_of(product, owner);
            layer_precision precision = fp32_layer;
            if (nodes.empty())
                require(input == nullptr, "the inputs of '", owner, "' are rounded, but not its weights");
            else
            {
                precision = precision_of(nodes, input != nullptr);
                converted.weight = precision.weights == precision::int4
                                       ? stored_weight(codes_of<int4_narrow>(stacked, product, nodes))
                                       : stored_weight(codes_of<int8_narrow>(stacked, product, nodes));
            }
            if (input != nullptr)
                add_input(*input, converted);
            const auto [place, is_new] = result_.plan.layers.emplace(owner, precision);
            require(is_new || place->second == precision, "the products of '", owner,
                    "' are rounded in different ways, which no plan can say");
            return converted;
        }

        /// Of each weight of a product, or none.
        std::vector<const fake_quant_node*> nodes_of(const layer_product& product, const std::string& owner)
        {
            std::vector<const fake_quant_node*> nodes;
            for (const projection& part : product.weights)
                if (const fake_quant_node* node = find(part.weight))
                    nodes.push_back(node);
            require(nodes.empty() || nodes.size() == product.weights.size(), "some weights of '", owner,
                    "' are rounded, others are not");
            return nodes;
        }

        /// Codes of up to 4 bits are stored as such where an engine multiplies floats with them; integer products take
        /// them as 8-bit codes that keep to fewer values.
        static layer_precision precision_of(const std::vector<const fake_quant_node*>& nodes, bool has_input)
        {
            const bool is_narrow = std::all_of(nodes.begin(), nodes.end(),
                                               [](const fake_quant_node* node)
                                               { return lies_within(node->settings().bounds, int4_narrow::bounds); });
            const bool per_channel = nodes.front()->settings().axis.has_value();
            return { is_narrow && !has_input ? precision::int4 : precision::int8,
                     has_input ? activation_mode::calibrated : activation_mode::real,
                     per_channel ? any_granularity(per_axis { 0 }) : any_granularity(per_tensor {}), false };
        }

        /// Weights lie one below the other. Several with one pair each have a pair for each of their rows.
        template <quantized_range Range>
        static quantized_tensor<Range> codes_of(const matrix_f& stacked, const layer_product& product,
                                                const std::vector<const fake_quant_node*>& nodes)
        {
            std::vector<typename Range::code_type> codes;
            codes.reserve(static_cast<std::size_t>(stacked.size()));
            qparams_list params;
            const Eigen::Index rows = product.shape[0];
            for (Eigen::Index row = 0; row < stacked.rows(); ++row)
            {
                const fake_quant_node& node = *nodes[static_cast<std::size_t>(row / rows)];
                const quant_bounds bounds = node.settings().bounds;
                require(lies_within(bounds, Range::bounds) && node.settings().axis.value_or(0) == 0, "'", node.name(),
                        "' has codes in [", bounds.quant_min, ", ", bounds.quant_max, "] along axis ",
                        node.settings().axis.value_or(0), ", but products take [", Range::quant_min, ", ",
                        Range::quant_max, "] along axis 0");
                const qparams of_row = node.params()[node.settings().axis ? static_cast<std::size_t>(row % rows) : 0];
                params.push_back(of_row);
                for (Eigen::Index i = 0; i < stacked.cols(); ++i)
                    codes.push_back(
                        static_cast<typename Range::code_type>(quantize_value(stacked(row, i), of_row, bounds)));
            }
            const tensor_shape shape { stacked.rows(), stacked.cols() };
            if (nodes.size() == 1 && !nodes.front()->settings().axis)
                return { shape, std::move(codes), nodes.front()->params(), per_tensor {} };
            return { shape, std::move(codes), std::move(params), per_axis { 0 } };
        }

        static void add_input(const fake_quant_node& node, product_weights& weights)
        {
            const quant_bounds bounds = node.settings().bounds;
            require(lies_within(bounds, uint8_full::bounds), "'", node.name(), "' has codes in [", bounds.quant_min,
                    ", ", bounds.quant_max, "], but products take activations in [0, 255]");
            weights.input = node.params()[0];
            weights.input_bounds = bounds;
        }

        const network& net_;
        quantized_model result_;
        std::set<std::string> used_;
    };
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The network as a session runs it, with the qparams that its fake-quantizers have: integer products of codes,
    /// whose sums are exact where those of the network are rounded. Predictions are the network's in inference, but for
    /// activations so near to the middle between two codes that this rounding decides.
    ///
    /// Products whose activations are rounded are stored with int8 weights, whatever their bits; without, with int4
    /// weights where these are enough. Layers without fake-quantizers stay in float.
    /// Throws, naming the point, where it has seen no data, or is none that a session rounds at.
    inline quantized_model convert(network& net)
    {
        // One pass in inference: learned scales are taken over from the last step.
        const sample_shape input = net.source().input_shape();
        net.forward(matrix_f::Zero(static_cast<Eigen::Index>(input.time), static_cast<Eigen::Index>(input.features)),
                    run_mode::inference);
        return detail::qat_conversion(net).take();
    }
}
