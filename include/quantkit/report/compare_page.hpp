// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What differs between two reports, as a page of its own.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/report/compare_reports.hpp>
#include <quantkit/report/html_page.hpp>
#include <quantkit/report/html_table.hpp>
#include <quantkit/report/markup.hpp>
#include <quantkit/report/report_data.hpp>

#include <string>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline std::string difference_table(const std::vector<report_difference>& differences)
    {
        if (differences.empty())
            return element("p", "", "The reports agree.");
        html_table table(
            "Errors differ where their intervals do not overlap, times where one is more than a quarter longer");
        for (const char* name : { "layer", "what", "before", "after" })
            table.add_column(name, true);
        table.add_column("after / before");
        for (const report_difference& each : differences)
        {
            if (each.layer.empty() && each.what == "verdict")
                continue; // it stands above the table
            table.add_text(each.layer.empty() ? "(report)" : each.layer);
            for (const std::string& text : { each.what, each.before, each.after })
                table.add_text(text);
            table.add_number(each.ratio);
            table.end_row();
        }
        return table.html();
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Both verdicts, and a table of what compare_reports finds. Nothing in names becomes markup.
    inline std::string comparison_to_html(const report_data& before, const report_data& after)
    {
        std::string body = element("h1", "", "Before and after");
        for (const report_data* each : { &before, &after })
            body += element("h2", "", escaped((each == &before ? "Before: " : "After: ") + each->title))
                    + element("p", "class=\"verdict\"", escaped(each->verdict));
        body += element("h2", "", "Differences") + detail::difference_table(compare_reports(before, after));
        return detail::html_page("Before and after", element("main", "", body));
    }
}
