// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The charts of a report on decisions: sensitivity of each layer, the best plans, and estimates against measurements.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/report/axis.hpp>
#include <quantkit/report/report_data.hpp>
#include <quantkit/report/svg_chart.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <limits>
#include <string>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The least positive and the greatest value of several: what a logarithmic axis shows.
    struct positive_range
    {
        double low = std::numeric_limits<double>::infinity();
        double high = 0.0;

        void include(double value)
        {
            if (value > 0.0 && std::isfinite(value))
            {
                low = std::min(low, value);
                high = std::max(high, value);
            }
        }

        axis logarithmic_axis() const
        {
            return high > 0.0 ? axis::logarithmic(low, high) : axis::logarithmic(0.1, 1.0);
        }
    };

    /// Layers by their error, the greatest first, those whose error is NaN last.
    inline std::vector<report_layer> by_error(std::vector<report_layer> layers)
    {
        const auto place = [](const report_layer& layer)
        { return std::isnan(layer.error) ? -std::numeric_limits<double>::infinity() : layer.error; };
        std::stable_sort(layers.begin(), layers.end(),
                         [&](const report_layer& a, const report_layer& b) { return place(a) > place(b); });
        return layers;
    }

    inline std::string level_class(const report_layer& layer)
    {
        if (layer.prior_level == "HIGH")
            return "series-0";
        return layer.prior_level == "MEDIUM" ? "series-1" : "series-2";
    }

    inline std::string with_interval(const report_layer& layer)
    {
        return short_text(layer.error) + " (" + short_text(layer.low) + " to " + short_text(layer.high) + ")";
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// A bar for each layer, the most sensitive on top, with the confidence interval.
    inline std::string sensitivity_chart(const report_data& report)
    {
        const std::vector<report_layer> layers = detail::by_error(report.layers);
        detail::positive_range range;
        std::vector<std::string> names;
        for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)
        {
            names.push_back(layer->name);
            for (const double value : { layer->error, layer->low, layer->high })
                range.include(value);
        }
        const axis errors = range.logarithmic_axis();
        svg_chart chart({ "Sensitivity of each layer", "Error of the outputs when one layer alone is quantized",
                          report.metric + ", logarithmic", "layer", errors, axis::categories(names),
                          std::max(60.0, 18.0 * static_cast<double>(names.size())) });
        for (std::size_t i = 0; i < layers.size(); ++i)
        {
            const report_layer& layer = layers[i];
            const double y = static_cast<double>(layers.size() - 1 - i);
            chart.add_bar({ 0.0, y - 0.32 }, { layer.error, y + 0.32 }, detail::level_class(layer),
                          layer.name + ": " + detail::with_interval(layer) + ", prior " + layer.prior_level);
            chart.add_rule({ layer.low, y }, { layer.high, y }, "error-bar");
            chart.add_rule({ layer.low, y - 0.2 }, { layer.low, y + 0.2 }, "error-bar");
            chart.add_rule({ layer.high, y - 0.2 }, { layer.high, y + 0.2 }, "error-bar");
        }
        return chart.svg();
    }

    /// Bytes against error of the plans that no other one beats, and the chosen one.
    inline std::string front_chart(const report_data& report)
    {
        detail::positive_range range;
        double most = 0.0;
        for (const report_plan_point& each : report.front)
        {
            range.include(each.error);
            most = std::max(most, each.bytes);
        }
        svg_chart chart({ "Best plans: size against error", "Each point is a plan that no other beats in both",
                          "weights, KiB", report.metric + ", logarithmic", axis::linear(0.0, most / 1024.0),
                          range.logarithmic_axis() });
        std::vector<chart_point> line;
        for (const report_plan_point& each : report.front)
            line.push_back({ each.bytes / 1024.0, each.error });
        std::sort(line.begin(), line.end(), [](chart_point a, chart_point b) { return a.x < b.x; });
        chart.add_line(line, "series-3");
        for (const report_plan_point& each : report.front)
        {
            const chart_point at { each.bytes / 1024.0, each.error };
            const std::string tip = short_text(at.x, 5) + " KiB, error " + short_text(each.error);
            chart.add_marker(at, each.is_chosen ? marker_shape::diamond : marker_shape::circle,
                             each.is_chosen ? "series-0" : "series-3", tip);
            if (each.is_chosen)
                chart.add_text(at, "chosen", at.x > 0.8 * most / 1024.0);
        }
        return chart.svg();
    }

    /// Estimates against measurements of what has the first comparison's unit; nothing unless there are several.
    inline std::string prediction_chart(const report_data& report)
    {
        std::vector<report_comparison> shown;
        detail::positive_range range;
        for (const report_comparison& each : report.comparisons)
            if (each.unit == report.comparisons.front().unit && each.predicted > 0.0 && each.measured > 0.0)
            {
                shown.push_back(each);
                range.include(each.predicted);
                range.include(each.measured);
            }
        if (shown.size() < 2)
            return {};
        const std::string unit = report.metric + ", logarithmic";
        svg_chart chart({ "Predicted against measured",
                          "Points on the line are predicted exactly, those above it "
                          "do worse than predicted",
                          "predicted " + unit, "measured " + unit, range.logarithmic_axis(),
                          range.logarithmic_axis() });
        chart.add_rule({ 0.0, 0.0 }, { range.high * 100.0, range.high * 100.0 }, "grid");
        for (const report_comparison& each : shown)
            chart.add_marker({ each.predicted, each.measured }, marker_shape::circle, "series-3",
                             each.quantity + ": predicted " + short_text(each.predicted) + ", measured "
                                 + short_text(each.measured));
        return chart.svg();
    }
}
