// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A description as JSON: the inverse of parse_model_description() and parse_attributes().
///
/// What was parsed and is written again means the same; what was written is parsed and written again to the same bytes,
/// floating-point numbers included (the shortest decimal that reads back exactly).
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/io/io_error.hpp>
#include <quantkit/io/model_description.hpp>

#include <nlohmann/json.hpp>

#include <cmath>
#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <variant>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline nlohmann::json json_of(const described_attributes& attributes)
    {
        nlohmann::json json = nlohmann::json::object();
        for (const auto& [key, attribute] : attributes)
        {
            const auto* number = std::get_if<double>(&attribute);
            require(number == nullptr || std::isfinite(*number), "JSON has no number for ", in_quotes(key),
                    ", which is ", number == nullptr ? 0.0 : *number);
            json[key] = std::visit([](const auto& value) { return nlohmann::json(value); }, attribute);
        }
        return json;
    }

    inline std::string text_of(const nlohmann::json& json, std::string_view owner)
    {
        try
        {
            return json.dump();
        }
        catch (const nlohmann::json::exception& error)
        {
            throw_invalid(owner, " must be text in UTF-8: ", error.what());
        }
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Throws std::invalid_argument for a number that is not finite and for text that is not UTF-8.
    inline std::string json_text_of(const described_attributes& attributes)
    {
        return detail::text_of(detail::json_of(attributes), "attributes");
    }

    /// Name and type of a layer are those of its members, whatever its attributes of these names say. Throws as above.
    inline std::string json_text_of(const model_description& description)
    {
        nlohmann::json layers = nlohmann::json::array();
        for (const described_layer& layer : description.layers)
        {
            nlohmann::json json = detail::json_of(layer.attributes);
            json["name"] = layer.name;
            json["type"] = layer.type;
            layers.push_back(std::move(json));
        }
        nlohmann::json shape { "batch" };
        for (const std::int64_t extent : description.input_shape)
            shape.push_back(extent);
        return detail::text_of(
            { { "name", description.name }, { "input_shape", std::move(shape) }, { "layers", std::move(layers) } },
            "a description");
    }
}
