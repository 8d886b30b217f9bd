// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A page that needs nothing else, and may not ask for anything else: its own policy forbids browsers every request.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/report/markup.hpp>
#include <quantkit/report/report_style.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// JSON that may stand in a script element.
    inline std::string embedded(std::string json)
    {
        for (std::size_t at = json.find('<'); at != std::string::npos; at = json.find('<', at))
            json.replace(at, 1, "\\u003c");
        return json;
    }

    /// body  markup
    inline std::string html_page(std::string_view title, std::string_view body)
    {
        return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
               "content=\"width=device-width,initial-scale=1\"><meta http-equiv=\"Content-Security-Policy\" "
               "content=\"default-src 'none';style-src 'unsafe-inline';script-src 'unsafe-inline';img-src "
               "data:\"><link rel=\"icon\" href=\"data:,\">"
               + element("title", "", escaped(title)) + element("style", "", report_style) + "</head><body>"
               + std::string(body) + element("script", "", report_script) + "</body></html>\n";
    }
}
