// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The errors of blocks that are measured already, and the file that keeps them when a measurement is interrupted.
///
///     quantkit sensitivity blocks 2
///     <key>                                   one line that says what was measured
///     <blocks> <width>
///     <block> <error> ... <error> <digest>    for each finished block, shortest exact decimals
///
/// The digest is that of the line before it, so that a file that was damaged on its way is refused, not believed.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/io/atomic_file.hpp>
#include <quantkit/io/file.hpp>
#include <quantkit/io/io_error.hpp>
#include <quantkit/sensitivity/digest.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Rows [blocks] of `width` errors, some of which are finished.
    class block_results
    {
    public:
        block_results(std::size_t blocks, std::size_t width)
            : width_(width)
            , rows_(blocks * (width + 1), 0.0)
        {
        }

        std::size_t blocks() const { return rows_.size() / row_size(); }
        std::size_t width() const { return width_; }

        std::span<double> errors(std::size_t block) { return { rows_.data() + block * row_size() + 1, width_ }; }
        std::span<const double> errors(std::size_t block) const
        {
            return { rows_.data() + block * row_size() + 1, width_ };
        }

        /// Whether the block's errors are there.
        bool is_finished(std::size_t block) const { return rows_[block * row_size()] != 0.0; }
        /// Says that the block's errors are there.
        void set_finished(std::size_t block) { rows_[block * row_size()] = 1.0; }

        std::size_t finished() const
        {
            std::size_t count = 0;
            for (std::size_t block = 0; block < blocks(); ++block)
                count += is_finished(block);
            return count;
        }

        /// All rows, each after a number that says whether it is finished: what processes exchange.
        std::span<double> rows() { return rows_; }
        /// Numbers of a row of rows().
        std::size_t row_size() const { return width_ + 1; }

    private:
        std::size_t width_;
        std::vector<double> rows_;
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline constexpr std::string_view block_results_title = "quantkit sensitivity blocks 2";

    inline std::string line_digest(std::string_view line) { return digest().add(line).text(); }

    /// The file of the finished blocks.
    inline std::string text_of(const block_results& results, std::string_view key)
    {
        std::string text = concat(block_results_title, "\n", key, "\n", results.blocks(), " ", results.width(), "\n");
        for (std::size_t block = 0; block < results.blocks(); ++block)
        {
            if (!results.is_finished(block))
                continue;
            std::string line = concat(block, " ");
            for (const double error : results.errors(block))
                line += concat(error, " ");
            text += line + line_digest(line) + "\n";
        }
        return text;
    }

    /// Reads a text word by word; what cannot be read throws io_error with the path.
    class block_results_reader
    {
    public:
        block_results_reader(std::string_view text, const std::filesystem::path& path)
            : rest_(text)
            , path_(path)
        {
        }

        void expect_line(std::string_view want, std::string_view what)
        {
            const std::string_view line = rest_.substr(0, rest_.find('\n'));
            if (line != want)
                throw_io(in_quotes(path_.string()), " has another ", what, ": ", in_quotes(line), ", not ",
                         in_quotes(want));
            rest_.remove_prefix(std::min(line.size() + 1, rest_.size()));
        }

        bool at_end() const { return rest_.empty(); }

        /// A word of a line that check_line() has seen; each ends with a space.
        template <class Number>
        Number number()
        {
            Number value {};
            const auto [end, error] = std::from_chars(rest_.data(), rest_.data() + rest_.size(), value);
            const auto length = static_cast<std::size_t>(end - rest_.data());
            if (error != std::errc {} || length == rest_.size() || rest_[length] != ' ')
                throw_io(in_quotes(path_.string()), " has no number at ", in_quotes(rest_.substr(0, 20)));
            rest_.remove_prefix(length + 1);
            return value;
        }

        /// Begins a line: its last word must be the digest of all before it.
        void check_line() const
        {
            const std::string_view line = rest_.substr(0, rest_.find('\n'));
            const std::size_t words = line.rfind(' ') + 1;
            if (line.size() == rest_.size() || line.substr(words) != line_digest(line.substr(0, words)))
                throw_io(in_quotes(path_.string()), " is damaged or cut off at ", in_quotes(line.substr(0, 20)));
        }

        /// Ends the line that check_line() has seen.
        void end_line()
        {
            const std::string_view line = rest_.substr(0, rest_.find('\n'));
            if (line.find(' ') != std::string_view::npos)
                throw_io(in_quotes(path_.string()), " has more numbers than expected at ", in_quotes(line));
            rest_.remove_prefix(line.size() + 1);
        }

    private:
        std::string_view rest_;
        const std::filesystem::path& path_;
    };

    /// Adds the blocks of a file's text; the path names it in errors.
    inline void add_block_results(std::string_view text, const std::filesystem::path& path, std::string_view key,
                                  block_results& results)
    {
        block_results_reader reader(text, path);
        reader.expect_line(block_results_title, "format");
        reader.expect_line(key, "measurement");
        reader.expect_line(concat(results.blocks(), " ", results.width()), "size");
        while (!reader.at_end())
        {
            reader.check_line();
            const auto block = reader.number<std::size_t>();
            if (block >= results.blocks())
                throw_io(in_quotes(path.string()), " has a block ", block, " of ", results.blocks());
            for (double& each : results.errors(block))
                each = reader.number<double>();
            reader.end_line();
            results.set_finished(block);
        }
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Replaces the file by the finished blocks. Throws io_error with path and reason.
    inline void write_block_results(const std::filesystem::path& path, std::string_view key,
                                    const block_results& results)
    {
        const std::string text = detail::text_of(results, key);
        write_file(path, std::as_bytes(std::span(text)));
    }

    /// Adds the blocks of the file; a file that does not exist has none. Throws io_error, with the path, for a file
    /// that cannot be read, is of another measurement, damaged or cut off.
    inline void read_block_results(const std::filesystem::path& path, std::string_view key, block_results& results)
    {
        std::error_code error;
        if (std::filesystem::status(path, error).type() == std::filesystem::file_type::not_found)
            return;
        const file_bytes file(path, file_access::streamed);
        const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
        detail::add_block_results(text, path, key, results);
    }
}
