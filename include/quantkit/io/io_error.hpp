// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The error of files: unreadable, unwritable or malformed.
#pragma once

#include <quantkit/core/check.hpp>

#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>

namespace quantkit
{
    /// A file that cannot be read or written, or whose content is not what its format demands.
    class io_error : public std::runtime_error
    {
    public:
        using std::runtime_error::runtime_error;
    };

    namespace detail
    {
        /// Throws io_error with "quantkit: " and the parts as its text.
        template <class... Parts>
        [[noreturn]] void throw_io(const Parts&... parts)
        {
            throw io_error(concat("quantkit: ", parts...));
        }

        /// The text in quotes, fit for a message: shortened to 80 bytes, control characters as '?'.
        inline std::string in_quotes(std::string_view text)
        {
            constexpr std::size_t longest = 80;
            std::string shown = "'";
            for (const char c : text.substr(0, longest))
                shown += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
            return shown + (text.size() > longest ? "...'" : "'");
        }
    }
}
