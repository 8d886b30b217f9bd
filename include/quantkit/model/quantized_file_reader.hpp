// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Reads quantized models; quantized_file.hpp describes the format.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/int4.hpp>
#include <quantkit/io/model_description.hpp>
#include <quantkit/io/named_tensor.hpp>
#include <quantkit/io/safetensors.hpp>
#include <quantkit/model/described_model.hpp>
#include <quantkit/model/float_weights.hpp>
#include <quantkit/model/layer_weights.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/model_file.hpp>
#include <quantkit/model/precision_attributes.hpp>
#include <quantkit/model/product_weights.hpp>
#include <quantkit/model/program.hpp>
#include <quantkit/model/quantized_file_layout.hpp>
#include <quantkit/model/quantized_model.hpp>
#include <quantkit/model/weight_set.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Whatever it does not take from the file is nobody's.
    class quantized_file_reader
    {
    public:
        explicit quantized_file_reader(const std::filesystem::path& path)
            : quantized_file_reader(safetensors_file(path), in_quotes(path.string()))
        {
        }

        /// Of a file that is in memory already; source names it in errors.
        quantized_file_reader(safetensors_file file, std::string source)
            : source_(std::move(source))
            , file_(std::move(file))
        {
        }

        quantized_model read()
        {
            check_format();
            const model_description description =
                parse_model_description(text("graph"), concat(source_, ": the graph"));
            const std::vector<layer> layers = layers_of(description);
            read_plan(layers);
            for (const layer& layer : layers)
                read_other_weights(layer);
            for (const layer& layer : layers)
                read_products(layer);
            quantized_model quantized {
                { layers, std::move(weights_), input_shape_of(description) }, plan_, {}, {}, {}
            };
            quantized.steps = program_of(quantized.network);
            place_products(quantized);
            read_outputs(quantized);
            check_all_taken();
            return quantized;
        }

    private:
        void check_format()
        {
            require(file_.metadata().contains("format") && text("format") == quantized_format,
                    "no quantized model: its metadata do not say format ", quantized_format);
            require(text("version") == quantized_version, "version '", text("version"),
                    "' of the format cannot be read, only version ", quantized_version);
        }

        const std::string& text(const std::string& key)
        {
            const auto found = file_.metadata().find(key);
            require(found != file_.metadata().end(), "the metadata have no '", key, "'");
            taken_.insert(key);
            return found->second;
        }

        /// Reads an object of the metadata; errors name it.
        template <class Read>
        auto read_metadata(const std::string& key, Read understood)
        {
            const described_layer object { key, "", parse_attributes(text(key), concat(source_, ": '", key, "'")) };
            return in_the_name_of(key, [&] { return understood(layer_attributes(object)); });
        }

        qparams qparams_at(const std::string& key, quant_bounds bounds)
        {
            return read_metadata(key, [&](const layer_attributes& with) { return read_qparams(with, bounds); });
        }

        /// Layers that do not exist are found by check_all_taken().
        void read_plan(const std::vector<layer>& layers)
        {
            plan_.otherwise = read_metadata("plan", read_precision);
            for (const layer& layer : layers)
                if (const std::string key = concat(plan_key, layer.name); file_.metadata().contains(key))
                    plan_.layers.emplace(layer.name, read_metadata(key, read_precision));
        }

        const named_tensor& tensor(const std::string& name, data_type dtype, const tensor_shape& shape)
        {
            require(file_.contains(name), "the tensor '", name, "' is missing");
            const named_tensor& found = file_.tensor(name);
            require(found.dtype == dtype && found.shape == shape, "the tensor '", name, "' must hold ", name_of(dtype),
                    " of shape ", shape, ", but holds ", name_of(found.dtype), " of shape ", found.shape);
            taken_tensors_.insert(name);
            return found;
        }

        /// Of any shape: the model checks it.
        void read_other_weights(const layer& layer)
        {
            for (const std::string& name : other_weights_of(layer.operation))
            {
                const std::string key = concat(weights_key, name);
                if (weights_.contains(name))
                    continue;
                const named_tensor& found =
                    tensor(key, data_type::float32, file_.contains(key) ? file_.tensor(key).shape : tensor_shape());
                weights_.add(name, found.shape, floats_of(found));
            }
        }

        void read_products(const layer& layer)
        {
            for (const layer_product& product : products_of(layer.operation))
            {
                product_weights weights = read_product(layer.name, product);
                add_float_weights(product, weights, weights_);
                products_.emplace(product_key(layer.name, product.part), std::move(weights));
            }
        }

        product_weights read_product(const std::string& layer, const layer_product& product)
        {
            const std::string key = product_key(layer, product.part);
            const layer_precision& precision = plan_[layer];
            const tensor_shape shape = product.matrix_shape();
            product_weights weights { read_weight(key, shape, precision.weights), vector_f::Zero(shape[0]) };
            if (product.has_bias() || file_.contains(key + "bias"))
            {
                const auto bias = tensor(key + "bias", data_type::float32, { shape[0] }).as<float>();
                std::copy(bias.begin(), bias.end(), weights.bias.begin());
            }
            if (precision.activations == activation_mode::calibrated)
                read_input(key + "input", precision.weights, weights);
            return weights;
        }

        void read_input(const std::string& key, precision format, product_weights& weights)
        {
            if (format != precision::int16)
                weights.input_bounds = read_metadata(key, [](const layer_attributes& with)
                                                     { return read_bounds(with, uint8_full::bounds); });
            weights.input = qparams_at(key, format == precision::int16 ? int16_narrow::bounds : weights.input_bounds);
        }

        stored_weight read_weight(const std::string& key, const tensor_shape& shape, precision format)
        {
            const named_tensor& values = tensor(key + "weight", file_type_of(format), file_shape_of(shape, format));
            switch (format)
            {
            case precision::int8:
                return read_codes<int8_narrow>(key, shape, values);
            case precision::int4:
                return read_codes<int4_narrow>(key, shape, values);
            case precision::int16:
                return read_codes<int16_narrow>(key, shape, values);
            default:
                break;
            }
            const std::vector<float> floats = floats_of(values);
            return matrix_f(Eigen::Map<const matrix_f>(floats.data(), shape[0], shape[1]));
        }

        template <class Range>
        stored_weight read_codes(const std::string& key, const tensor_shape& shape, const named_tensor& values)
        {
            const any_granularity granularity = read_metadata(key + "weight", read_granularity);
            const tensor_shape parameters =
                in_the_name_of(key + "weight", [&] { return parameter_shape(shape, granularity); });
            const auto scales = tensor(key + "scale", data_type::float32, parameters).template as<float>();
            std::vector<std::int32_t> zero_points(scales.size());
            if (file_.contains(key + "zero_point"))
            {
                const auto stored =
                    tensor(key + "zero_point", data_type::int32, parameters).template as<std::int32_t>();
                zero_points.assign(stored.begin(), stored.end());
            }
            const auto checked = [&]
            {
                return quantized_tensor<Range>(shape, unpacked<Range>(shape, values),
                                               { { scales.begin(), scales.end() }, std::move(zero_points) },
                                               granularity);
            };
            return in_the_name_of(key + "weight", checked);
        }

        template <class Range>
        static std::vector<typename Range::code_type> unpacked(const tensor_shape& shape, const named_tensor& values)
        {
            using code = typename Range::code_type;
            if constexpr (std::same_as<Range, int4_narrow>)
            {
                std::vector<code> codes(static_cast<std::size_t>(element_count(shape)));
                unpack_int4(values.as<std::uint8_t>().data(), codes.size(), codes.data());
                return codes;
            }
            else
            {
                const auto codes = values.as<code>();
                return { codes.begin(), codes.end() };
            }
        }

        void place_products(quantized_model& quantized)
        {
            quantized.products.resize(quantized.steps.steps.size());
            const auto place = [&](std::size_t step, const layer& layer, const layer_product& product) {
                quantized.products[step] = std::move(products_.extract(product_key(layer.name, product.part)).mapped());
            };
            for_each_product(quantized.network, quantized.steps, place);
        }

        void read_outputs(quantized_model& quantized)
        {
            for (const program_value& value : quantized.steps.values)
                quantized.outputs.push_back(read_output(quantized.network, value));
        }

        /// It is under the name of any layer whose result the value is.
        std::optional<qparams> read_output(const model& network, const program_value& value)
        {
            for (const std::size_t layer : value.layers)
                if (const std::string key = concat(outputs_key, network.layers()[layer].name);
                    file_.metadata().contains(key))
                    return qparams_at(key, uint8_full::bounds);
            for (const std::size_t layer : value.layers)
            {
                const std::string& name = network.layers()[layer].name;
                require(!plan_[name].quantize_output || !has_qparams(plan_[name].weights), "layer '", name,
                        "' is to round its result, but the metadata have no '", outputs_key, name, "'");
            }
            return std::nullopt;
        }

        void check_all_taken() const
        {
            for (const std::string& name : file_.names())
                require(taken_tensors_.contains(name), "the tensor '", name, "' belongs to nothing in the graph");
            for (const auto& [key, text] : file_.metadata())
                for (const std::string_view known : { plan_key, products_key, outputs_key })
                    require(!key.starts_with(known) || taken_.contains(key), "'", key,
                            "' in the metadata belongs to nothing in the graph");
        }

        std::string source_;
        safetensors_file file_;
        std::set<std::string> taken_, taken_tensors_;
        precision_plan plan_;
        weight_set weights_;
        std::map<std::string, product_weights> products_; // by product_key()
    };
}
