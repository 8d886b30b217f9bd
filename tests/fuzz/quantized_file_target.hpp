// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A file of a quantized model is refused, or the model survives being written.
///
/// An input that begins with '{' describes a file, in which more changes are still a file than in the file itself:
///
///     { "metadata": { key: text or the object that is written as one, ... },
///       "tensors": [[name, type as in safetensors, shape, value of all elements], ...] }
#pragma once

#include <quantkit/io/json_number.hpp>
#include <quantkit/io/safetensors.hpp>
#include <quantkit/model/quantized_file.hpp>

#include "fuzz/finding.hpp"
#include "io/temporary_folder.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit::fuzz
{
    /// A number as an element of the type; of 16-bit floats the upper half of a float, which is a bfloat16.
    inline std::vector<std::byte> element_bytes(data_type dtype, double value)
    {
        const auto real = static_cast<float>(value);
        const auto code = static_cast<std::int64_t>(std::clamp(value, -0x1p31, 0x1p31));
        std::vector<std::byte> bytes(size_of(dtype));
        if (dtype == data_type::float32)
            std::memcpy(bytes.data(), &real, bytes.size());
        else if (dtype == data_type::float16 || dtype == data_type::bfloat16)
            std::memcpy(bytes.data(), reinterpret_cast<const std::byte*>(&real) + 2, bytes.size());
        else
            std::memcpy(bytes.data(), &code, bytes.size());
        return bytes;
    }

    /// Tensors one after the other.
    class described_file
    {
    public:
        explicit described_file(const nlohmann::json& description)
        {
            for (const auto& [key, value] : description.at("metadata").items())
                metadata_[key] = value.is_string() ? value.get<std::string>() : value.dump();
            for (const nlohmann::json& tensor : description.at("tensors"))
                add(tensor);
        }

        std::vector<std::byte> bytes() const
        {
            const std::string head = detail::safetensors_head(entries_, metadata_);
            const auto begin = std::as_bytes(std::span(head));
            std::vector<std::byte> all(begin.begin(), begin.end());
            all.insert(all.end(), data_.begin(), data_.end());
            return all;
        }

    private:
        void add(const nlohmann::json& tensor)
        {
            constexpr std::size_t most_bytes = std::size_t { 1 } << 16;
            const auto type = tensor.at(1).get<std::string>();
            const auto found = std::find_if(detail::safetensors_types.begin(), detail::safetensors_types.end(),
                                            [&](const auto& each) { return each.first == type; });
            require(found != detail::safetensors_types.end(), "no type");
            tensor_shape shape;
            for (const nlohmann::json& extent : tensor.at(2))
                shape.push_back(detail::natural_number<std::uint16_t>(extent, "an extent"));
            const std::size_t size = byte_count(shape, found->second).value_or(most_bytes + 1);
            require(data_.size() + size <= most_bytes, "too large to be searched");
            entries_.push_back(
                { tensor.at(0).get<std::string>(), found->second, shape, data_.size(), data_.size() + size });
            const std::vector<std::byte> element = element_bytes(found->second, tensor.at(3).get<double>());
            for (std::size_t at = 0; at < size; ++at)
                data_.push_back(element[at % element.size()]);
        }

        std::map<std::string, std::string> metadata_;
        std::vector<detail::safetensors_entry> entries_;
        std::vector<std::byte> data_;
    };

    /// Nothing if the input describes no file.
    inline std::optional<std::vector<std::byte>> file_of(std::span<const std::byte> input)
    {
        if (!text_of(input).starts_with('{'))
            return std::vector<std::byte>(input.begin(), input.end());
        std::optional<std::vector<std::byte>> file;
        try
        {
            accepted([&] { file = described_file(nlohmann::json::parse(text_of(input))).bytes(); });
        }
        catch (const nlohmann::json::exception&)
        {
        }
        return file;
    }

    inline void check_quantized_model(const quantized_model& quantized)
    {
        const test::temporary_folder folder;
        save_quantized(folder / "first", quantized);
        const quantized_model again = load_quantized(folder / "first");
        expect(again.plan.otherwise == quantized.plan.otherwise && again.plan.layers == quantized.plan.layers,
               "the plan survives writing");
        expect(again.outputs == quantized.outputs, "qparams of results survive writing");
        save_quantized(folder / "second", again);
        const file_bytes first(folder / "first"), second(folder / "second");
        expect(std::ranges::equal(first.bytes(), second.bytes()), "a model that was read is written as it was");
    }

    inline quantized_model read_in_memory(std::vector<std::byte> file)
    {
        return detail::quantized_file_reader(safetensors_file(std::move(file)), "the input").read();
    }

    inline void try_quantized_file(std::span<const std::byte> input)
    {
        std::optional<std::vector<std::byte>> file = file_of(input);
        std::optional<quantized_model> quantized;
        if (!file)
            return;
        if (accepted([&] { quantized = read_in_memory(std::move(*file)); }))
            check_quantized_model(*quantized);
    }
}
