// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A sensitivity result's JSON is refused, or survives being written, and has a text. The file of a measurement that
/// was interrupted is refused, or its blocks survive being written.
///
/// Digests would keep all that is changed from being read further: they are made right first. An input that begins with
/// '{' is a result, any other a file of blocks.
#pragma once

#include <quantkit/report/sensitivity_json.hpp>
#include <quantkit/report/sensitivity_json_reader.hpp>
#include <quantkit/sensitivity/block_results.hpp>
#include <quantkit/sensitivity/result_text.hpp>

#include "fuzz/finding.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace quantkit::fuzz
{
    /// The result, with the digest that the reader asks for in place of its own.
    inline std::string with_right_digest(std::string_view text)
    {
        try
        {
            sensitivity_from_json(text);
        }
        catch (const std::invalid_argument& error)
        {
            const std::string_view refusal = error.what();
            if (refusal.starts_with("quantkit: a sensitivity result cannot be read: its digest is "))
            {
                auto all = nlohmann::ordered_json::parse(text);
                all["digest"] = refusal.substr(refusal.rfind(' ') + 1);
                return all.dump();
            }
        }
        return std::string(text);
    }

    inline void try_sensitivity_result(std::string_view text)
    {
        sensitivity_result result;
        if (!accepted([&] { result = sensitivity_from_json(with_right_digest(text)); }))
            return;
        const std::string written = json_text_of(result);
        expect(json_text_of(sensitivity_from_json(written)) == written, "a result survives writing");
        expect(!text_of(result).empty(), "a result has a text");
    }

    /// Each line after the first three, with the digest of what is before its last word.
    inline std::string with_right_digests(std::string_view text)
    {
        std::string right;
        for (int lines = 0; !text.empty(); ++lines)
        {
            const std::string_view line = text.substr(0, text.find('\n'));
            const std::string_view words = line.substr(0, line.rfind(' ') + 1);
            right += lines < 3 ? std::string(line) : std::string(words) + detail::line_digest(words);
            right += '\n';
            text.remove_prefix(std::min(line.size() + 1, text.size()));
        }
        return right;
    }

    inline void try_block_results(std::string_view text)
    {
        constexpr std::string_view key = "key";
        block_results results(3, 2), again(3, 2);
        if (!accepted([&] { detail::add_block_results(with_right_digests(text), "the input", key, results); }))
            return;
        detail::add_block_results(detail::text_of(results, key), "what was written", key, again);
        for (std::size_t block = 0; block < results.blocks(); ++block)
        {
            expect(again.is_finished(block) == results.is_finished(block), "finished blocks survive writing");
            for (std::size_t i = 0; results.is_finished(block) && i < results.width(); ++i)
                expect(std::bit_cast<std::uint64_t>(again.errors(block)[i])
                           == std::bit_cast<std::uint64_t>(results.errors(block)[i]),
                       "errors survive writing");
        }
    }

    inline void try_sensitivity_json(std::span<const std::byte> input)
    {
        const std::string_view text = text_of(input);
        if (text.starts_with('{'))
            try_sensitivity_result(text);
        else
            try_block_results(text);
    }
}
