// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Integers from JSON that others wrote.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Throws std::invalid_argument, with the text, unless it is an integer that is not negative and fits:
    /// nlohmann_json converts any number, also a float that no integer holds, which is undefined.
    template <std::unsigned_integral T = std::size_t, class Json>
    T natural_number(const Json& json, std::string_view what)
    {
        require(json.is_number_unsigned() && std::in_range<T>(json.template get<std::uint64_t>()), what,
                " must be an integer that is not negative, but is ",
                json.dump(-1, ' ', false, Json::error_handler_t::replace));
        return json.template get<T>();
    }
}
