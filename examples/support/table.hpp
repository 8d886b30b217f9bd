// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Prints rows of text as a Markdown table whose columns are aligned.
#pragma once

#include <algorithm>
#include <cstdio>
#include <iomanip>
#include <ostream>
#include <string>
#include <vector>

namespace demo
{
    using table_row = std::vector<std::string>;

    /// One number as text, in the style of printf.
    inline std::string number(double value, int decimals)
    {
        char text[64];
        std::snprintf(text, sizeof text, "%.*f", decimals, value);
        return text;
    }

    /// 90252 -> "90,252"
    inline std::string grouped(std::size_t value)
    {
        std::string digits = std::to_string(value);
        for (int position = static_cast<int>(digits.size()) - 3; position > 0; position -= 3)
            digits.insert(static_cast<std::size_t>(position), ",");
        return digits;
    }

    /// The first row is the head; the first column is text, the others are numbers.
    inline void print_table(std::ostream& out, const std::vector<table_row>& rows)
    {
        std::vector<std::size_t> widths(rows.front().size());
        for (const table_row& row : rows)
            for (std::size_t column = 0; column < row.size(); ++column)
                widths[column] = std::max(widths[column], row[column].size());

        const auto print_row = [&](const table_row& row)
        {
            for (std::size_t column = 0; column < row.size(); ++column)
                out << "| " << (column == 0 ? std::left : std::right) << std::setw(static_cast<int>(widths[column]))
                    << row[column] << ' ';
            out << "|\n";
        };

        print_row(rows.front());
        for (std::size_t column = 0; column < widths.size(); ++column)
            out << '|' << (column == 0 ? " " : "-") << std::string(widths[column], '-') << (column == 0 ? " " : ":");
        out << "|\n";
        for (std::size_t row = 1; row < rows.size(); ++row)
            print_row(rows[row]);
    }
}
