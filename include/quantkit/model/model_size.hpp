// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How many bytes the weights of a model take, layer by layer, as quantized_file.hpp keeps them.
///
///     size_of(network, { int8_static }).total()      before quantizing
///     size_table(size_of(quantized))                 after, as text
///
/// Counted are weights, biases, norms and embeddings. Biases and norms stay FP32 in every precision. Tables of
/// positions are constants, not parameters (model::parameter_count), and qparams of activations are a few bytes:
/// neither counts. A weight that several products share counts for each of them, as each has codes of its own.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/layer_weights.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/product_weights.hpp>
#include <quantkit/model/quantized_file_layout.hpp>
#include <quantkit/model/quantized_model.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// precision  as name_of(layer_precision); FP32 for layers without a product
    /// weights    of products, norms and embeddings, with their scales and zero points
    struct layer_size
    {
        std::string name, precision;
        tensor_bytes weights {};
        std::size_t biases = 0; ///< bytes; always FP32

        /// All bytes of the layer.
        std::size_t total() const { return weights.total() + biases; }
    };

    /// layers  those with weights, in topological order
    struct model_size
    {
        std::vector<layer_size> layers;

        /// Of all layers.
        layer_size sum() const
        {
            layer_size all { "all", "" };
            for (const layer_size& layer : layers)
            {
                all.weights = all.weights + layer.weights;
                all.biases += layer.biases;
            }
            return all;
        }
        /// All bytes of the model.
        std::size_t total() const { return sum().total(); }
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Norms and embeddings; products are added by whoever knows their weights.
    inline std::vector<layer_size> sizes_without_products(const model& network, const precision_plan& plan)
    {
        for (const auto& [name, precision] : plan.layers)
            static_cast<void>(network.index_of(name));
        std::vector<layer_size> sizes;
        for (const layer& layer : network.layers())
        {
            const bool has_product = !products_of(layer.operation).empty();
            layer_size size { layer.name, name_of(has_product ? plan[layer.name] : fp32_layer) };
            const auto* norm = std::get_if<layer_norm_operation>(&layer.operation);
            const auto* embedding = std::get_if<embedding_operation>(&layer.operation);
            if (norm != nullptr)
                size.weights.values = norm->features * sizeof(float);
            if (norm != nullptr && !norm->weights.bias.empty())
                size.biases = norm->features * sizeof(float);
            if (embedding != nullptr)
                size.weights.values = embedding->entries * embedding->features * sizeof(float);
            sizes.push_back(std::move(size));
        }
        return sizes;
    }

    inline model_size size_of_layers(std::vector<layer_size> sizes)
    {
        std::erase_if(sizes, [](const layer_size& layer) { return layer.total() == 0; });
        return { std::move(sizes) };
    }

    /// Of a product's matrix once it is quantized. Several projections with one pair each have one for each output.
    inline tensor_bytes planned_bytes(const layer_product& product, const layer_precision& layer,
                                      const qparams_storage& storage)
    {
        const bool pairs_of_parts = product.weights.size() > 1 && std::holds_alternative<per_tensor>(layer.granularity);
        const auto bytes = [&](auto granularity)
        { return bytes_of(product.matrix_shape(), layer.weights, granularity, storage); };
        return pairs_of_parts ? bytes(per_axis { 0 }) : std::visit(bytes, layer.granularity);
    }

    inline tensor_bytes stored_bytes(const stored_weight& weight, precision format)
    {
        const auto bytes = [&](const auto& known) -> tensor_bytes
        {
            if constexpr (std::same_as<std::remove_cvref_t<decltype(known)>, matrix_f>)
                return { static_cast<std::size_t>(known.size()) * bits_of(format) / 8 };
            else
            {
                const qparams_storage storage { sizeof(float),
                                                keeps_zero_points(known.params()) ? sizeof(std::int32_t) : 0 };
                return std::visit([&](auto granularity)
                                  { return bytes_of(known.shape(), format, granularity, storage); },
                                  known.granularity());
            }
        };
        return std::visit(bytes, weight);
    }

    inline std::string size_row(const std::array<std::string, 7>& cells, std::size_t name_width)
    {
        const std::array<std::size_t, 7> widths { name_width, 20, 11, 9, 12, 9, 11 };
        std::string row;
        for (std::size_t i = 0; i < cells.size(); ++i)
        {
            const std::string gap(widths[i] - std::min(widths[i], cells[i].size()), ' ');
            row += i < 2 ? cells[i] + gap : gap + cells[i];
        }
        return row + "\n";
    }

    inline std::string size_row(const layer_size& size, std::size_t name_width)
    {
        return size_row({ size.name, size.precision, to_text(size.weights.values), to_text(size.weights.scales),
                          to_text(size.weights.zero_points), to_text(size.biases), to_text(size.total()) },
                        name_width);
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// As it is.
    inline model_size size_of(const quantized_model& quantized)
    {
        std::vector<layer_size> sizes = detail::sizes_without_products(quantized.network, quantized.plan);
        const auto add = [&](std::size_t step, const layer& layer, const layer_product& product)
        {
            const product_weights& weights = quantized.products.at(step).value();
            layer_size& size = sizes[quantized.network.index_of(layer.name)];
            size.weights = size.weights + detail::stored_bytes(weights.weight, quantized.plan[layer.name].weights);
            if (detail::keeps_bias(product, weights))
                size.biases += static_cast<std::size_t>(weights.bias.size()) * sizeof(float);
        };
        for_each_product(quantized.network, quantized.steps, add);
        return detail::size_of_layers(std::move(sizes));
    }

    /// As it would be, without quantizing: for a plan whose weights have symmetric schemes, as qconfig's default, or
    /// with zero points of 4 bytes where storage says so. Throws, naming the layer, where there is no such layer or a
    /// granularity does not fit.
    inline model_size size_of(const model& network, const precision_plan& plan = {},
                              const qparams_storage& storage = { sizeof(float), 0 })
    {
        std::vector<layer_size> sizes = detail::sizes_without_products(network, plan);
        for (std::size_t i = 0; i < sizes.size(); ++i)
            for (const layer_product& product : products_of(network.layers()[i].operation))
            {
                const std::string& name = network.layers()[i].name;
                sizes[i].weights =
                    sizes[i].weights
                    + detail::in_the_name_of(name, [&] { return detail::planned_bytes(product, plan[name], storage); });
                if (product.has_bias())
                    sizes[i].biases += static_cast<std::size_t>(product.matrix_shape()[0]) * sizeof(float);
            }
        return detail::size_of_layers(std::move(sizes));
    }

    /// A row for each layer, in bytes, and one for all, which is also in MiB (2^20 bytes).
    inline std::string size_table(const model_size& size)
    {
        std::size_t name_width = 7;
        for (const layer_size& layer : size.layers)
            name_width = std::max(name_width, layer.name.size() + 2);
        std::string table = detail::size_row(
            { "layer", "precision", "values", "scales", "zero_points", "biases", "bytes" }, name_width);
        for (const layer_size& layer : size.layers)
            table += detail::size_row(layer, name_width);
        table += detail::size_row(size.sum(), name_width);
        const std::size_t hundredths = (size.total() * 100 + (std::size_t { 1 } << 19)) >> 20;
        return table + concat(hundredths / 100, hundredths % 100 < 10 ? ".0" : ".", hundredths % 100, " MiB\n");
    }
}
