// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The precisions that are compared, as plans: layer names to precisions.
#pragma once

#include <quantkit/model/calibration.hpp>
#include <quantkit/model/layer_kind.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/quantized_model.hpp>

#include <string>
#include <vector>

namespace demo
{
    struct named_plan
    {
        std::string name;
        quantkit::precision_plan plan;
    };

    /// Attention, feed-forward, norms and output projection: what a transformer has most of its weights in.
    inline bool is_transformer(quantkit::layer_kind kind)
    {
        using enum quantkit::layer_kind;
        return kind == attention_layers || kind == feed_forward || kind == layer_norm || kind == output_projection;
    }

    /// Layers of a transformer in one precision; embedding and convolutions in the other.
    inline quantkit::precision_plan mixed_plan(const quantkit::model& network,
                                               const quantkit::layer_precision& transformer,
                                               const quantkit::layer_precision& rest)
    {
        quantkit::precision_plan plan { rest };
        for (const quantkit::layer& layer : network.layers())
            if (is_transformer(layer.kind))
                plan.layers[layer.name] = transformer;
        return plan;
    }

    /// The first is float.
    inline std::vector<named_plan> all_plans(const quantkit::model& network)
    {
        using namespace quantkit;
        return {
            { "FP32", {} },
            { "FP16", { fp16_layer } },
            { "INT8 static", { int8_static } },
            { "INT8 dynamic", { int8_dynamic } },
            { "INT8 dynamic per row", { int8_dynamic_per_row } },
            { "INT8 weights", { int8_weights } },
            { "INT4 weights", { int4_weights } },
            { "INT4 weights, INT8 per row", { int4_weights_int8_dynamic } },
            { "transformer FP16, rest INT8 static", mixed_plan(network, fp16_layer, int8_static) },
            { "transformer INT8 static, rest FP16", mixed_plan(network, int8_static, fp16_layer) },
        };
    }
}
