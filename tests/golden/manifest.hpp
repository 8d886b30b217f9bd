// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Golden vectors on disk: the manifest of a family, its cases and their arrays (data/README.md has the layout).
///
/// The folder is that of the environment variable QUANTKIT_GOLDEN, else the project's own copy. Whatever is missing or
/// does not match the manifest throws.
#pragma once

#include "tolerance.hpp"

#include <quantkit/io/npy.hpp>

#include <nlohmann/json.hpp>

#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit::golden
{
    inline std::filesystem::path golden_folder()
    {
        const char* const chosen = std::getenv("QUANTKIT_GOLDEN");
        return chosen == nullptr || *chosen == '\0' ? QUANTKIT_GOLDEN_DEFAULT : chosen;
    }

    inline values to_values(const npy_array& array)
    {
        switch (array.dtype)
        {
        case data_type::float32:
            return to_values(array.as<float>());
        case data_type::float64:
            return to_values(array.as<double>());
        case data_type::int8:
            return to_values(array.as<std::int8_t>());
        case data_type::uint8:
            return to_values(array.as<std::uint8_t>());
        case data_type::int32:
            return to_values(array.as<std::int32_t>());
        default:
            throw std::invalid_argument("golden vectors do not hold " + std::string(name_of(array.dtype)));
        }
    }

    class test_case
    {
    public:
        test_case(std::filesystem::path folder, nlohmann::json description)
            : folder_(std::move(folder))
            , description_(std::move(description))
        {
        }

        std::string name() const { return description_.at("name"); }
        std::string op() const { return description_.at("op"); }

        bool has_tag(std::string_view tag) const
        {
            const auto tags = description_.value("tags", std::vector<std::string>());
            return std::find(tags.begin(), tags.end(), tag) != tags.end();
        }

        template <class T>
        T attr(const char* name) const
        {
            return description_.at("attrs").at(name).get<T>();
        }

        bool has_input(const char* name) const { return description_.at("inputs").contains(name); }
        bool has_aux(const char* name) const
        {
            return description_.contains("aux") && description_["aux"].contains(name);
        }
        bool has_output(const char* name) const { return description_.at("outputs").contains(name); }

        npy_array input(const std::string& name) const { return load(description_.at("inputs").at(name)); }
        npy_array aux(const std::string& name) const { return load(description_.at("aux").at(name)); }
        npy_array output(const std::string& name) const { return load(description_.at("outputs").at(name)); }

        std::set<std::string> output_names() const
        {
            std::set<std::string> names;
            for (const auto& [name, output] : description_.at("outputs").items())
                names.insert(name);
            return names;
        }

        tolerance tolerance_of(const std::string& name) const
        {
            const nlohmann::json& output = description_.at("outputs").at(name);
            const nlohmann::json& json = output.at("tolerance");
            tolerance t;
            t.kind = json.at("kind");
            t.max = t.kind == "ulp" || t.kind == "lsb" ? json.at("max").get<double>() : 0.0;
            t.atol = t.kind == "close" ? json.at("atol").get<double>() : 0.0;
            t.rtol = t.kind == "close" || t.kind == "total" ? json.at("rtol").get<double>() : 0.0;
            t.max_fraction = t.kind == "l1" ? json.at("max_fraction").get<double>() : 0.0;
            t.row_length = output.at("shape").back();
            if (json.contains("nan") && output.at("dtype") != "float32") // codes
                t.largest_number = op().find("bfloat16") != std::string::npos ? 0x7f80 : 0x7c00;
            t.mask = json.contains("mask") ? to_values(aux(json["mask"])) : values();
            t.exact_mask = json.contains("exact_mask") ? to_values(aux(json["exact_mask"])) : values();
            return t;
        }

    private:
        npy_array load(const nlohmann::json& entry) const
        {
            npy_array array = read_npy(folder_ / entry.at("file").get<std::string>());
            const auto shape = entry.at("shape").get<std::vector<std::ptrdiff_t>>();
            if (name_of(array.dtype) != entry.at("dtype").get<std::string>()
                || !std::equal(shape.begin(), shape.end(), array.shape.begin(), array.shape.end()))
                throw std::runtime_error(entry.at("file").get<std::string>() + " does not match the manifest");
            return array;
        }

        std::filesystem::path folder_;
        nlohmann::json description_;
    };

    class family
    {
    public:
        explicit family(const std::string& name, const std::filesystem::path& folder = golden_folder())
        {
            const auto path = folder / name / "manifest.json";
            std::ifstream stream(path);
            if (!stream)
                throw std::runtime_error("cannot open " + path.string());
            const nlohmann::json manifest = nlohmann::json::parse(stream);
            if (manifest.at("format") != 1 || manifest.at("family") != name
                || manifest.at("count") != manifest.at("cases").size())
                throw std::runtime_error(path.string() + " has another format, family or count than its cases");
            for (const nlohmann::json& description : manifest.at("cases"))
                cases_.emplace_back(folder / name, description);
        }

        std::vector<test_case> cases(std::string_view op) const
        {
            std::vector<test_case> chosen;
            for (const test_case& each : cases_)
                if (each.op() == op)
                    chosen.push_back(each);
            return chosen;
        }

        /// How many cases each op has.
        std::map<std::string, std::size_t> ops() const
        {
            std::map<std::string, std::size_t> counts;
            for (const test_case& each : cases_)
                ++counts[each.op()];
            return counts;
        }

    private:
        std::vector<test_case> cases_;
    };
}
