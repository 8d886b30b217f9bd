// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/block_results.hpp>

#include "io/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <limits>
#include <span>
#include <string>
#include <string_view>

using namespace quantkit;
using namespace quantkit::test;

namespace
{
    constexpr std::size_t blocks = 4, width = 3;
    const std::string key = "output MSE; samples 0 + 32 by 8";

    block_results finished_results()
    {
        block_results results(blocks, width);
        for (const std::size_t block : { 0u, 1u, 3u })
        {
            for (std::size_t i = 0; i < width; ++i)
                results.errors(block)[i] = 0.1 * static_cast<double>(i) + 1e-9 * static_cast<double>(block);
            results.set_finished(block);
        }
        results.errors(3)[1] = std::numeric_limits<double>::infinity();
        results.errors(3)[2] = -0.0;
        return results;
    }

    // What the file gives: refused, or blocks each of which is as it was saved.
    bool is_refused_or_right(const std::filesystem::path& path, std::string_view text, const block_results& want)
    {
        std::ofstream(path, std::ios::binary) << text;
        block_results results(blocks, width);
        try
        {
            read_block_results(path, key, results);
        }
        catch (const io_error&)
        {
            return true;
        }
        for (std::size_t block = 0; block < blocks; ++block)
            if (results.is_finished(block)
                && (!want.is_finished(block) || !std::ranges::equal(results.errors(block), want.errors(block))))
                return false;
        return true;
    }
}

TEST_CASE("a resume file gives back the blocks that it was given")
{
    const temporary_folder folder;
    block_results want = finished_results();
    write_block_results(folder / "blocks.txt", key, want);
    block_results results(blocks, width);
    read_block_results(folder / "blocks.txt", key, results);
    CHECK(results.finished() == 3);
    CHECK(std::ranges::equal(results.rows(), want.rows()));
}

TEST_CASE("no cut and no flipped bit of a resume file makes an error that nobody measured")
{
    const temporary_folder folder;
    const block_results want = finished_results();
    write_block_results(folder / "blocks.txt", key, want);
    const file_bytes file(folder / "blocks.txt");
    const std::string text = to_string(file.bytes());
    for (std::size_t size = 0; size < text.size(); ++size)
    {
        CAPTURE(size);
        REQUIRE(is_refused_or_right(folder / "cut.txt", text.substr(0, size), want));
    }
    for (std::size_t bit = 0; bit < 8 * text.size(); ++bit)
    {
        CAPTURE(bit);
        std::string flipped = text;
        flipped[bit / 8] = static_cast<char>(flipped[bit / 8] ^ (1 << bit % 8));
        REQUIRE(is_refused_or_right(folder / "flipped.txt", flipped, want));
    }
}

TEST_CASE("a resume file that cannot be looked at is an error of files")
{
    const temporary_folder folder;
    write_file(folder / "file", {});
    block_results results(blocks, width);
    CHECK_THROWS_AS(read_block_results(folder / std::string(5000, 'x'), key, results), io_error);
    CHECK(results.finished() == 0);
}
