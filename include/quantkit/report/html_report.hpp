// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A report as one HTML file that needs nothing else: no network, no fonts, no scripts from elsewhere. It follows the
/// reader's choice of light or dark, prints, works without a script but for sorting, and holds its data as JSON.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/report/markup.hpp>
#include <quantkit/report/report_charts.hpp>
#include <quantkit/report/report_data.hpp>
#include <quantkit/report/report_json.hpp>
#include <quantkit/report/report_style.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

    inline std::string histograms(const report_data& report)
    {
        std::string all;
        for (const report_histogram& each : report.histograms)
            all += figure(histogram_chart(each));
        return all.empty() ? all
                           : "<p class=\"key\">Dashed lines: the range that is quantized.</p>"
                                 + element("div", "class=\"charts\"", all);
    }

    /// JSON that may stand in a script element.
    inline std::string embedded(std::string json)
    {
        for (std::size_t at = json.find('<'); at != std::string::npos; at = json.find('<', at))
            json.replace(at, 1, "\\u003c");
        return json;
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
            + section("Layers", layer_table(report)) + section("Predicted and measured", comparison_table(report))
            + section("Values and ranges", histograms(report)) + section("How this was measured", fact_list(report));
        return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
               "content=\"width=device-width,initial-scale=1\"><link rel=\"icon\" href=\"data:,\">"
               + element("title", "", escaped(report.title)) + element("style", "", report_style) + "</head><body>"
               + element("main", "", body)
               + element("script", "type=\"application/json\" id=\"report\"", embedded(report_to_json(report)))
               + element("script", "", report_script) + "</body></html>\n";
    }
}
