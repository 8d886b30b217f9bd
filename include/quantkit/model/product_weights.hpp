// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The weights of one product as they are kept: in float, or as codes with what they mean.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/model/compiled.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/program.hpp>
#include <quantkit/model/qconfig.hpp>
#include <quantkit/model/weight_set.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>
#include <quantkit/tensor/types.hpp>

#include <optional>
#include <variant>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// [out_features, in_features]; fp16 and bf16 weights are floats here, rounded when they are packed or written.
    using stored_weight = std::variant<matrix_f, quantized_tensor<int8_narrow>, quantized_tensor<int4_narrow>,
                                       quantized_tensor<int16_narrow>>;

    /// input         of calibrated activations: to uint8 codes, or to int16 ones for int16 weights
    /// input_bounds  to which uint8 codes saturate; narrower where activations are trained with fewer bits
    struct product_weights
    {
        stored_weight weight; ///< [out_features, in_features]
        vector_f bias;        ///< [out_features]
        std::optional<qparams> input {};
        quant_bounds input_bounds = uint8_full::bounds;
    };

    /// Quantizes what a product multiplies with, as its layer's precision says. Throws as the quantizer.
    QUANTKIT_MODEL_FUNCTION product_weights quantized_weights(const product_step& product, const weight_set& weights,
                                                              const layer_precision& layer, const qconfig& config);
}

#if !defined(QUANTKIT_COMPILED_MODEL)
#include <quantkit/model/quantize_products.hpp>
#endif
