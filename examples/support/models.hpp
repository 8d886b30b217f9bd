// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The models of the examples, from their files. `examples` is the folder of all examples.
#pragma once

#include <quantkit/io/model_description.hpp>
#include <quantkit/io/safetensors.hpp>
#include <quantkit/io/weight_recipe.hpp>
#include <quantkit/model/generated_weights.hpp>
#include <quantkit/model/model_builder.hpp>
#include <quantkit/model/model_file.hpp>

#include <filesystem>
#include <string>
#include <utility>

namespace demo
{
    /// 784 -> 100 -> 100 -> 10 with ReLU: logits of Fashion-MNIST's classes.
    inline quantkit::model fashion_mlp(const std::filesystem::path& examples)
    {
        using quantkit::activation_function;
        const quantkit::safetensors_file file(examples / "quantize_mlp/mlp_784_100_100_10.safetensors");
        return quantkit::model_builder({ .features = 784 })
            .linear("fc.0", 784, 100)
            .activation("relu.0", activation_function::relu)
            .linear("fc.1", 100, 100)
            .activation("relu.1", activation_function::relu)
            .linear("fc.2", 100, 10)
            .build(quantkit::weights_of(file));
    }

    /// 4 -> 256 -> 7 residual blocks -> 13 logits. Only the head is trained; the rest comes from a seed.
    inline quantkit::model weather_residual(const std::filesystem::path& examples)
    {
        const std::filesystem::path folder = examples / "weather/residual_4_256x7_13";
        quantkit::weight_set weights = quantkit::generated_weights(quantkit::read_weight_recipe(folder / "graph.json"));
        for (const auto& [name, tensor] : quantkit::weights_of(quantkit::safetensors_file(folder / "head.safetensors")))
            weights.add(name, tensor.shape, tensor.values);
        return model_of(quantkit::read_model_description(folder / "graph.json"), std::move(weights), "head");
    }

    /// [96, 20] -> 3 logits, 30 layers.
    inline quantkit::model weather_informer(const std::filesystem::path& examples)
    {
        const std::filesystem::path folder = examples / "weather/informer_small";
        return quantkit::read_model(folder / "graph.json", folder / "model.safetensors");
    }

    /// [96, 100] -> 3 logits, 57 layers, weights from a seed.
    inline quantkit::model informer_57(const std::filesystem::path& examples)
    {
        const std::filesystem::path graph = examples / "informer_57/graph.json";
        return model_of(quantkit::read_model_description(graph),
                        quantkit::generated_weights(quantkit::read_weight_recipe(graph)));
    }
}
