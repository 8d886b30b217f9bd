// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The layers of the 57-layer Informer (examples/informer_57) as facts: eight encoder layers between an embedding and
/// the output projection, four distilling convolutions and two pools.
#pragma once

#include <quantkit/sensitivity/layer_facts.hpp>

#include <string>
#include <utility>
#include <vector>

namespace quantkit::test
{
    inline std::vector<layer_facts> informer_inventory()
    {
        constexpr std::size_t width = 256, hidden = 512, steps = 96, features = 100, classes = 3;
        std::vector<layer_facts> layers;
        const auto add = [&](std::string name, layer_kind kind, std::size_t weights, std::size_t biases) {
            layers.push_back({ std::move(name), kind, weights + biases, weights * steps });
        };
        add("embed", layer_kind::embedding, 3 * features * width, width);
        add("pos", layer_kind::positional_encoding, 0, 0);
        for (int i = 0; i < 8; ++i)
        {
            const std::string encoder = "encoder." + std::to_string(i) + ".";
            add(encoder + "attn", layer_kind::attention_layers, 4 * width * width, 4 * width);
            add(encoder + "dropout", layer_kind::dropout, 0, 0);
            add(encoder + "norm1", layer_kind::layer_norm, 0, 2 * width);
            add(encoder + "ffn", layer_kind::feed_forward, 2 * width * hidden, width + hidden);
            add(encoder + "act", layer_kind::activation, 0, 0);
            add(encoder + "norm2", layer_kind::layer_norm, 0, 2 * width);
            const std::string number = std::to_string(i / 2);
            if (i % 2 == 1)
                add("distil." + number, layer_kind::conv_layers, 3 * width * width, width);
            if (i == 1 || i == 3)
                add("pool." + number, layer_kind::pooling, 0, 0);
        }
        add("head", layer_kind::output_projection, width * classes, classes);
        return layers;
    }
}
