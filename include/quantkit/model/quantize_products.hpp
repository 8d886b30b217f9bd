// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Quantizes the weights of products: what product_weights.hpp declares (compiled.hpp says why it is apart).
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/model/product_weights.hpp>
#include <quantkit/model/stacked_weights.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/granular_observer.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/view.hpp>

#include <cstddef>
#include <utility>
#include <variant>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Quantizes with the ranges that copies of an observer see, one per parameter.
    template <quantized_range Range, granularity Granularity>
    quantized_tensor<Range> observed_codes(const matrix_f& weight, Granularity granularity, const qconfig& config)
    {
        granular_observer<any_observer, Granularity> observer { granularity, config.weights };
        observer.observe(weight);
        return quantize<Range>(weight, choose_qparams<Range>(observer, config.weight_scheme), granularity);
    }

    /// Several projections with one pair each have a pair for each of their outputs.
    template <quantized_range Range>
    quantized_tensor<Range> pairs_of_parts(const product_step& product, const weight_set& weights,
                                           const matrix_f& stacked, const qconfig& config)
    {
        qparams_list params;
        Eigen::Index row = 0;
        for (const projection& part : product.weights)
        {
            const Eigen::Index rows = weights[part.weight].shape[0];
            any_observer observer = config.weights;
            const matrix_f slice = stacked.middleRows(row, rows);
            observer.observe(view_of(slice));
            const qparams pair = choose_qparams<Range>(observer.range(), config.weight_scheme);
            for (Eigen::Index i = 0; i < rows; ++i)
                params.push_back(pair);
            row += rows;
        }
        return quantize<Range>(stacked, std::move(params), per_axis { 0 });
    }

    template <quantized_range Range>
    stored_weight codes_of(const product_step& product, const weight_set& weights, const any_granularity& granularity,
                           const qconfig& config)
    {
        const matrix_f stacked = stacked_weight(product, weights);
        if (product.weights.size() > 1 && std::holds_alternative<per_tensor>(granularity))
            return pairs_of_parts<Range>(product, weights, stacked, config);
        return std::visit([&](auto known) -> stored_weight { return observed_codes<Range>(stacked, known, config); },
                          granularity);
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    QUANTKIT_MODEL_FUNCTION product_weights quantized_weights(const product_step& product, const weight_set& weights,
                                                              const layer_precision& layer, const qconfig& config)
    {
        check_layer_precision(layer);
        vector_f bias = detail::stacked_bias(product, weights);
        switch (layer.weights)
        {
        case precision::int8:
            return { detail::codes_of<int8_narrow>(product, weights, layer.granularity, config), std::move(bias) };
        case precision::int4:
            return { detail::codes_of<int4_narrow>(product, weights, layer.granularity, config), std::move(bias) };
        case precision::int16:
            return { detail::codes_of<int16_narrow>(product, weights, layer.granularity, config), std::move(bias) };
        default:
            return { detail::stacked_weight(product, weights), std::move(bias) };
        }
    }
}
