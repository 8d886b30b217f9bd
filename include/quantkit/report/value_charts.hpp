// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The charts of a report on values: histograms and ranges with what is quantized of them, and what codes make of them.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/report/axis.hpp>
#include <quantkit/report/report_charts.hpp>
#include <quantkit/report/report_data.hpp>
#include <quantkit/report/svg_chart.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline void check_histogram(const report_histogram& histogram)
    {
        require(!histogram.counts.empty() && histogram.edges.size() == histogram.counts.size() + 1
                    && std::is_sorted(histogram.edges.begin(), histogram.edges.end()),
                "histogram '", histogram.name, "' has ", histogram.counts.size(), " bins, but ", histogram.edges.size(),
                " edges");
    }

    inline std::string range_text(double low, double high) { return short_text(low) + " to " + short_text(high); }

    template <class Named, class Wanted>
    std::vector<const Named*> those_of(const std::vector<Named>& all, const Wanted& wanted)
    {
        std::vector<const Named*> found;
        for (const Named& each : all)
            if (wanted(each))
                found.push_back(&each);
        return found;
    }

    /// A row for each, the first on top.
    template <class Named>
    axis rows_of(const std::vector<const Named*>& shown)
    {
        std::vector<std::string> names;
        for (const Named* each : shown)
            names.push_back(each->name);
        std::reverse(names.begin(), names.end());
        return axis::categories(names);
    }

    inline double height_of_rows(std::size_t rows) { return std::max(60.0, 18.0 * static_cast<double>(rows)); }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Throws unless there is one edge more than counts, and edges ascend.
    inline std::string histogram_chart(const report_histogram& histogram)
    {
        detail::check_histogram(histogram);
        const std::vector<double>& edges = histogram.edges;
        detail::positive_range range;
        for (const double count : histogram.counts)
            range.include(count);
        const double low = std::min(edges.front(), histogram.clip_low);
        const double high = std::max(edges.back(), histogram.clip_high);
        const double total = std::accumulate(histogram.counts.begin(), histogram.counts.end(), 0.0);
        const bool is_weight = histogram.kind == value_kind::weights;
        svg_chart chart({ histogram.name,
                          short_text(total, 9) + " values from " + detail::range_text(edges.front(), edges.back())
                              + "; quantized from " + detail::range_text(histogram.clip_low, histogram.clip_high),
                          is_weight ? "weight, real units" : "value, real units", "count, logarithmic",
                          axis::linear(low, high), range.logarithmic_axis(), 150.0 });
        chart.add_steps(edges, histogram.counts, is_weight ? "series-2" : "series-3");
        for (const double clip : { histogram.clip_low, histogram.clip_high })
            chart.add_rule({ clip, 0.0 }, { clip, range.high * 10.0 }, "limit");
        return chart.svg();
    }

    /// For each histogram of a kind what was seen, as a bar, and what is quantized, between two ticks; empty if there
    /// is none. Throws as histogram_chart.
    inline std::string range_chart(const report_data& report, value_kind kind)
    {
        const auto shown =
            detail::those_of(report.histograms, [&](const report_histogram& each) { return each.kind == kind; });
        double low = 0.0, high = 0.0;
        for (const report_histogram* each : shown)
        {
            detail::check_histogram(*each);
            low = std::min({ low, each->edges.front(), each->clip_low });
            high = std::max({ high, each->edges.back(), each->clip_high });
        }
        if (shown.empty())
            return {};
        const bool is_weight = kind == value_kind::weights;
        svg_chart chart({ is_weight ? "Ranges of weights" : "Ranges of activations",
                          "Bars: least to greatest value seen. Ticks: the range that is quantized.",
                          is_weight ? "weight, real units" : "value, real units", "tensor", axis::linear(low, high),
                          detail::rows_of(shown), detail::height_of_rows(shown.size()) });
        for (std::size_t i = 0; i < shown.size(); ++i)
        {
            const report_histogram& each = *shown[i];
            const double y = static_cast<double>(shown.size() - 1 - i);
            chart.add_bar({ each.edges.front(), y - 0.25 }, { each.edges.back(), y + 0.25 },
                          is_weight ? "series-2" : "series-3",
                          each.name + ": seen " + detail::range_text(each.edges.front(), each.edges.back())
                              + ", quantized " + detail::range_text(each.clip_low, each.clip_high));
            for (const double clip : { each.clip_low, each.clip_high })
                chart.add_rule({ clip, y - 0.42 }, { clip, y + 0.42 }, "clip");
        }
        return chart.svg();
    }

    /// How the squared error of each layer's result divides into clipping and rounding; empty without error parts.
    inline std::string error_parts_chart(const report_data& report)
    {
        const auto shown = detail::those_of(report.layers,
                                            [](const report_layer& layer)
                                            {
                                                const auto& parts = layer.error_parts;
                                                const double sum = parts ? parts->clipping + parts->rounding : 0.0;
                                                return sum > 0.0 && std::isfinite(sum);
                                            });
        if (shown.empty())
            return {};
        svg_chart chart({ "Where the error of INT8 results comes from",
                          "From the left: the share of clipping; the rest is rounding", "share of squared error, %",
                          "layer", axis::linear(0.0, 100.0), detail::rows_of(shown),
                          detail::height_of_rows(shown.size()) });
        for (std::size_t i = 0; i < shown.size(); ++i)
        {
            const report_error_parts& parts = *shown[i]->error_parts;
            const double y = static_cast<double>(shown.size() - 1 - i);
            const double clipping = 100.0 * parts.clipping / (parts.clipping + parts.rounding);
            chart.add_bar({ 0.0, y - 0.32 }, { clipping, y + 0.32 }, "series-0",
                          shown[i]->name + ": clipping " + short_text(parts.clipping));
            chart.add_bar({ clipping, y - 0.2 }, { 100.0, y + 0.2 }, "series-3",
                          shown[i]->name + ": rounding " + short_text(parts.rounding));
        }
        return chart.svg();
    }

    /// Codes that no value of a layer's result has, and values beyond the codes; empty where neither was counted.
    inline std::string code_usage_chart(const report_data& report)
    {
        const auto shown = detail::those_of(report.layers, [](const report_layer& layer)
                                            { return layer.dead_codes && layer.saturation_rate; });
        if (shown.empty())
            return {};
        svg_chart chart({ "Unused codes and saturated values",
                          "Bars: codes that no value has. Squares: values beyond the range.",
                          "share of codes (bars), of values (squares), %", "layer", axis::linear(0.0, 100.0),
                          detail::rows_of(shown), detail::height_of_rows(shown.size()) });
        for (std::size_t i = 0; i < shown.size(); ++i)
        {
            const double y = static_cast<double>(shown.size() - 1 - i);
            chart.add_bar({ 0.0, y - 0.32 }, { 100.0 * *shown[i]->dead_codes, y + 0.32 }, "series-1",
                          shown[i]->name + ": unused codes " + percent_text(*shown[i]->dead_codes));
            chart.add_marker({ 100.0 * *shown[i]->saturation_rate, y }, marker_shape::square, "series-0",
                             shown[i]->name + ": saturated values " + percent_text(*shown[i]->saturation_rate));
        }
        return chart.svg();
    }
}
