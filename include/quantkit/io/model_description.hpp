// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model's layers as a JSON file describes them: names, types and attributes, not yet understood.
///
///     { "name": "mlp", "input_shape": ["batch", 784],
///       "layers": [ { "name": "fc", "type": "linear", "in_features": 784, "out_features": 10,
///                     "weight": "fc.weight", "bias": "fc.bias" }, ... ] }
///
/// Which types and attributes there are, is documented in model/model_file.hpp. Unknown keys are kept or, where they
/// are neither a number, a text, a truth value nor a list of texts or of integers, passed over.
#pragma once

#include <quantkit/io/file.hpp>
#include <quantkit/io/io_error.hpp>
#include <quantkit/io/parse_json.hpp>

#include <nlohmann/json.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit
{
    /// What an attribute of a layer may be.
    using described_attribute =
        std::variant<bool, std::int64_t, double, std::string, std::vector<std::string>, std::vector<std::int64_t>>;

    /// By name.
    using described_attributes = std::map<std::string, described_attribute, std::less<>>;

    /// A layer as the file describes it; what its type and attributes mean is up to the reader
    /// (model/described_model.hpp).
    struct described_layer
    {
        std::string name, type;
        described_attributes attributes {}; ///< of a layer that was read, with its name and type
    };

    /// What a file says about a model, but for its weights.
    struct model_description
    {
        std::string name;
        std::vector<std::int64_t> input_shape; ///< of one sample: what follows the batch
        std::vector<described_layer> layers;
    };

    namespace detail
    {
        /// Reads a description; every error names the source.
        class description_parser
        {
        public:
            explicit description_parser(std::string source)
                : source_(std::move(source))
            {
            }

            model_description parse(std::string_view text) const
            {
                const nlohmann::json json = parsed(text);
                check(json.is_object(), "the description must be an object");
                const nlohmann::json& layers = member(json, "layers", "the description");
                check(layers.is_array(), "'layers' must be a list");
                model_description description { name_of_model(json), input_shape(json), {} };
                for (const nlohmann::json& layer : layers)
                    description.layers.push_back(parse_layer(layer, description.layers.size()));
                return description;
            }

            described_attributes parse_attributes(std::string_view text) const
            {
                const nlohmann::json json = parsed(text);
                check(json.is_object(), "the attributes must be an object");
                return attributes_of(json);
            }

        private:
            nlohmann::json parsed(std::string_view text) const
            {
                try
                {
                    return parse_json<nlohmann::json>(text);
                }
                catch (const nlohmann::json::exception& error)
                {
                    throw_io(source_, ": ", error.what());
                }
                catch (const std::invalid_argument& error)
                {
                    throw_io(source_, ": ", without_prefix(error.what()));
                }
            }

            static std::string name_of_model(const nlohmann::json& json)
            {
                const auto found = json.find("name");
                return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
            }

            std::vector<std::int64_t> input_shape(const nlohmann::json& json) const
            {
                const nlohmann::json& shape = member(json, "input_shape", "the description");
                check(shape.is_array() && shape.size() >= 2 && shape.size() <= 3,
                      "'input_shape' must be [\"batch\", features] or [\"batch\", time, features]");
                std::vector<std::int64_t> extents;
                for (std::size_t i = 1; i < shape.size(); ++i)
                {
                    check(shape[i].is_number_integer() && shape[i].get<std::int64_t>() > 0,
                          "'input_shape' must hold positive integers after the batch");
                    extents.push_back(shape[i].get<std::int64_t>());
                }
                return extents;
            }

            described_layer parse_layer(const nlohmann::json& json, std::size_t index) const
            {
                const std::string owner = concat("layer ", index);
                check(json.is_object(), owner, " must be an object");
                return { text(json, "name", owner), text(json, "type", owner), attributes_of(json) };
            }

            static described_attributes attributes_of(const nlohmann::json& json)
            {
                described_attributes attributes;
                for (const auto& [key, value] : json.items())
                    if (std::optional<described_attribute> attribute = attribute_of(value))
                        attributes.emplace(key, std::move(*attribute));
                return attributes;
            }

            std::string text(const nlohmann::json& json, const char* key, const std::string& owner) const
            {
                const nlohmann::json& value = member(json, key, owner);
                check(value.is_string() && !value.get_ref<const std::string&>().empty(), owner, ": '", key,
                      "' must be a text");
                return value.get<std::string>();
            }

            const nlohmann::json& member(const nlohmann::json& json, const char* key, const std::string& owner) const
            {
                const auto found = json.find(key);
                check(found != json.end(), owner, " has no '", key, "'");
                return *found;
            }

            static std::optional<described_attribute> attribute_of(const nlohmann::json& value)
            {
                if (value.is_boolean())
                    return value.get<bool>();
                if (value.is_number_integer())
                    return value.get<std::int64_t>();
                if (value.is_number())
                    return value.get<double>();
                if (value.is_string())
                    return value.get<std::string>();
                if (value.is_array() && all_of(value, &nlohmann::json::is_string))
                    return value.get<std::vector<std::string>>();
                if (value.is_array() && all_of(value, &nlohmann::json::is_number_integer))
                    return value.get<std::vector<std::int64_t>>();
                return std::nullopt;
            }

            static bool all_of(const nlohmann::json& list, bool (nlohmann::json::*is)() const noexcept)
            {
                for (const nlohmann::json& value : list)
                    if (!(value.*is)())
                        return false;
                return true;
            }

            template <class... Parts>
            void check(bool condition, const Parts&... parts) const
            {
                if (!condition)
                    throw_io(source_, ": ", parts...);
            }

            std::string source_;
        };
    }

    /// Throws io_error, naming the source, unless the text is a description.
    inline model_description parse_model_description(std::string_view text, std::string_view source = "the description")
    {
        return detail::description_parser(std::string(source)).parse(text);
    }

    /// One object of attributes by itself, such as one layer's. Throws io_error, naming the source, unless it is one.
    inline described_attributes parse_attributes(std::string_view text, std::string_view source = "the attributes")
    {
        return detail::description_parser(std::string(source)).parse_attributes(text);
    }

    /// Throws io_error with the path.
    inline model_description read_model_description(const std::filesystem::path& path)
    {
        const file_bytes file(path);
        const auto bytes = file.bytes();
        return parse_model_description({ reinterpret_cast<const char*>(bytes.data()), bytes.size() },
                                       detail::in_quotes(path.string()));
    }
}
