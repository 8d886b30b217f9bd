// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A report as one HTML file that needs nothing else: no network, no fonts, no scripts from elsewhere. It follows the
/// reader's choice of light or dark, prints, works without a script but for sorting, and holds its data as JSON.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/report/html_page.hpp>
#include <quantkit/report/html_table.hpp>
#include <quantkit/report/markup.hpp>
#include <quantkit/report/report_charts.hpp>
#include <quantkit/report/report_data.hpp>
#include <quantkit/report/report_json.hpp>
#include <quantkit/report/value_charts.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline std::string list_of(const std::vector<std::string>& items)
    {
        std::string list;
        for (const std::string& item : items)
            list += element("li", "", escaped(item));
        return items.empty() ? list : element("ul", "", list);
    }

    /// All of them in boxes; those beyond the first few behind a line to open.
    inline std::string warnings_of(const std::vector<std::string>& warnings)
    {
        constexpr std::size_t shown = 4;
        std::string first, rest;
        for (std::size_t i = 0; i < warnings.size(); ++i)
            (i < shown ? first : rest) += element("p", "class=\"warning\"", escaped(warnings[i]));
        if (rest.empty())
            return first;
        const std::string more = element("summary", "", std::to_string(warnings.size() - shown) + " more of this kind");
        return first + element("details", "", more + rest);
    }

    inline std::string section(std::string_view title, const std::string& content)
    {
        return content.empty() ? content : element("section", "", element("h2", "", escaped(title)) + content);
    }

    inline std::string figure(const std::string& content) { return element("figure", "", content); }

    inline std::string percent_of(const std::optional<double>& share) { return share ? percent_text(*share) : ""; }

    inline void add_layer(html_table& table, const report_layer& layer)
    {
        table.add_text(layer.name);
        table.add_text(layer.kind);
        table.add_text(layer.shape);
        table.add_number(layer.prior_score, layer.prior_level + " " + short_text(layer.prior_score, 2));
        table.add_number(layer.error);
        table.add_text(short_text(layer.low) + " to " + short_text(layer.high)
                       + (layer.settled ? "" : ", not settled"));
        table.add_text(layer.precision);
        table.add_number(static_cast<double>(layer.bytes), std::to_string(layer.bytes));
        const auto smaller =
            layer.bytes == 0
                ? std::nullopt
                : std::optional<double>(static_cast<double>(layer.reference_bytes) / static_cast<double>(layer.bytes));
        table.add_number(smaller, smaller ? fixed_text(*smaller, 2) : "");
        table.add_number(layer.microseconds);
        table.add_number(layer.error_parts ? std::optional(layer.error_parts->clipping) : std::nullopt);
        table.add_number(layer.error_parts ? std::optional(layer.error_parts->rounding) : std::nullopt);
        table.add_number(layer.saturation_rate, percent_of(layer.saturation_rate));
        table.add_number(layer.dead_codes, percent_of(layer.dead_codes));
        table.end_row();
    }

    inline std::string layer_table(const report_data& report)
    {
        const std::string caption = "Layers; the error is " + report.metric + " with its confidence interval";
        html_table table(caption);
        for (const char* name : { "layer", "kind", "shape" })
            table.add_column(name, true);
        table.add_column("prior");
        table.add_column("error");
        table.add_column("interval", true);
        table.add_column("precision", true);
        for (const char* name : { "bytes", "times smaller", "us", "clipping", "rounding", "saturated", "dead codes" })
            table.add_column(name);
        for (const report_layer& layer : report.layers)
            add_layer(table, layer);
        return report.layers.empty() ? "" : table.html();
    }

    inline std::string comparison_table(const report_data& report)
    {
        html_table table("Estimates are made before the plan has run");
        table.add_column("quantity", true);
        for (const char* name : { "predicted", "measured", "measured / predicted" })
            table.add_column(name);
        for (const report_comparison& each : report.comparisons)
        {
            table.add_text(each.quantity + ", " + each.unit);
            table.add_number(each.predicted, 4);
            table.add_number(each.measured, 4);
            table.add_number(each.predicted != 0.0 ? std::optional(each.measured / each.predicted) : std::nullopt);
            table.end_row();
        }
        return report.comparisons.empty() ? "" : table.html();
    }

    inline std::string fact_list(const report_data& report)
    {
        std::string rows;
        for (const report_fact& fact : report.facts)
            rows += element("tr", "",
                            element("th", "scope=\"row\"", escaped(fact.name))
                                + element("td", "class=\"text\" style=\"white-space:normal\"", escaped(fact.value)));
        return rows.empty() ? rows : element("div", "class=\"table\"", element("table", "", rows));
    }

    inline std::string charts(const report_data& report)
    {
        std::string all;
        if (!report.layers.empty())
            all += figure(sensitivity_chart(report)
                          + "<figcaption class=\"key\">prior:<b style=\"background:var(--s0)\"></b>high<b "
                            "style=\"background:var(--s1)\"></b>medium<b style=\"background:var(--s2)\"></b>low; the "
                            "table names it for each layer</figcaption>");
        if (!report.front.empty())
            all += figure(front_chart(report));
        return all.empty() ? all : element("div", "class=\"charts\"", all);
    }

    /// Those that there are, side by side.
    inline std::string chart_row(const std::vector<std::string>& charts)
    {
        std::string all;
        for (const std::string& each : charts)
            all += each.empty() ? each : figure(each);
        return all.empty() ? all : element("div", "class=\"charts\"", all);
    }

    /// Ranges of everything; histograms beyond the first few behind a line to open.
    inline std::string values_and_ranges(const report_data& report)
    {
        constexpr std::size_t shown = 6;
        std::vector<std::string> first, rest;
        for (const report_histogram& each : report.histograms)
            (first.size() < shown ? first : rest).push_back(histogram_chart(each));
        if (first.empty())
            return {};
        const std::string more = element("summary", "", std::to_string(rest.size()) + " more histograms");
        return "<p class=\"key\">Dashed lines: the range that is quantized; of weights with several scales the widest. "
               "Histograms of the most sensitive layers first.</p>"
               + chart_row(first) + (rest.empty() ? "" : element("details", "", more + chart_row(rest)))
               + chart_row({ range_chart(report, value_kind::activations), range_chart(report, value_kind::weights) });
    }

    inline std::string errors_of_results(const report_data& report)
    {
        const std::string charts = chart_row({ error_parts_chart(report), code_usage_chart(report) });
        return charts.empty() ? charts
                              : charts
                                    + "<p class=\"key\"><b style=\"background:var(--s0)\"></b>clipping, saturated "
                                      "values<b style=\"background:var(--s3)\"></b>rounding<b "
                                      "style=\"background:var(--s1)\"></b>unused codes</p>";
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Names may hold anything: nothing in them becomes markup. Throws where a histogram's bins and edges do not fit.
    inline std::string report_to_html(const report_data& report)
    {
        using namespace detail;
        const std::string body =
            element("h1", "", escaped(report.title)) + element("p", "class=\"verdict\"", escaped(report.verdict))
            + list_of(report.reasons) + warnings_of(report.warnings) + section("Sensitivity and plans", charts(report))
            + section("Layers", layer_table(report))
            + section("Predicted and measured", chart_row({ prediction_chart(report) }) + comparison_table(report))
            + section("What INT8 does to results", errors_of_results(report))
            + section("Values and ranges", values_and_ranges(report))
            + section("How this was measured", fact_list(report));
        return html_page(report.title, element("main", "", body)
                                           + element("script", "type=\"application/json\" id=\"report\"",
                                                     embedded(report_to_json(report))));
    }

    /// The report that a page shows, from the data in it. Throws as report_from_json, and where the page has none.
    inline report_data report_from_html(std::string_view page)
    {
        constexpr std::string_view begin = "<script type=\"application/json\" id=\"report\">";
        const std::size_t at = page.find(begin);
        require(at != std::string_view::npos, "this page holds no report");
        const std::size_t first = at + begin.size();
        return report_from_json(page.substr(first, page.find("</script>", first) - first));
    }
}
