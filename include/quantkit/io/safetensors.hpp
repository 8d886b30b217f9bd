// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The safetensors format: named tensors in one file, read without copying.
///
///     header length (u64)  header (JSON, padded with spaces)  data
///
/// The header maps each name to { "dtype": "F32", "shape": [2, 3], "data_offsets": [begin, end] }, offsets in bytes
/// from the start of the data; "__metadata__" maps strings to strings. The tensors fill the data without gap or
/// overlap.
///
/// source  github.com/huggingface/safetensors
#pragma once

#include <quantkit/io/data_type.hpp>
#include <quantkit/io/file.hpp>
#include <quantkit/io/named_tensor.hpp>
#include <quantkit/io/safetensors_header.hpp>
#include <quantkit/io/safetensors_writer.hpp>

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit
{
    /// A safetensors file that passed every check of its header. Views stay valid as long as the object, also when it
    /// is moved.
    class safetensors_file
    {
    public:
        /// Throws io_error with the path, the tensor's name and the offending values.
        explicit safetensors_file(const std::filesystem::path& path, file_access access = file_access::mapped)
            : safetensors_file(file_bytes(path, access), detail::in_quotes(path.string()))
        {
        }

        /// A file that is in memory already; source names it in errors.
        explicit safetensors_file(std::vector<std::byte> bytes, std::string_view source = "the safetensors data")
            : safetensors_file(file_bytes(std::move(bytes)), std::string(source))
        {
        }

        /// Sorted.
        std::vector<std::string> names() const
        {
            std::vector<std::string> names;
            for (const auto& [name, tensor] : tensors_)
                names.push_back(name);
            return names;
        }

        bool contains(std::string_view name) const { return tensors_.contains(name); }

        /// Throws std::invalid_argument if there is no such tensor.
        const named_tensor& tensor(std::string_view name) const&
        {
            const auto found = tensors_.find(name);
            require(found != tensors_.end(), source_, " has no tensor ", detail::in_quotes(name));
            return found->second;
        }
        const named_tensor& tensor(std::string_view) const&& = delete;

        /// The texts under "__metadata__"; empty if there are none.
        const std::map<std::string, std::string>& metadata() const& { return metadata_; }

    private:
        safetensors_file(file_bytes file, std::string source)
            : file_(std::move(file))
            , source_(std::move(source))
        {
            detail::safetensors_header header = detail::parse_safetensors_header(file_.bytes(), source_);
            metadata_ = std::move(header.metadata);
            for (detail::safetensors_entry& entry : header.entries)
            {
                const auto bytes = aligned(header.data.subspan(entry.begin, entry.end - entry.begin), entry.dtype);
                tensors_[entry.name] = { entry.name, entry.dtype, entry.shape, bytes };
            }
        }

        /// The bytes themselves, or a copy of them if an element would not be aligned: older writers do not pad.
        std::span<const std::byte> aligned(std::span<const std::byte> bytes, data_type dtype)
        {
            if (reinterpret_cast<std::uintptr_t>(bytes.data()) % size_of(dtype) == 0)
                return bytes;
            return realigned_.emplace_back(bytes.begin(), bytes.end());
        }

        file_bytes file_;
        std::string source_;
        std::vector<std::vector<std::byte>> realigned_;
        std::map<std::string, named_tensor, std::less<>> tensors_;
        std::map<std::string, std::string> metadata_;
    };
}
