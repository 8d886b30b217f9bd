// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A safetensors file is refused, or its tensors lie in it and its header can be written again.
#pragma once

#include <quantkit/io/safetensors.hpp>

#include "fuzz/finding.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace quantkit::fuzz
{
    inline void check_safetensors_tensors(const safetensors_file& file)
    {
        std::uint64_t sum = 0; // reads every byte, which is what a sanitizer watches
        for (const auto& name : file.names())
        {
            const named_tensor& tensor = file.tensor(name);
            expect(byte_count(tensor.shape, tensor.dtype) == tensor.bytes.size(), "a tensor's bytes fill its shape");
            for (const std::byte byte : tensor.bytes)
                sum += std::to_integer<std::uint64_t>(byte);
        }
        static_cast<volatile std::uint64_t&>(sum) = sum;
    }

    inline void check_safetensors_header(const detail::safetensors_header& header)
    {
        const std::string head = detail::safetensors_head(header.entries, header.metadata);
        std::vector<std::byte> bytes;
        for (const char c : head)
            bytes.push_back(static_cast<std::byte>(c));
        bytes.insert(bytes.end(), header.data.begin(), header.data.end());
        const detail::safetensors_header again = detail::parse_safetensors_header(bytes, "the header written again");
        expect(again.metadata == header.metadata, "metadata survive writing");
        expect(again.entries.size() == header.entries.size(), "all tensors survive writing");
        for (std::size_t i = 0; i < again.entries.size(); ++i)
            expect(again.entries[i].name == header.entries[i].name && again.entries[i].dtype == header.entries[i].dtype
                       && again.entries[i].shape == header.entries[i].shape
                       && again.entries[i].begin == header.entries[i].begin
                       && again.entries[i].end == header.entries[i].end,
                   "name, type, shape and place survive writing");
    }

    inline void try_safetensors(std::span<const std::byte> input)
    {
        detail::safetensors_header header;
        if (!accepted([&] { header = detail::parse_safetensors_header(input, "the input"); }))
            return;
        check_safetensors_header(header);
        check_safetensors_tensors(safetensors_file(std::vector<std::byte>(input.begin(), input.end())));
    }
}
