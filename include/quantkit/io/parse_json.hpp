// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// JSON that others wrote, and that may be made to be misread.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <string_view>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// No format of the library needs more.
    inline constexpr int max_json_depth = 64;

    /// Throws Json's exceptions for what is no JSON, and std::invalid_argument for values in more than max_json_depth
    /// others: nlohmann_json calls itself for each when it writes one, into an error for example, until the stack ends.
    template <class Json>
    Json parse_json(std::string_view text)
    {
        const auto limit = [](int depth, typename Json::parse_event_t, const Json&)
        {
            require(depth <= max_json_depth, "nested deeper than ", max_json_depth);
            return true;
        };
        return Json::parse(text, limit);
    }
}
