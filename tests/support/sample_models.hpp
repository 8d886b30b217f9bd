// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Small models that have every kind of layer between them, with weights, and inputs for them.
#pragma once

#include "random.hpp"

#include <quantkit/model/initial_weights.hpp>
#include <quantkit/model/model_builder.hpp>
#include <quantkit/tensor/types.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace quantkit::test
{
    inline model initialized(const model_builder& builder, sample_shape input, std::uint64_t seed = 1)
    {
        return builder.build(initial_weights(builder.layers(), input, seed));
    }

    inline matrix_f random_input(const model& network, std::size_t batch, std::uint64_t seed = 7)
    {
        const sample_shape shape = network.input_shape();
        const std::vector<float> values = random_floats(batch * shape.size(), seed, -2.0f, 2.0f);
        return Eigen::Map<const matrix_f>(values.data(), static_cast<Eigen::Index>(batch * shape.time),
                                          static_cast<Eigen::Index>(shape.features));
    }

    inline model sample_mlp()
    {
        const sample_shape input { .features = 9 };
        return initialized(model_builder(input)
                               .linear("stem", 9, 16)
                               .linear("fc1", 16, 16)
                               .activation("relu", activation_function::relu)
                               .linear("fc2", 16, 16)
                               .add("add", "stem")
                               .activation("identity", activation_function::none)
                               .linear("head", 16, 5)
                               .kind(layer_kind::output_projection)
                               .softmax("softmax"),
                           input);
    }

    inline model sample_encoder()
    {
        const sample_shape input { 11, 6 };
        return initialized(model_builder(input)
                               .conv1d("embed", { .in_channels = 6, .out_channels = 16, .kernel = 3, .padding = 1 })
                               .kind(layer_kind::embedding)
                               .positional_encoding("pos")
                               .attention("attn", 16, 2)
                               .dropout("attn.dropout", 0.1f)
                               .layer_norm("norm1", 16, "pos", 1e-6f)
                               .feed_forward("ffn", 16, 24, "act", activation_function::gelu)
                               .layer_norm("norm2", 16, "norm1")
                               .conv1d("conv", { .in_channels = 16,
                                                 .out_channels = 8,
                                                 .kernel = 3,
                                                 .stride = 2,
                                                 .padding = 2,
                                                 .dilation = 2,
                                                 .mode = padding_mode::circular })
                               .pooling("pool", { pooling_function::max, 3, 2, 1 })
                               .linear("head", 8, 3, time_steps::last),
                           input);
    }

    /// Sparse attention, means, flattening, a sigmoid and a layer that reads the input again.
    inline model sample_branches()
    {
        const sample_shape input { 6, 8 };
        return initialized(model_builder(input)
                               .attention("attn", 8, 2, 2)
                               .add("sum", model_input)
                               .pooling("means", { pooling_function::mean, 2, 2 })
                               .flatten("flat")
                               .linear("fc", 24, 8)
                               .activation("gate", activation_function::sigmoid)
                               .from(model_input)
                               .pooling("all", { pooling_function::mean })
                               .add("joined", "gate"),
                           input);
    }

    struct named_model
    {
        std::string name;
        model network;
    };

    inline std::vector<named_model> sample_models()
    {
        return { { "mlp", sample_mlp() }, { "encoder", sample_encoder() }, { "branches", sample_branches() } };
    }
}
