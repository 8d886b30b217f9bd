// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The candidates of a quantkit::model: in what a layer may compute, and what that rounds.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/model/layer_precision.hpp>

#include <optional>
#include <string>
#include <vector>

namespace quantkit
{
    /// What a layer's result is rounded to.
    enum class result_rounding
    {
        none,
        fp16,
        bf16,
        uint8 ///< codes of its calibrated range
    };

    /// How the result of a layer is rounded.
    QUANTKIT_INLINE constexpr result_rounding rounding_of(const layer_precision& precision)
    {
        if (!precision.quantize_output)
            return result_rounding::none;
        return precision.weights == precision::fp16   ? result_rounding::fp16
               : precision.weights == precision::bf16 ? result_rounding::bf16
                                                      : result_rounding::uint8;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// rounds_inputs  what the layer's products, norms, activations, softmaxes and poolings read is rounded to uint8
    ///                codes of the calibrated range of just that, whatever precision says; a residual sum after adding.
    ///                With weights in FP32 it tells what the activations alone cost, with int8_static and
    ///                quantize_output it is an integer layer throughout. No session computes so: there, readers of the
    ///                last time step share codes with readers of all.
    struct precision_candidate
    {
        std::string name;
        layer_precision precision {}; ///< in which the layer computes
        bool rounds_inputs = false;

        friend bool operator==(const precision_candidate&, const precision_candidate&) = default;
    };

    /// Whether a layer without products cannot tell them apart.
    inline bool rounds_alike(const precision_candidate& a, const precision_candidate& b)
    {
        return rounding_of(a.precision) == rounding_of(b.precision) && a.rounds_inputs == b.rounds_inputs;
    }

    /// FP32, FP16, BF16, INT8 static (weights, activations and results), INT8 dynamic per row, only the weights in
    /// INT8, only the activations in INT8, and weights in INT4.
    ///
    /// weights  how many scales a weight in INT8 has
    inline std::vector<precision_candidate> precision_candidates(const any_granularity& weights = per_axis { 0 })
    {
        const auto with_scales = [&](layer_precision precision, bool quantize_output = false)
        {
            precision.granularity = weights;
            precision.quantize_output = quantize_output;
            return precision;
        };
        layer_precision float_weights;
        float_weights.quantize_output = true;
        return { { "FP32", fp32_layer },
                 { "FP16", fp16_layer },
                 { "BF16", bf16_layer },
                 { "INT8 static", with_scales(int8_static, true) },
                 { "INT8 dynamic per row", with_scales(int8_dynamic_per_row) },
                 { "INT8 weights", with_scales(int8_weights) },
                 { "INT8 activations", float_weights, true },
                 { "INT4 weights", int4_weights } };
    }
}
