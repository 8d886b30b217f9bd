// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// In what a layer computes, and the plan that says so for each layer of a model.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace quantkit
{
    /// How the inputs of a layer's products become codes, if they do.
    enum class activation_mode
    {
        real,               ///< they stay floats
        dynamic_per_tensor, ///< by the range of each batch
        dynamic_per_row,    ///< by the range of each row of each batch
        calibrated          ///< by a range from calibration (static quantization)
    };

    /// One layer's precision.
    ///
    /// weights             fp32, fp16, bf16; int8 with any activations; int16 with all but real ones; int4 with real
    ///                     (weight-only) or dynamic_per_row (8-bit) ones. A layer without weights takes them as fp32.
    /// granularity         of quantized weights [out, in]: per_tensor, per_axis { 0 }, or per_group along axis 1
    /// quantize_output     the result is rounded as well: to fp16 or bf16 where the weights are that, else to uint8
    /// codes
    ///                     of its calibrated range
    /// attention_products  of an attention, q k^T and weights v: fp32; fp16 or bf16 (k and v are rounded to them); int8
    ///                     by the ranges of each head in each call
    struct layer_precision
    {
        precision weights = precision::fp32;
        activation_mode activations = activation_mode::real;
        any_granularity granularity = per_axis { 0 };
        bool quantize_output = false;
        precision attention_products = precision::fp32;

        friend bool operator==(const layer_precision&, const layer_precision&) = default;
    };

    /// The reference.
    inline constexpr layer_precision fp32_layer {};
    /// Weights of 16 bits, sums in float; results are rounded as well.
    inline constexpr layer_precision fp16_layer { precision::fp16, activation_mode::real, per_axis {}, true };
    inline constexpr layer_precision bf16_layer { precision::bf16, activation_mode::real, per_axis {}, true };
    /// Ranges from calibration.
    inline constexpr layer_precision int8_static { precision::int8, activation_mode::calibrated, per_axis {}, false };
    /// A range for each batch, found in each call.
    inline constexpr layer_precision int8_dynamic { precision::int8, activation_mode::dynamic_per_tensor, per_axis {},
                                                    false };
    /// A range for each row of each batch, found in each call.
    inline constexpr layer_precision int8_dynamic_per_row { precision::int8, activation_mode::dynamic_per_row,
                                                            per_axis {}, false };
    /// The same with 16 bits on both sides.
    inline constexpr layer_precision int16_dynamic { precision::int16, activation_mode::dynamic_per_row, per_axis {},
                                                     false };
    /// Codes as weights, activations in float.
    inline constexpr layer_precision int8_weights { precision::int8, activation_mode::real, per_axis {}, false };
    /// Codes in groups of 32 along the inputs, activations in float.
    inline constexpr layer_precision int4_weights { precision::int4, activation_mode::real, per_group { 1, 32 },
                                                    false };
    /// The same codes with 8-bit activations, a range for each row.
    inline constexpr layer_precision int4_weights_int8_dynamic { precision::int4, activation_mode::dynamic_per_row,
                                                                 per_group { 1, 32 }, false };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Throws unless there is a layer that computes so.
    inline void check_layer_precision(const layer_precision& layer)
    {
        const bool real = layer.activations == activation_mode::real;
        const bool known = has_qparams(layer.weights)
                               ? layer.weights == precision::int8 || (layer.weights == precision::int16 && !real)
                                     || (layer.weights == precision::int4
                                         && (real || layer.activations == activation_mode::dynamic_per_row))
                               : bits_of(layer.weights) >= 16 && real;
        require(layer.attention_products <= precision::bf16 || layer.attention_products == precision::int8,
                "no attention multiplies its activations in ", name_of(layer.attention_products));
        require(known, "no layer computes with ", name_of(layer.weights), " weights and ", real ? "real" : "quantized",
                " activations of this mode");
    }

    /// "FP16", "INT8 static", "INT8 dynamic per row", "INT4 weights", ...
    inline std::string name_of(const layer_precision& layer)
    {
        constexpr std::string_view modes[] = { " weights", " dynamic", " dynamic per row", " static" };
        std::string name(name_of(layer.weights));
        if (has_qparams(layer.weights))
            name += modes[static_cast<std::size_t>(layer.activations)];
        return name;
    }

    /// Layer names to precisions, and one for all others.
    struct precision_plan
    {
        layer_precision otherwise = fp32_layer;
        std::map<std::string, layer_precision, std::less<>> layers {};

        const layer_precision& operator[](std::string_view name) const
        {
            const auto found = layers.find(name);
            return found == layers.end() ? otherwise : found->second;
        }
    };
}
