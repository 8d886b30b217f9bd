// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What differs between two reports that were written.
#pragma once

#include "options.hpp"

#include <quantkit/io/atomic_file.hpp>
#include <quantkit/io/file.hpp>
#include <quantkit/report/compare_page.hpp>
#include <quantkit/report/compare_reports.hpp>
#include <quantkit/report/html_report.hpp>
#include <quantkit/report/report_json.hpp>

#include <exception>
#include <filesystem>
#include <iostream>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

namespace demo
{
    inline void write_text(const std::filesystem::path& path, std::string_view text)
    {
        quantkit::write_file(path, std::as_bytes(std::span(text)));
    }

    /// From a page or from JSON; errors name the file.
    inline quantkit::report_data read_report(const std::filesystem::path& path)
    {
        const quantkit::file_bytes file(path);
        const std::string_view text(reinterpret_cast<const char*>(file.bytes().data()), file.bytes().size());
        try
        {
            return text.starts_with("<") ? quantkit::report_from_html(text) : quantkit::report_from_json(text);
        }
        catch (const std::exception& error)
        {
            throw std::runtime_error(path.string() + ": " + error.what());
        }
    }

    inline int compare(const report_options& chosen)
    {
        const quantkit::report_data before = read_report(chosen.files[0]), after = read_report(chosen.files[1]);
        std::cout << to_text(compare_reports(before, after));
        if (!chosen.html.empty())
        {
            write_text(chosen.html, comparison_to_html(before, after));
            std::cout << "\nwritten: " << chosen.html.string() << '\n';
        }
        return 0;
    }
}
