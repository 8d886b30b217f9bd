// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model from two files: its layers (JSON) and its weights (safetensors).
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/half.hpp>
#include <quantkit/io/model_description.hpp>
#include <quantkit/io/safetensors.hpp>
#include <quantkit/model/described_model.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/weight_set.hpp>

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline std::vector<float> floats_of(const named_tensor& tensor)
    {
        if (tensor.dtype == data_type::float32)
        {
            const auto values = tensor.as<float>();
            return { values.begin(), values.end() };
        }
        require(tensor.dtype == data_type::float16 || tensor.dtype == data_type::bfloat16, "the weight '", tensor.name,
                "' holds ", name_of(tensor.dtype), "; weights are float32, float16 or bfloat16");
        std::vector<float> values;
        for (const std::uint16_t bits : tensor.as<std::uint16_t>())
            values.push_back(tensor.dtype == data_type::float16 ? half_to_float(bits) : bfloat16_to_float(bits));
        return values;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// All tensors of a file, in float. Throws where one is not float32, float16 or bfloat16.
    inline weight_set weights_of(const safetensors_file& file)
    {
        weight_set weights;
        for (const std::string& name : file.names())
        {
            const named_tensor& tensor = file.tensor(name);
            weights.add(name, tensor.shape, detail::floats_of(tensor));
        }
        return weights;
    }

    /// Throws io_error for files that cannot be read, std::invalid_argument for a model that does not fit together.
    inline model read_model(const std::filesystem::path& graph, const std::filesystem::path& weights,
                            const std::string& output = {})
    {
        return model_of(read_model_description(graph), weights_of(safetensors_file(weights)), output);
    }
}
