// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Weights from a recipe (io/weight_recipe.hpp): the same bits on every machine.
#pragma once

#include <quantkit/calibration/splitmix64.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/io/weight_recipe.hpp>
#include <quantkit/model/initial_weights.hpp>
#include <quantkit/model/weight_set.hpp>

#include <cstddef>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Each value is uniform * (u * 2^-23 - 1), u the upper 24 bits of the next number: one rounding.
    inline weight_set generated_weights(const weight_recipe& recipe)
    {
        splitmix64 random(recipe.seed);
        weight_set weights;
        for (const described_tensor& tensor : recipe.tensors)
        {
            std::vector<float> values(static_cast<std::size_t>(element_count(tensor.shape)),
                                      static_cast<float>(tensor.constant));
            if (tensor.uniform)
                for (float& value : values)
                    value = static_cast<float>(*tensor.uniform)
                            * (static_cast<float>(random.next() >> 40) * 0x1p-23f - 1.0f);
            weights.add(tensor.name, tensor.shape, std::move(values));
        }
        if (const auto& table = recipe.sinusoidal)
        {
            require(table->shape.rank() == 2, "a table of positions has two axes, not ", table->shape);
            weights.add(
                table->name, table->shape,
                sinusoidal_table(static_cast<std::size_t>(table->shape[0]), static_cast<std::size_t>(table->shape[1])));
        }
        return weights;
    }
}
