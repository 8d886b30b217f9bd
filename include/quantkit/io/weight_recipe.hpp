// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Weights that a file describes instead of holding them: a seed, and for each tensor the distribution of its values.
///
///     "generator": { "algorithm": "splitmix64", "seed": 57,
///                    "sinusoidal": { "name": "pos.table", "shape": [96, 256] },
///                    "tensors": [ { "name": "fc.weight", "shape": [10, 784], "uniform": 0.0357 },
///                                 { "name": "norm.bias", "shape": [64], "constant": 0.0 }, ... ] }
///
/// The same keys describe inputs, under another name than "generator".
#pragma once

#include <quantkit/core/tensor_view.hpp>
#include <quantkit/io/data_type.hpp>
#include <quantkit/io/file.hpp>
#include <quantkit/io/io_error.hpp>
#include <quantkit/io/json_number.hpp>
#include <quantkit/io/parse_json.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit
{
    /// Uniform in [-uniform, uniform), or equal to constant.
    struct described_tensor
    {
        std::string name;
        tensor_shape shape;
        std::optional<double> uniform;
        double constant = 0.0;
    };

    /// One stream of numbers fills the tensors in this order; constants take none of it.
    struct weight_recipe
    {
        std::uint64_t seed = 0;
        std::vector<described_tensor> tensors;
        std::optional<described_tensor> sinusoidal; ///< a table of positions, see sinusoidal_table()
    };

    namespace detail
    {
        inline tensor_shape described_shape_of(const nlohmann::json& json)
        {
            tensor_shape shape;
            for (const nlohmann::json& extent : json)
            {
                const auto value = natural_number(extent, "an extent");
                require(std::in_range<std::ptrdiff_t>(value), "an extent of ", value, " is too large");
                shape.push_back(static_cast<std::ptrdiff_t>(value));
            }
            require(byte_count(shape, data_type::float32).has_value(), "the shape ", shape, " has too many elements");
            return shape;
        }

        inline described_tensor described_tensor_of(const nlohmann::json& json)
        {
            described_tensor tensor { json.at("name").get<std::string>(), described_shape_of(json.at("shape")),
                                      std::nullopt };
            if (json.contains("uniform"))
                tensor.uniform = json["uniform"].get<double>();
            else if (json.contains("constant"))
                tensor.constant = json["constant"].get<double>();
            return tensor;
        }

        inline weight_recipe recipe_of(const nlohmann::json& json)
        {
            if (json.at("algorithm") != "splitmix64")
                throw_io("the algorithm of a recipe must be splitmix64, but is ", json["algorithm"].dump());
            weight_recipe recipe { natural_number<std::uint64_t>(json.at("seed"), "a seed"), {}, std::nullopt };
            for (const nlohmann::json& tensor : json.at("tensors"))
                recipe.tensors.push_back(described_tensor_of(tensor));
            if (json.contains("sinusoidal"))
                recipe.sinusoidal = described_tensor_of(json["sinusoidal"]);
            return recipe;
        }
    }

    /// The recipe under a key of JSON. Throws io_error, naming the source, unless there is one.
    inline weight_recipe parse_weight_recipe(std::string_view text, std::string_view key = "generator",
                                             std::string_view source = "the recipe")
    {
        try
        {
            return detail::recipe_of(detail::parse_json<nlohmann::json>(text).at(std::string(key)));
        }
        catch (const nlohmann::json::exception& error)
        {
            detail::throw_io(source, ": ", error.what());
        }
        catch (const std::invalid_argument& error)
        {
            detail::throw_io(source, ": ", detail::without_prefix(error.what()));
        }
    }

    /// The same of a JSON file. Throws io_error with the path.
    inline weight_recipe read_weight_recipe(const std::filesystem::path& path, std::string_view key = "generator")
    {
        const file_bytes file(path);
        const auto bytes = file.bytes();
        return parse_weight_recipe({ reinterpret_cast<const char*>(bytes.data()), bytes.size() }, key,
                                   detail::in_quotes(path.string()));
    }
}
