// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From a model's layers to their description: the inverse of described_model.hpp.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/io/model_description.hpp>
#include <quantkit/model/described_model.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/model.hpp>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The type and the attributes of one operation.
    class operation_description
    {
    public:
        explicit operation_description(const layer_operation& operation)
        {
            std::visit([&](const auto& known) { describe(known); }, operation);
        }

        described_layer take() { return std::move(layer_); }

    private:
        void describe(const linear_operation& linear)
        {
            is("linear", { { "in_features", linear.in_features }, { "out_features", linear.out_features } });
            has(linear.weights);
            if (linear.steps == time_steps::last)
                layer_.attributes["input"] = std::string("last time step");
        }
        void describe(const conv1d_operation& conv)
        {
            is("conv1d", { { "in_channels", conv.in_channels },
                           { "out_channels", conv.out_channels },
                           { "kernel", conv.kernel },
                           { "stride", conv.stride },
                           { "padding", conv.padding },
                           { "dilation", conv.dilation } });
            has(conv.weights);
            layer_.attributes["padding_mode"] = std::string(conv.mode == padding_mode::zeros ? "zeros" : "circular");
        }
        void describe(const attention_operation& attention)
        {
            is("multi_head_attention", { { "d_model", attention.d_model },
                                         { "heads", attention.heads },
                                         { "sparse_factor", attention.sparse_factor } });
            has({ attention.query, attention.key, attention.value, attention.output });
        }
        void describe(const feed_forward_operation& ffn)
        {
            is("feed_forward", { { "d_model", ffn.d_model }, { "d_ff", ffn.d_ff } });
            has({ ffn.fc1, ffn.fc2 });
            layer_.attributes["activation"] = ffn.activation;
        }
        void describe(const layer_norm_operation& norm)
        {
            is("layer_norm", { { "features", norm.features } });
            has(norm.weights);
            layer_.attributes["eps"] = static_cast<double>(norm.eps);
        }
        void describe(const activation_operation& activation)
        {
            for (const auto& [name, function] : described_activations)
                if (function == activation.function)
                    is(name);
        }
        void describe(const softmax_operation&) { is("softmax"); }
        void describe(const positional_encoding_operation& encoding)
        {
            is("positional_encoding");
            layer_.attributes["table"] = encoding.table;
        }
        void describe(const embedding_operation& embedding)
        {
            is("embedding", { { "entries", embedding.entries }, { "features", embedding.features } });
            layer_.attributes["weight"] = embedding.table;
        }
        void describe(const pooling_operation& pooling)
        {
            is(pooling.function == pooling_function::max ? "max_pool1d" : "avg_pool1d",
               { { "kernel", pooling.kernel }, { "stride", pooling.stride }, { "padding", pooling.padding } });
        }
        void describe(const dropout_operation& dropout)
        {
            is("dropout");
            layer_.attributes["p"] = static_cast<double>(dropout.probability);
        }
        void describe(const add_operation&) { is("add"); }
        void describe(const flatten_operation&) { is("flatten"); }

        void is(std::string_view type, std::initializer_list<std::pair<const char*, std::size_t>> counts = {})
        {
            layer_.type = type;
            for (const auto& [key, count] : counts)
                layer_.attributes[key] = static_cast<std::int64_t>(count);
        }

        void has(const projection& weights)
        {
            layer_.attributes["weight"] = weights.weight;
            if (!weights.bias.empty())
                layer_.attributes["bias"] = weights.bias;
        }

        void has(std::initializer_list<projection> all)
        {
            std::vector<std::string> names;
            for (const projection& weights : all)
                names.insert(names.end(), { weights.weight, weights.bias });
            layer_.attributes["tensors"] = std::move(names);
        }

        described_layer layer_;
    };

    /// Throws where a name would be read as one of the short forms of described_model.hpp.
    inline described_layer description_of(const layer& layer)
    {
        described_layer described = operation_description(layer.operation).take();
        described.name = layer.name;
        require(layer.name != "input of the block", "a layer called '", layer.name, "' cannot be described");
        described.attributes["kind"] = std::string(name_of(layer.kind));
        described.attributes["inputs"] = layer.inputs;
        return described;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// model_of() gives the same model from it and the same weights; every input is named.
    inline model_description description_of(const model& network)
    {
        const sample_shape input = network.input_shape();
        model_description description {
            {}, { static_cast<std::int64_t>(input.time), static_cast<std::int64_t>(input.features) }, {}
        };
        for (const layer& layer : network.layers())
            description.layers.push_back(detail::description_of(layer));
        return description;
    }
}
