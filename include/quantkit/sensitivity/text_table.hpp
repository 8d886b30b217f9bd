// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Rows of cells as aligned text, and numbers with as many digits as a reader wants.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// "12.50": so many digits after the point, rounded half to even of the exact value; beyond 10^30 in scientific
    /// notation.
    inline std::string fixed_text(double value, int digits)
    {
        std::array<char, 64> buffer {};
        const bool short_enough = value > -1e30 && value < 1e30;
        const auto format = short_enough ? std::chars_format::fixed : std::chars_format::scientific;
        const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format, digits);
        return std::string(buffer.data(), result.ptr);
    }

    /// "1.3e-05": so many digits in all, with an exponent where that is shorter.
    inline std::string short_text(double value, int digits = 3)
    {
        std::array<char, 64> buffer {};
        const auto result =
            std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::general, digits);
        return std::string(buffer.data(), result.ptr);
    }

    /// "57.9 %"
    inline std::string percent_text(double share) { return fixed_text(100.0 * share, 1) + " %"; }

    /// The first column is aligned left, all others right; columns are two spaces apart.
    class text_table
    {
    public:
        explicit text_table(std::vector<std::string> header)
            : rows_ { std::move(header) }
        {
        }

        /// Throws unless it has as many cells as the header.
        void add(std::vector<std::string> row)
        {
            require(row.size() == rows_.front().size(), "a row of ", row.size(), " cells does not fit ",
                    rows_.front().size(), " columns");
            rows_.push_back(std::move(row));
        }

        /// All rows, each with a line end.
        std::string text() const
        {
            std::string all;
            for (const std::vector<std::string>& row : rows_)
            {
                std::string line;
                for (std::size_t i = 0; i < row.size(); ++i)
                {
                    const std::string gap(width_of(i) - row[i].size(), ' ');
                    line += i == 0 ? row[i] + gap : "  " + gap + row[i];
                }
                all += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
            }
            return all;
        }

    private:
        std::size_t width_of(std::size_t column) const
        {
            std::size_t width = 0;
            for (const std::vector<std::string>& row : rows_)
                width = std::max(width, row[column].size());
            return width;
        }

        std::vector<std::vector<std::string>> rows_;
    };
}
