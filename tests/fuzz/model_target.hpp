// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A description of a model is refused, or survives being written; a model of it has a program.
///
/// Weights are made from a recipe under "generator", as the examples' files have it.
#pragma once

#include <quantkit/io/data_type.hpp>
#include <quantkit/io/model_description.hpp>
#include <quantkit/io/model_description_writer.hpp>
#include <quantkit/io/weight_recipe.hpp>
#include <quantkit/model/described_model.hpp>
#include <quantkit/model/generated_weights.hpp>
#include <quantkit/model/program.hpp>

#include "fuzz/finding.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>

namespace quantkit::fuzz
{
    /// Sizes that a machine can hold: more is no finding, only slow.
    inline bool is_small(const weight_recipe& recipe)
    {
        constexpr std::size_t most_bytes = std::size_t { 1 } << 22;
        std::size_t bytes = 0;
        const auto add = [&](const described_tensor& tensor)
        { bytes += std::min(byte_count(tensor.shape, data_type::float32).value_or(0), most_bytes); };
        for (const described_tensor& tensor : recipe.tensors)
            add(tensor);
        if (recipe.sinusoidal)
            add(*recipe.sinusoidal);
        return bytes < most_bytes;
    }

    inline void check_description(const model_description& description)
    {
        const model_description again = parse_model_description(json_text_of(description));
        expect(again.name == description.name && again.input_shape == description.input_shape
                   && again.layers.size() == description.layers.size(),
               "a description survives writing");
        for (std::size_t i = 0; i < again.layers.size(); ++i)
            expect(again.layers[i].name == description.layers[i].name
                       && again.layers[i].attributes == description.layers[i].attributes,
                   "names and attributes survive writing");
    }

    inline void try_model(std::span<const std::byte> input)
    {
        model_description description;
        if (!accepted([&] { description = parse_model_description(text_of(input)); }))
            return;
        check_description(description);
        weight_recipe recipe;
        if (!accepted([&] { recipe = parse_weight_recipe(text_of(input)); }) || !is_small(recipe))
            return;
        accepted(
            [&]
            {
                const model network = model_of(description, generated_weights(recipe));
                expect(!program_of(network).steps.empty(), "a model has a program");
            });
    }
}
