// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Text as a part of HTML and SVG.
#pragma once

#include <quantkit/core/config.hpp>

#include <string>
#include <string_view>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The text with nothing in it that a browser takes for markup, between tags and in quoted attributes alike.
    /// Characters that neither HTML nor XML allows become U+FFFD.
    inline std::string escaped(std::string_view text)
    {
        std::string result;
        for (const char c : text)
            switch (c)
            {
            case '&':
                result += "&amp;";
                break;
            case '<':
                result += "&lt;";
                break;
            case '>':
                result += "&gt;";
                break;
            case '"':
                result += "&quot;";
                break;
            case '\'':
                result += "&#39;";
                break;
            default:
                if (static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t')
                    result += c;
                else
                    result += "\xEF\xBF\xBD";
            }
        return result;
    }

    /// <name attributes>content</name>; the content is markup, not text.
    inline std::string element(std::string_view name, std::string_view attributes, std::string_view content)
    {
        std::string result = "<";
        result += name;
        if (!attributes.empty())
            (result += ' ') += attributes;
        ((result += '>') += content) += "</";
        return (result += name) += ">";
    }
}
