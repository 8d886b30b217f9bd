// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a model's layers are, in the words of sensitivity/: sizes and multiplications.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/model_size.hpp>
#include <quantkit/model/program_steps.hpp>
#include <quantkit/sensitivity/layer_facts.hpp>

#include <cstddef>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// [layers] bytes of weights if all layers had this precision, as model_size.hpp counts.
    inline std::vector<std::size_t> layer_bytes(const model& network, const layer_precision& precision)
    {
        std::vector<std::size_t> bytes(network.layers().size());
        for (const layer_size& size : size_of(network, { precision }).layers)
            bytes[network.index_of(size.name)] = size.total();
        return bytes;
    }

    /// Of one step for one sample: of a product, and of the two products between an attention's projections.
    inline std::size_t multiplications_of(const program_step& step, const program& steps)
    {
        const sample_shape y = steps.values[step.output].shape;
        if (const auto* product = std::get_if<product_step>(&step.operation))
            return y.time * product->in_features * product->out_features;
        if (std::holds_alternative<attention_step>(step.operation))
            return 2 * y.time * y.time * y.features;
        return 0;
    }

    inline std::vector<layer_facts> facts_of(const model& network, const program& steps)
    {
        const std::vector<std::size_t> bytes = layer_bytes(network, fp32_layer);
        std::vector<layer_facts> facts;
        for (std::size_t i = 0; i < network.layers().size(); ++i)
            facts.push_back({ network.layers()[i].name, network.layers()[i].kind, bytes[i] / sizeof(float), 0 });
        for (const program_step& step : steps.steps)
            facts[step.layer].multiplications += multiplications_of(step, steps);
        return facts;
    }
}
