// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A folder for the files of one test, and short ways to fill and inspect them.
#pragma once

#include <cstddef>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace quantkit::test
{
    /// Empty at first, removed with all its content at the end.
    class temporary_folder
    {
    public:
        temporary_folder()
        {
            std::random_device random;
            do
                path_ = std::filesystem::temp_directory_path() / ("quantkit-test-" + std::to_string(random()));
            while (!std::filesystem::create_directory(path_));
        }
        temporary_folder(const temporary_folder&) = delete;
        temporary_folder& operator=(const temporary_folder&) = delete;
        ~temporary_folder()
        {
            std::error_code ignored;
            std::filesystem::remove_all(path_, ignored);
        }

        std::filesystem::path operator/(std::string_view name) const { return path_ / name; }

        /// How many entries it has: 1 after a failed write next to one old file.
        std::ptrdiff_t entries() const
        {
            return std::distance(std::filesystem::directory_iterator(path_), std::filesystem::directory_iterator());
        }

    private:
        std::filesystem::path path_;
    };

    inline std::vector<std::byte> to_bytes(std::string_view text)
    {
        const auto bytes = std::as_bytes(std::span(text));
        return { bytes.begin(), bytes.end() };
    }

    inline std::string to_string(std::span<const std::byte> bytes)
    {
        return { reinterpret_cast<const char*>(bytes.data()), bytes.size() };
    }

    inline void put(const std::filesystem::path& path, std::string_view text)
    {
        std::ofstream(path, std::ios::binary).write(text.data(), static_cast<std::streamsize>(text.size()));
    }

    inline std::string content(const std::filesystem::path& path)
    {
        std::ifstream stream(path, std::ios::binary);
        return { std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>() };
    }

    /// The text of the std::exception that action throws; "" if it throws none.
    template <class Action>
    std::string error_of(Action action)
    {
        try
        {
            action();
        }
        catch (const std::exception& error)
        {
            return error.what();
        }
        return {};
    }
}
