// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Random graphs of the layers that programs fuse or rename.
#pragma once

#include <quantkit/model/model.hpp>
#include <quantkit/model/model_builder.hpp>

#include "model/random_weights.hpp"
#include "support/random.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace quantkit::test
{
    /// Linear layers, activations, sums, dropouts, norms and flat copies of [2, 4] samples, which read any layer before
    /// them; what nobody reads is summed up at the end.
    inline model random_graph(std::uint64_t seed, int layers = 12)
    {
        random_bits bits(seed);
        model_builder builder({ 2, 4 });
        std::vector<std::string> names { model_input };
        const auto any = [&]
        {
            return names[static_cast<std::size_t>(bits.integer(static_cast<std::int64_t>(names.size()) / 2,
                                                               static_cast<std::int64_t>(names.size()) - 1))];
        };
        for (int i = 0; i < layers; ++i)
        {
            const std::string name = std::to_string(i);
            builder.from(any());
            switch (bits.integer(0, 6))
            {
            case 0:
            case 1:
                builder.linear(name, 4, 4);
                break;
            case 2:
                builder.activation(name, activation_function::tanh);
                break;
            case 3:
            case 4:
                builder.add(name, any());
                break;
            case 5:
                builder.dropout(name, 0.5f);
                break;
            default:
                builder.layer_norm(name, 4, any());
            }
            names.push_back(name);
        }
        std::vector<std::string> unread(names.begin() + 1, names.end());
        for (const layer& each : builder.layers())
            for (const std::string& name : each.inputs)
                std::erase(unread, name);
        builder.from(unread[0]);
        for (std::size_t i = 1; i < unread.size(); ++i)
            builder.add("sum" + std::to_string(i), unread[i]);
        return with_random_weights(builder, seed);
    }
}
