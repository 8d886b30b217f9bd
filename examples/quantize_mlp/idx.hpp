// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Reads IDX files, the format of MNIST and Fashion-MNIST, plain or gzipped.
///
///     0 0  type (8: unsigned byte)  number of dimensions  each extent (big-endian u32)  values
#pragma once

#include <zlib.h>

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

namespace demo
{
    struct idx_data
    {
        std::vector<std::size_t> shape; // items first
        std::vector<std::uint8_t> values;
    };

    /// A file that zlib reads: it passes plain files through.
    class gzip_reader
    {
    public:
        explicit gzip_reader(const std::filesystem::path& path)
            : path_(path)
            , file_(gzopen(path.c_str(), "rb"))
        {
            if (!file_)
                throw std::runtime_error("cannot open " + path_.string());
        }

        /// Fills the whole span or throws.
        void read(std::span<std::uint8_t> bytes)
        {
            const int count = gzread(file_.get(), bytes.data(), static_cast<unsigned>(bytes.size()));
            if (count < 0 || static_cast<std::size_t>(count) != bytes.size())
                fail("ends after " + std::to_string(count) + " of " + std::to_string(bytes.size()) + " bytes");
        }

        [[noreturn]] void fail(const std::string& reason) const
        {
            throw std::runtime_error(path_.string() + ": " + reason);
        }

    private:
        struct closer
        {
            void operator()(gzFile file) const { gzclose(file); }
        };

        std::filesystem::path path_;
        std::unique_ptr<gzFile_s, closer> file_;
    };

    /// The first items of the file, at most max_items of them. Throws std::runtime_error with the path and the reason.
    inline idx_data read_idx(const std::filesystem::path& path, std::size_t dimensions, std::size_t max_items)
    {
        gzip_reader file(path);
        std::array<std::uint8_t, 4> word {};
        file.read(word);
        if (word[0] != 0 || word[1] != 0 || word[2] != 8 || word[3] != dimensions)
            file.fail("not an IDX file of unsigned bytes with " + std::to_string(dimensions) + " dimensions");

        idx_data data;
        std::size_t item_size = 1;
        for (std::size_t axis = 0; axis < dimensions; ++axis)
        {
            file.read(word);
            const std::size_t extent = std::size_t { word[0] } << 24 | std::size_t { word[1] } << 16
                                       | std::size_t { word[2] } << 8 | std::size_t { word[3] };
            constexpr std::size_t largest_side = 1024;
            if (extent == 0 || (axis > 0 && extent > largest_side))
                file.fail("an extent of " + std::to_string(extent) + " is not plausible");
            data.shape.push_back(axis == 0 ? std::min(extent, max_items) : extent);
            item_size *= axis == 0 ? 1 : extent;
        }
        constexpr std::size_t most_bytes = 256 << 20;
        if (data.shape[0] > most_bytes / item_size)
            file.fail(std::to_string(data.shape[0]) + " items of " + std::to_string(item_size) + " bytes are too many");
        data.values.resize(data.shape[0] * item_size);
        file.read(data.values);
        return data;
    }
}
