// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Tables of a page whose columns can be sorted: report_style.hpp has the script.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/report/markup.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// A table whose columns can be sorted.
    class html_table
    {
    public:
        explicit html_table(std::string_view caption)
            : caption_(caption)
        {
        }

        void add_column(std::string_view name, bool is_text = false)
        {
            head_ += element("th", is_text ? "scope=\"col\" class=\"text\"" : "scope=\"col\"",
                             element("button", "type=\"button\"", escaped(name)));
        }

        void add_text(std::string_view text) { row_ += element("td", "class=\"text\"", escaped(text)); }
        /// Shows text, is sorted by the value.
        void add_number(std::optional<double> value, std::string_view text)
        {
            row_ += element("td", "data-value=\"" + (value ? short_text(*value, 9) : "") + "\"",
                            value ? escaped(text) : "");
        }
        void add_number(std::optional<double> value, int digits = 3)
        {
            add_number(value, value ? short_text(*value, digits) : "");
        }

        void end_row()
        {
            body_ += element("tr", "", row_);
            row_.clear();
        }

        std::string html() const
        {
            const std::string table = element("caption", "class=\"key\"", escaped(caption_))
                                      + element("thead", "", element("tr", "", head_)) + element("tbody", "", body_);
            return element("div",
                           "class=\"table\" tabindex=\"0\" role=\"region\" aria-label=\"" + escaped(caption_) + "\"",
                           element("table", "class=\"sortable\"", table));
        }

    private:
        std::string_view caption_;
        std::string head_, body_, row_;
    };
}
