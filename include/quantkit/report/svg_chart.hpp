// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Charts as SVG: a title, two axes with labels, and marks between them. Colours come from CSS classes of the page,
/// with a style of its own for a chart that stands alone.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/report/axis.hpp>
#include <quantkit/report/markup.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// In the units of the axes.
    struct chart_point
    {
        double x = 0.0, y = 0.0;
    };

    /// So that points differ without colour.
    enum class marker_shape
    {
        circle,
        diamond,
        square
    };

    /// title, x_label, y_label  text; labels name the unit
    /// x, y                     the axes
    /// description              what a reader who cannot see the chart should know
    /// height                   of the space between the axes, in units of which a chart is 480 wide
    struct chart_frame
    {
        std::string title, description, x_label, y_label;
        axis x, y;
        double height = 220.0;
    };

    /// A name that fits: what is too long loses its middle. Characters of UTF-8 stay whole.
    inline std::string shortened(std::string_view name, std::size_t most)
    {
        if (name.size() <= most)
            return std::string(name);
        const auto is_inside = [&](std::size_t at) { return (static_cast<unsigned char>(name[at]) & 0xC0) == 0x80; };
        std::size_t head = most / 2 - 1, tail = name.size() - (most - most / 2);
        while (head > 0 && is_inside(head))
            --head;
        while (tail < name.size() && is_inside(tail))
            ++tail;
        return std::string(name.substr(0, head)) + "\xE2\x80\xA6" + std::string(name.substr(tail));
    }

    /// Series are told apart by CSS classes "series-0" to "series-7", and by markers.
    class svg_chart
    {
    public:
        explicit svg_chart(chart_frame frame)
            : frame_(std::move(frame))
            , left_(left_margin(frame_.y))
        {
        }

        /// A line through points in their order.
        void add_line(std::span<const chart_point> points, std::string_view css_class)
        {
            std::string path;
            for (const chart_point& each : points)
                path += (path.empty() ? "M" : " L") + at(each);
            marks_ += "<path class=\"line " + escaped(css_class) + "\" d=\"" + path + "\"/>";
        }

        /// tip  shown by browsers for the pointer, and read aloud
        void add_marker(chart_point point, marker_shape shape, std::string_view css_class, std::string_view tip)
        {
            const std::string place = "transform=\"translate(" + x(point.x) + " " + y(point.y) + ")\" class=\"mark "
                                      + escaped(css_class) + "\"";
            const std::string title = element("title", "", escaped(tip));
            if (shape == marker_shape::circle)
                marks_ += element("circle", place + " r=\"4\"", title);
            else
                marks_ += element("path",
                                  place
                                      + (shape == marker_shape::diamond ? " d=\"M0 -8 L8 0 L0 8 L-8 0 Z\""
                                                                        : " d=\"M-4 -4 H4 V4 H-4 Z\""),
                                  title);
        }

        /// A filled rectangle between two points.
        void add_bar(chart_point from, chart_point to, std::string_view css_class, std::string_view tip)
        {
            const double left = std::min(px(from.x), px(to.x)), right = std::max(px(from.x), px(to.x));
            const double top = std::min(py(from.y), py(to.y)), bottom = std::max(py(from.y), py(to.y));
            marks_ += element("rect",
                              "class=\"bar " + escaped(css_class) + "\" x=\"" + number(left) + "\" y=\"" + number(top)
                                  + "\" width=\"" + number(std::max(right - left, 0.5)) + "\" height=\""
                                  + number(std::max(bottom - top, 0.5)) + "\"",
                              element("title", "", escaped(tip)));
        }

        /// Bars side by side from the bottom, as one shape: bar i from edges[i] to edges[i + 1].
        void add_steps(std::span<const double> edges, std::span<const double> heights, std::string_view css_class)
        {
            std::string path = "M" + at({ edges[0], bottom_value });
            for (std::size_t i = 0; i < heights.size(); ++i)
                path += "V" + y(heights[i]) + "H" + x(edges[i + 1]);
            marks_ += "<path class=\"bar " + escaped(css_class) + "\" d=\"" + path + "V" + y(bottom_value) + "Z\"/>";
        }

        /// A thin line, for error bars and limits.
        void add_rule(chart_point from, chart_point to, std::string_view css_class)
        {
            marks_ += "<path class=\"rule " + escaped(css_class) + "\" d=\"M" + at(from) + " L" + at(to) + "\"/>";
        }

        /// Text at a point, beginning, or ending if `ends`, there.
        void add_text(chart_point point, std::string_view text, bool ends = false)
        {
            const double shift = ends ? -7.0 : 7.0;
            marks_ += element("text",
                              "class=\"note\" x=\"" + number(px(point.x) + shift) + "\" y=\""
                                  + number(py(point.y) - 6.0) + "\"" + (ends ? " text-anchor=\"end\"" : ""),
                              escaped(text));
        }

        /// style  CSS in the drawing; none for charts in a page that has it
        std::string svg(std::string_view style = {}) const
        {
            const double height = top_margin + frame_.height + bottom_margin;
            std::string content = element("title", "", escaped(frame_.title));
            if (!frame_.description.empty())
                content += element("desc", "", escaped(frame_.description));
            if (!style.empty())
                content += element("style", "", style);
            content += text(width / 2, 16.0, "middle", "title", shortened(frame_.title, longest_title));
            content += x_axis() + y_axis() + marks_;
            return element("svg",
                           "xmlns=\"http://www.w3.org/2000/svg\" class=\"chart\" role=\"img\" viewBox=\"0 0 "
                               + number(width) + " " + number(height) + "\"",
                           content);
        }

        static constexpr double width = 480.0;

    private:
        static constexpr double top_margin = 28.0, bottom_margin = 44.0, right_margin = 24.0, character_width = 6.4;
        static constexpr double bottom_value = -1e300; ///< below every axis
        static constexpr std::size_t longest_title = 56, longest_label = 32;

        static double left_margin(const axis& y)
        {
            std::size_t longest = 0;
            for (const axis_tick& tick : y.ticks())
                longest = std::max(longest, tick.label.size());
            return 34.0 + character_width * static_cast<double>(std::min(longest, longest_label));
        }

        static std::string number(double value) { return short_text(value, 4); }
        double px(double value) const { return left_ + frame_.x.position(value) * (width - right_margin - left_); }
        double py(double value) const { return top_margin + (1.0 - frame_.y.position(value)) * frame_.height; }
        std::string x(double value) const { return number(px(value)); }
        std::string y(double value) const { return number(py(value)); }
        std::string at(chart_point point) const { return x(point.x) + " " + y(point.y); }

        static std::string text(double x, double y, std::string_view anchor, std::string_view css_class,
                                std::string_view content)
        {
            return element("text",
                           "class=\"" + std::string(css_class) + "\" x=\"" + number(x) + "\" y=\"" + number(y)
                               + "\" text-anchor=\"" + std::string(anchor) + "\"",
                           escaped(content));
        }

        std::string x_axis() const
        {
            const double bottom = top_margin + frame_.height;
            std::string result;
            for (const axis_tick& tick : frame_.x.ticks())
            {
                result += "<path class=\"grid\" d=\"M" + x(tick.value) + " " + number(top_margin) + " V"
                          + number(bottom + 4.0) + "\"/>";
                result += text(px(tick.value), bottom + 17.0, "middle", "tick", tick.label);
            }
            return result + text((left_ + width - right_margin) / 2, bottom + 36.0, "middle", "label", frame_.x_label);
        }

        std::string y_axis() const
        {
            std::string result;
            for (const axis_tick& tick : frame_.y.ticks())
            {
                result += "<path class=\"grid\" d=\"M" + number(left_ - 4.0) + " " + y(tick.value) + " H"
                          + number(width - right_margin) + "\"/>";
                result += text(left_ - 8.0, py(tick.value) + 4.0, "end", "tick", shortened(tick.label, longest_label));
            }
            const std::string middle = number(top_margin + frame_.height / 2);
            return result
                   + element("text",
                             "class=\"label\" transform=\"translate(13 " + middle
                                 + ") rotate(-90)\" text-anchor=\"middle\"",
                             escaped(frame_.y_label));
        }

        chart_frame frame_;
        double left_;
        std::string marks_;
    };
}
