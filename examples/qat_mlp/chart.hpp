// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A line chart as SVG: percent over bits, one line for each series.
#pragma once

#include "support/table.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <functional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace demo
{
    /// points     bits, percent
    /// is_dashed  also a hollow marker
    struct chart_series
    {
        std::string name, colour;
        bool is_dashed = false;
        std::vector<std::pair<int, double>> points;
    };

    struct chart
    {
        std::string title, x_label, y_label;
        std::vector<int> x_ticks;
        std::vector<chart_series> series;
        std::string reference_name; // a level to compare with, in percent
        double reference = 0;
    };

    /// Draws one chart.
    class chart_writer
    {
    public:
        chart_writer(std::ostream& out, const chart& what)
            : out_(out)
            , chart_(what)
            , lowest_(std::max(0.0, std::floor((extreme(what, std::less<> {}) - 1) / spacing) * spacing))
            , highest_(std::min(100.0, std::ceil((extreme(what, std::greater<> {}) + 1) / spacing) * spacing))
        {
        }

        void write() const
        {
            out_ << "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 " << width << ' ' << height
                 << "\" font-family=\"sans-serif\" font-size=\"13\">\n"
                 << "<rect width=\"" << width << "\" height=\"" << height << "\" fill=\"white\"/>\n";
            text((left + right) / 2, 28, "middle", chart_.title, "font-size=\"16\" font-weight=\"bold\"");
            text((left + right) / 2, height - 14, "middle", chart_.x_label);
            text(0, 0, "middle", chart_.y_label,
                 "transform=\"translate(20 " + number((top + bottom) / 2, 0) + ") rotate(-90)\"");
            draw_grid();
            draw_reference();
            for (std::size_t i = 0; i < chart_.series.size(); ++i)
                draw_series(chart_.series[i], top + 20 + 22 * static_cast<double>(i + 1));
            out_ << "</svg>\n";
        }

    private:
        static constexpr double spacing = 5; // of the grid, in percent
        static constexpr double width = 840, height = 460, left = 70, right = 560, top = 50, bottom = 400;

        /// Of all points, the first in this order.
        template <class Order>
        static double extreme(const chart& what, Order order)
        {
            double result = what.reference;
            for (const chart_series& series : what.series)
                for (const auto& [bits, percent] : series.points)
                    result = std::min(result, percent, order);
            return result;
        }

        double x_of(int bits) const
        {
            const double low = chart_.x_ticks.front(), high = chart_.x_ticks.back();
            const double share = high > low ? (bits - low) / (high - low) : 0.5;
            return left + 30 + share * (right - left - 60);
        }
        double y_of(double percent) const
        {
            return bottom - (percent - lowest_) / (highest_ - lowest_) * (bottom - top);
        }

        void text(double x, double y, const std::string& anchor, const std::string& what,
                  const std::string& more = {}) const
        {
            out_ << "<text x=\"" << number(x, 1) << "\" y=\"" << number(y, 1) << "\" text-anchor=\"" << anchor << "\" "
                 << more << '>' << what << "</text>\n";
        }

        void line(double x1, double y1, double x2, double y2, const std::string& style) const
        {
            out_ << "<line x1=\"" << number(x1, 1) << "\" y1=\"" << number(y1, 1) << "\" x2=\"" << number(x2, 1)
                 << "\" y2=\"" << number(y2, 1) << "\" " << style << "/>\n";
        }

        void draw_grid() const
        {
            for (double percent = lowest_; percent <= highest_; percent += spacing)
            {
                line(left, y_of(percent), right, y_of(percent), "stroke=\"#dddddd\"");
                text(left - 8, y_of(percent) + 4, "end", number(percent, 0));
            }
            for (const int bits : chart_.x_ticks)
            {
                line(x_of(bits), bottom, x_of(bits), bottom + 5, "stroke=\"black\"");
                text(x_of(bits), bottom + 20, "middle", std::to_string(bits));
            }
            line(left, bottom, right, bottom, "stroke=\"black\"");
            line(left, top, left, bottom, "stroke=\"black\"");
        }

        void draw_reference() const
        {
            const std::string style = "stroke=\"#444444\" stroke-dasharray=\"2 3\"";
            line(left, y_of(chart_.reference), right, y_of(chart_.reference), style);
            line(right + 20, top + 16, right + 50, top + 16, style);
            text(right + 58, top + 20, "start", chart_.reference_name);
        }

        void draw_series(const chart_series& series, double legend) const
        {
            const std::string stroke = "stroke=\"" + series.colour + "\" stroke-width=\"2\" fill=\"none\""
                                       + (series.is_dashed ? " stroke-dasharray=\"7 4\"" : "");
            out_ << "<polyline " << stroke << " points=\"";
            for (const auto& [bits, percent] : series.points)
                out_ << number(x_of(bits), 1) << ',' << number(y_of(percent), 1) << ' ';
            out_ << "\"/>\n";
            for (const auto& [bits, percent] : series.points)
                marker(x_of(bits), y_of(percent), series);
            line(right + 20, legend - 4, right + 50, legend - 4, stroke);
            marker(right + 35, legend - 4, series);
            text(right + 58, legend, "start", series.name);
        }

        void marker(double x, double y, const chart_series& series) const
        {
            out_ << "<circle cx=\"" << number(x, 1) << "\" cy=\"" << number(y, 1) << "\" r=\"4\" stroke=\""
                 << series.colour << "\" stroke-width=\"2\" fill=\"" << (series.is_dashed ? "white" : series.colour)
                 << "\"/>\n";
        }

        std::ostream& out_;
        const chart& chart_;
        double lowest_, highest_;
    };
}
