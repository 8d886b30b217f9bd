// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A sensitivity analysis from the JSON that sensitivity_json.hpp describes.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/io/file.hpp>
#include <quantkit/io/json_number.hpp>
#include <quantkit/io/parse_json.hpp>
#include <quantkit/model/layer_kind.hpp>
#include <quantkit/report/sensitivity_json.hpp>
#include <quantkit/sensitivity/choice.hpp>
#include <quantkit/sensitivity/sensitivity_level.hpp>
#include <quantkit/sensitivity/sensitivity_result.hpp>

#include <nlohmann/json.hpp>

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Members of a result's JSON; what is missing or of another type throws nlohmann's exceptions, what cannot be
    /// right std::invalid_argument.
    class sensitivity_reader
    {
    public:
        explicit sensitivity_reader(const nlohmann::ordered_json& all)
            : all_(all)
        {
        }

        /// Once: the result is moved out.
        sensitivity_result read()
        {
            const json& schema = all_.at("schema");
            require(schema == sensitivity_schema, "its schema is ", schema.dump(), ", readable is ",
                    sensitivity_schema);
            all_.at("model").get_to(result_.model);
            result_.seed = natural_number<std::uint64_t>(all_.at("seed"), "seed");
            result_.data_digest = digest_member("data_digest");
            for (const auto& [name, value] : all_.at("options").items())
                result_.options.push_back({ name, value.get<std::string>() });
            result_.table = table();
            result_.priors = priors();
            for (const auto& each : all_.at("disagreements"))
                result_.disagreements.push_back(read_disagreement(each));
            for (const auto& each : all_.at("plans"))
                result_.plans.push_back(plan(each));
            for (const auto& each : all_.at("interactions"))
                result_.interactions.push_back(interaction(each));
            require(digest_member("digest") == digest_of(result_).value(), "its digest is ",
                    all_.at("digest").get<std::string>(), ", but that of what it holds is ", digest_of(result_).text());
            return std::move(result_);
        }

    private:
        using json = nlohmann::ordered_json;

        static double number(const json& value)
        {
            constexpr double infinity = std::numeric_limits<double>::infinity();
            if (!value.is_string())
                return value.get<double>();
            const auto text = value.get<std::string>();
            require(text == "inf" || text == "-inf" || text == "nan", "'", text, "' is no number");
            return text == "nan" ? std::numeric_limits<double>::quiet_NaN() : text == "inf" ? infinity : -infinity;
        }

        /// The value, of those up to the last one, that has this name.
        template <class Enum>
        static Enum named(const json& value, Enum last)
        {
            const auto name = value.get<std::string>();
            for (int i = 0; i <= static_cast<int>(last); ++i)
                if (name_of(static_cast<Enum>(i)) == name)
                    return static_cast<Enum>(i);
            throw_invalid("there is no '", name, "'");
        }

        std::uint64_t digest_member(const char* key) const
        {
            const auto text = all_.at(key).get<std::string>();
            std::uint64_t value = 0;
            const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
            require(text.size() == 16 && error == std::errc {} && end == text.data() + text.size(), key, " is '", text,
                    "', not 16 hexadecimal digits");
            return value;
        }

        sensitivity_table table() const
        {
            std::vector<layer_facts> layers;
            for (const auto& layer : all_.at("layers"))
                layers.push_back({ layer.at("name").get<std::string>(),
                                   named(layer.at("kind"), static_cast<layer_kind>(layer_kind_names.size() - 1)),
                                   natural_number(layer.at("parameters"), "parameters"),
                                   natural_number(layer.at("multiplications"), "multiplications") });
            std::vector<candidate> candidates;
            for (const auto& name : all_.at("candidates"))
                candidates.push_back({ name.get<std::string>() });
            std::vector<std::size_t> block_samples;
            for (const auto& samples : all_.at("block_samples"))
                block_samples.push_back(natural_number(samples, "block_samples"));
            sensitivity_table table(all_.at("metric").get<std::string>(), std::move(layers), std::move(candidates),
                                    std::move(block_samples));
            for (std::size_t i = 0; i < table.layers().size(); ++i)
            {
                const json& entries = all_.at("layers")[i].at("entries");
                require(entries.size() == table.candidates().size(), "layer '", table.layers()[i].name, "' has ",
                        entries.size(), " entries for ", table.candidates().size(), " candidates");
                for (std::size_t choice = 0; choice < entries.size(); ++choice)
                    if (!entries[choice].is_null())
                        table.at(i, choice) = entry(entries[choice], table, i);
            }
            return table;
        }

        static sensitivity_entry entry(const json& value, const sensitivity_table& table, std::size_t layer)
        {
            sensitivity_entry result;
            result.allowed = true;
            for (const auto& error : value.at("block_errors"))
                result.block_errors.push_back(number(error));
            require(result.block_errors.size() <= table.block_samples().size(), "layer '", table.layers()[layer].name,
                    "' has errors of ", result.block_errors.size(), " blocks of ", table.block_samples().size());
            result.error = number(value.at("error"));
            result.interval = { number(value.at("low")), number(value.at("high")) };
            value.at("settled").get_to(result.settled);
            result.bytes = natural_number(value.at("bytes"), "bytes");
            if (value.contains("microseconds"))
                result.microseconds = number(value.at("microseconds"));
            if (value.contains("microseconds_error"))
                result.microseconds_error = number(value.at("microseconds_error"));
            return result;
        }

        std::vector<layer_prior> priors() const
        {
            std::vector<layer_prior> found;
            for (const auto& layer : all_.at("layers"))
                if (layer.contains("prior"))
                {
                    const json& prior = layer.at("prior");
                    found.push_back({ number(prior.at("theory")), number(prior.at("importance")),
                                      number(prior.at("empirical")), number(prior.at("total")),
                                      named(prior.at("level"), sensitivity_level::high),
                                      named(prior.at("advice"), precision_advice::int8),
                                      prior.at("reasons").get<std::vector<std::string>>() });
                }
            require(found.empty() || found.size() == all_.at("layers").size(), "there are ", all_.at("layers").size(),
                    " layers, but ", found.size(), " priors");
            return found;
        }

        disagreement read_disagreement(const json& value) const
        {
            disagreement result;
            result.layer = layer(value.at("layer"));
            result.name = result_.table.layers()[result.layer].name;
            result.kind = result_.table.layers()[result.layer].kind;
            result.prior = named(value.at("prior"), sensitivity_level::high);
            result.measured = named(value.at("measured"), sensitivity_level::high);
            result.error = number(value.at("error"));
            result.interval = { number(value.at("low")), number(value.at("high")) };
            value.at("settled").get_to(result.settled);
            result.share = number(value.at("share"));
            result.rank = natural_number(value.at("rank"), "rank");
            value.at("text").get_to(result.text);
            return result;
        }

        planned_model plan(const json& value) const
        {
            const json& predicted = value.at("predicted");
            planned_model result;
            value.at("name").get_to(result.name);
            result.status = named(value.at("status"), plan_status::unknown);
            result.lower_bound = number(value.at("lower_bound"));
            result.predicted = { number(predicted.at("error")), natural_number(predicted.at("bytes"), "bytes"),
                                 number(predicted.at("microseconds")) };
            for (const layer_facts& facts : result_.table.layers())
                result.plan.push_back(choice(value.at("choices").at(facts.name)));
            for (const auto& [name, measured] : value.at("measured").items())
                result.measured.push_back({ name, number(measured) });
            for (const auto& repair : value.at("repairs"))
                result.repairs.push_back(
                    { layer(repair.at("layer")), choice(repair.at("from")), choice(repair.at("to")) });
            return result;
        }

        pair_interaction interaction(const json& value) const
        {
            return { layer(value.at("first")),          layer(value.at("second")), choice(value.at("first_choice")),
                     choice(value.at("second_choice")), number(value.at("sum")),   number(value.at("joint")) };
        }

        std::size_t layer(const json& value) const
        {
            const auto name = value.get<std::string>();
            for (std::size_t i = 0; i < result_.table.layers().size(); ++i)
                if (result_.table.layers()[i].name == name)
                    return i;
            throw_invalid("there is no layer '", name, "'");
        }

        std::size_t choice(const json& value) const
        {
            return index_of(result_.table.candidates(), value.get<std::string>());
        }

        const json& all_;
        sensitivity_result result_; ///< what has been read so far
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// What json_text_of wrote: the same result, bit by bit. Throws std::invalid_argument, with what is wrong, for text
    /// that is no such result, of another schema, or whose digest is not that of what it holds.
    inline sensitivity_result sensitivity_from_json(std::string_view text)
    {
        std::string problem;
        try
        {
            const auto all = detail::parse_json<nlohmann::ordered_json>(text);
            return detail::sensitivity_reader(all).read();
        }
        catch (const nlohmann::ordered_json::exception& error)
        {
            problem = error.what();
        }
        catch (const std::invalid_argument& error)
        {
            problem = detail::without_prefix(error.what());
        }
        throw_invalid("a sensitivity result cannot be read: ", problem);
    }

    /// The same from a file. Throws io_error where it cannot be read.
    inline sensitivity_result read_sensitivity(const std::filesystem::path& path)
    {
        const file_bytes file(path, file_access::streamed);
        return sensitivity_from_json({ reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size() });
    }
}
