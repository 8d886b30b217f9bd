// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Writes quantized models; quantized_file.hpp describes the format.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/half.hpp>
#include <quantkit/core/int4.hpp>
#include <quantkit/io/model_description_writer.hpp>
#include <quantkit/io/named_tensor.hpp>
#include <quantkit/io/safetensors_writer.hpp>
#include <quantkit/model/layer_weights.hpp>
#include <quantkit/model/model_description_of.hpp>
#include <quantkit/model/precision_attributes.hpp>
#include <quantkit/model/product_weights.hpp>
#include <quantkit/model/quantized_file_layout.hpp>
#include <quantkit/model/quantized_model.hpp>

#include <cstddef>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Whether the weight is in the form that a plan's precision says.
    inline bool has_precision(const stored_weight& weight, precision format)
    {
        switch (format)
        {
        case precision::int8:
            return std::holds_alternative<quantized_tensor<int8_narrow>>(weight);
        case precision::int4:
            return std::holds_alternative<quantized_tensor<int4_narrow>>(weight);
        case precision::int16:
            return std::holds_alternative<quantized_tensor<int16_narrow>>(weight);
        default:
            return std::holds_alternative<matrix_f>(weight);
        }
    }

    /// Collects tensors, which view the model and what is kept beside it, and metadata.
    class quantized_file_writer
    {
    public:
        explicit quantized_file_writer(const quantized_model& quantized)
            : quantized_(quantized)
        {
            metadata_ = { { "format", std::string(quantized_format) },
                          { "version", std::string(quantized_version) },
                          { "graph", json_text_of(description_of(quantized.network)) },
                          { "plan", json_text_of(attributes_of(quantized.plan.otherwise)) } };
            for (const auto& [name, precision] : quantized.plan.layers)
                add_metadata(concat(plan_key, name), attributes_of(precision));
            for (const layer& layer : quantized.network.layers())
                add_other_weights(layer);
            add_products();
            add_outputs();
        }

        void write(const std::filesystem::path& path) const { write_safetensors(path, tensors_, metadata_); }

    private:
        void add_metadata(const std::string& key, const described_attributes& attributes)
        {
            metadata_.emplace(key, json_text_of(attributes));
        }

        template <element_type T>
        void add(const std::string& name, std::span<const T> elements, const tensor_shape& shape)
        {
            tensors_.push_back(make_named_tensor(name, elements, shape));
        }

        /// Layers may share them.
        void add_other_weights(const layer& layer)
        {
            for (const std::string& name : other_weights_of(layer.operation))
                if (const weight_tensor& weight = quantized_.network.weights()[name]; written_.insert(name).second)
                    add<float>(concat(weights_key, name), weight.values, weight.shape);
        }

        void add_products()
        {
            const auto add = [&](std::size_t step, const layer& layer, const layer_product& product)
            {
                require(step < quantized_.products.size() && quantized_.products[step], "a product of layer '",
                        layer.name, "' has no weights");
                in_the_name_of(layer.name, [&] { add_product(layer.name, product, *quantized_.products[step]); });
            };
            for_each_product(quantized_.network, quantized_.steps, add);
        }

        void add_product(const std::string& layer, const layer_product& product, const product_weights& weights)
        {
            const std::string key = product_key(layer, product.part);
            const layer_precision& precision = quantized_.plan[layer];
            require(has_precision(weights.weight, precision.weights), "the plan says ", name_of(precision.weights),
                    ", but the weight is something else");
            require(weights.input.has_value() == (precision.activations == activation_mode::calibrated),
                    "calibrated activations have qparams, others have none");
            std::visit([&](const auto& weight) { add_weight(key, weight, product.matrix_shape(), precision.weights); },
                       weights.weight);
            if (keeps_bias(product, weights))
                add(key + "bias", std::span(weights.bias.data(), static_cast<std::size_t>(weights.bias.size())),
                    { product.matrix_shape()[0] });
            if (weights.input)
                add_metadata(key + "input", attributes_of(*weights.input, weights.input_bounds));
        }

        void add_weight(const std::string& key, const matrix_f& weight, const tensor_shape& shape, precision format)
        {
            const std::span values(weight.data(), static_cast<std::size_t>(weight.size()));
            if (format == precision::fp32)
                return add(key + "weight", values, shape);
            std::vector<std::uint16_t>& halves = halves_.emplace_back();
            for (const float value : values)
                halves.push_back(format == precision::fp16 ? float_to_half(value) : float_to_bfloat16(value));
            add<std::uint16_t>(key + "weight", halves, shape);
            tensors_.back().dtype = file_type_of(format);
        }

        template <class Range>
        void add_weight(const std::string& key, const quantized_tensor<Range>& weight, const tensor_shape& shape,
                        precision format)
        {
            require(weight.shape() == shape, "the weight must have the shape ", shape, ", but has ", weight.shape());
            add_codes(key + "weight", weight, file_shape_of(shape, format));
            described_attributes attributes = attributes_of(weight.granularity());
            attributes["shape"] = std::vector<std::int64_t>(shape.begin(), shape.end());
            add_metadata(key + "weight", attributes);
            const tensor_shape parameters = parameter_shape(shape, weight.granularity());
            add<float>(key + "scale", weight.scales(), parameters);
            if (keeps_zero_points(weight.params()))
                add<std::int32_t>(key + "zero_point", weight.zero_points(), parameters);
        }

        template <class Range>
        void add_codes(const std::string& name, const quantized_tensor<Range>& weight, const tensor_shape& shape)
        {
            add(name, weight.codes(), shape);
        }
        void add_codes(const std::string& name, const quantized_tensor<int4_narrow>& weight, const tensor_shape& shape)
        {
            std::vector<std::uint8_t>& packed = packed_.emplace_back(static_cast<std::size_t>(shape[0]));
            pack_int4(weight.codes().data(), weight.codes().size(), packed.data());
            add<std::uint8_t>(name, packed, shape);
        }

        void add_outputs()
        {
            for (value_id value = 0; value < quantized_.outputs.size(); ++value)
                if (const std::optional<qparams>& output = quantized_.outputs[value])
                {
                    const program_value& rounded = quantized_.steps.values.at(value);
                    require(!rounded.layers.empty(), "'", rounded.name, "' is no layer's result and cannot be rounded");
                    add_metadata(concat(outputs_key, quantized_.network.layers()[rounded.layers[0]].name),
                                 attributes_of(*output));
                }
        }

        const quantized_model& quantized_;
        std::map<std::string, std::string> metadata_;
        std::vector<named_tensor> tensors_;
        std::set<std::string> written_;
        std::deque<std::vector<std::uint16_t>> halves_;
        std::deque<std::vector<std::uint8_t>> packed_;
    };
}
