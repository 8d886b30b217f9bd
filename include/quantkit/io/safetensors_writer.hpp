// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Writes safetensors files (io/safetensors.hpp describes the format).
#pragma once

#include <quantkit/io/atomic_file.hpp>
#include <quantkit/io/named_tensor.hpp>
#include <quantkit/io/safetensors_header.hpp>

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit
{
    namespace detail
    {
        /// The order in the file: large elements first, so that all are aligned; then by name.
        inline std::vector<const named_tensor*> in_file_order(std::span<const named_tensor> tensors)
        {
            std::vector<const named_tensor*> ordered;
            for (const named_tensor& tensor : tensors)
                ordered.push_back(&tensor);
            const auto rank = [](const named_tensor* tensor)
            { return std::pair(8 - size_of(tensor->dtype), std::string_view(tensor->name)); };
            std::sort(ordered.begin(), ordered.end(),
                      [&](const auto* left, const auto* right) { return rank(left) < rank(right); });
            return ordered;
        }

        inline std::string json_text(std::string_view text)
        {
            try
            {
                return nlohmann::json(std::string(text)).dump();
            }
            catch (const nlohmann::json::exception&)
            {
                throw_invalid("safetensors names and metadata must be UTF-8, which ", in_quotes(text), " is not");
            }
        }

        inline std::string_view safetensors_name_of(data_type dtype)
        {
            return std::find_if(safetensors_types.begin(), safetensors_types.end(),
                                [&](const auto& type) { return type.second == dtype; })
                ->first;
        }

        /// Length and header of a file, padded so that the data begins at a multiple of 8. Entries in file order.
        inline std::string safetensors_head(std::span<const safetensors_entry> entries,
                                            const std::map<std::string, std::string>& metadata)
        {
            std::string members;
            const auto add = [&](std::string_view name, std::string_view value)
            { members += concat(members.empty() ? "" : ",", json_text(name), ":", value); };
            for (const auto& [key, text] : metadata)
                add(key, json_text(text));
            if (!metadata.empty())
                members = concat("\"", safetensors_metadata, "\":{", members, "}");
            std::set<std::string_view> names { safetensors_metadata };
            for (const safetensors_entry& entry : entries)
            {
                require(names.insert(entry.name).second, "the tensor name ", in_quotes(entry.name),
                        " is repeated or reserved");
                add(entry.name, concat("{\"dtype\":\"", safetensors_name_of(entry.dtype), "\",\"shape\":",
                                       to_text(entry.shape), ",\"data_offsets\":[", entry.begin, ",", entry.end, "]}"));
            }
            std::string header = "{" + members + "}";
            header.append((8 - header.size() % 8) % 8, ' ');
            require(header.size() <= safetensors_max_header, "a safetensors header of ", header.size(),
                    " bytes is longer than the allowed ", safetensors_max_header);
            const std::uint64_t size = header.size();
            std::string length;
            for (std::size_t i = 0; i < safetensors_length_bytes; ++i)
                length += static_cast<char>(size >> (8 * i) & 0xff);
            return length + header;
        }
    }

    /// The same tensors and metadata give the same bytes, whatever their order. Replaces the file only on success.
    ///
    /// Throws std::invalid_argument for a repeated or reserved name, text that is not UTF-8 and bytes that do not fill
    /// a shape; io_error with path and reason when writing fails.
    inline void write_safetensors(const std::filesystem::path& path, std::span<const named_tensor> tensors,
                                  const std::map<std::string, std::string>& metadata = {})
    {
        const auto ordered = detail::in_file_order(tensors);
        std::vector<detail::safetensors_entry> entries;
        std::size_t end = 0;
        for (const named_tensor* tensor : ordered)
        {
            detail::require_fitting(tensor->shape, tensor->dtype, tensor->bytes.size(),
                                    "tensor " + detail::in_quotes(tensor->name));
            const std::size_t begin = std::exchange(end, end + tensor->bytes.size());
            entries.push_back({ tensor->name, tensor->dtype, tensor->shape, begin, end });
        }
        const std::string head = detail::safetensors_head(entries, metadata);
        atomic_file file(path);
        file.write(std::as_bytes(std::span(head)));
        for (const named_tensor* tensor : ordered)
            file.write(tensor->bytes);
        file.commit();
    }
}
