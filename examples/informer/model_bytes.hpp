// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How much memory the parameters of a quantized model take.
#pragma once

#include <quantkit/core/precision.hpp>
#include <quantkit/model/quantized_model.hpp>

#include <cstddef>
#include <variant>

namespace demo
{
    /// Weights of products as their layer's plan says, with a scale for each group of codes; all else in FP32.
    inline std::size_t parameter_bytes(const quantkit::quantized_model& quantized)
    {
        std::size_t others = quantized.network.parameter_count(), bytes = 0;
        for (const quantkit::program_step& step : quantized.steps.steps)
        {
            const auto* product = std::get_if<quantkit::product_step>(&step.operation);
            if (product == nullptr)
                continue;
            const quantkit::layer_precision& layer = quantized.plan[quantized.network.layers()[step.layer].name];
            const quantkit::tensor_shape shape { static_cast<std::ptrdiff_t>(product->out_features),
                                                 static_cast<std::ptrdiff_t>(product->in_features) };
            const auto size_of = [&](auto granularity)
            { return quantkit::bytes_of(shape, layer.weights, granularity, { .zero_point_bytes = 0 }).total(); };
            bytes += std::visit(size_of, layer.granularity);
            others -= product->out_features * product->in_features;
        }
        return bytes + others * sizeof(float);
    }
}
