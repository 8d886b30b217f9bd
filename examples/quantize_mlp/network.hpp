// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The trained network in float, read from its safetensors file.
#pragma once

#include <quantkit/io/safetensors.hpp>
#include <quantkit/tensor/types.hpp>

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace demo
{
    /// y = x * weight^T + bias, then max(y, 0) where relu is set.
    struct dense_layer
    {
        quantkit::matrix_f weight; // [out_features, in_features]
        quantkit::vector_f bias;   // [out_features]
        bool relu = false;
    };

    using network = std::vector<dense_layer>;

    /// A tensor [rows, columns], or [rows] as one column.
    inline quantkit::matrix_f read_matrix(const quantkit::named_tensor& tensor)
    {
        const std::size_t rank = tensor.shape.rank();
        if (rank != 1 && rank != 2)
            throw std::runtime_error("tensor " + tensor.name + " is neither a vector nor a matrix");
        return Eigen::Map<const quantkit::matrix_f>(tensor.as<float>().data(), tensor.shape[0],
                                                    rank == 1 ? 1 : tensor.shape[1]);
    }

    /// Layers fc.0, fc.1, ... with a ReLU after each but the last.
    inline network load_network(const std::filesystem::path& path)
    {
        const quantkit::safetensors_file file(path);
        network layers;
        for (std::string name = "fc.0"; file.contains(name + ".weight"); name = "fc." + std::to_string(layers.size()))
            layers.push_back(
                { read_matrix(file.tensor(name + ".weight")), read_matrix(file.tensor(name + ".bias")), true });
        if (layers.empty())
            throw std::runtime_error(path.string() + " has no tensor fc.0.weight");
        layers.back().relu = false;
        return layers;
    }

    inline std::size_t float_bytes(const network& layers)
    {
        std::size_t count = 0;
        for (const dense_layer& layer : layers)
            count += static_cast<std::size_t>(layer.weight.size() + layer.bias.size());
        return count * sizeof(float);
    }
}
