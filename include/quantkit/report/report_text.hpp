// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A report's layers for terminals and for spreadsheets.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/report/report_charts.hpp>
#include <quantkit/report/report_data.hpp>
#include <quantkit/sensitivity/text_table.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline std::string optional_text(const std::optional<double>& value) { return value ? short_text(*value) : "-"; }

    /// RFC 4180: quoted where a comma, a quote or a line end is in it. A text that a spreadsheet would take for a
    /// formula begins with an apostrophe then.
    inline std::string csv_cell(std::string_view text)
    {
        std::string cell(text);
        if (!cell.empty() && std::string_view("=+-@").find(cell.front()) != std::string_view::npos)
            cell.insert(0, "'");
        if (cell.find_first_of(",\"\n\r") == std::string::npos)
            return cell;
        std::string quoted = "\"";
        for (const char c : cell)
            quoted += c == '"' ? "\"\"" : std::string(1, c);
        return quoted + "\"";
    }

    inline std::string csv_number(const std::optional<double>& value) { return value ? short_text(*value, 9) : ""; }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Verdict, reasons, warnings, and a table of layers, the most sensitive first.
    inline std::string report_to_text(const report_data& report)
    {
        std::string text = report.title + "\n\n" + report.verdict + "\n";
        for (const std::string& reason : report.reasons)
            text += "  - " + reason + "\n";
        for (const std::string& warning : report.warnings)
            text += "  ! " + warning + "\n";
        text_table table({ "layer", "kind", "prior", report.metric, "interval", "precision", "bytes", "us" });
        for (const report_layer& layer : detail::by_error(report.layers))
            table.add({ layer.name, layer.kind, layer.prior_level, short_text(layer.error),
                        short_text(layer.low) + " to " + short_text(layer.high) + (layer.settled ? "" : " ?"),
                        layer.precision, std::to_string(layer.bytes), detail::optional_text(layer.microseconds) });
        text += "\n" + table.text();
        if (report.comparisons.empty())
            return text;
        text_table comparisons({ "quantity", "predicted", "measured" });
        for (const report_comparison& each : report.comparisons)
            comparisons.add(
                { each.quantity + ", " + each.unit, short_text(each.predicted, 4), short_text(each.measured, 4) });
        return text + "\n" + comparisons.text();
    }

    /// One line for each layer, in the model's order, under a line of names.
    inline std::string report_to_csv(const report_data& report)
    {
        std::string csv = "layer,kind,shape,prior_score,prior_level,error,low,high,settled,precision,bytes,"
                          "reference_bytes,microseconds,clipping,rounding,saturation_rate,dead_codes\n";
        using detail::csv_cell, detail::csv_number;
        for (const report_layer& layer : report.layers)
        {
            const auto& parts = layer.error_parts;
            csv += csv_cell(layer.name) + "," + csv_cell(layer.kind) + "," + csv_cell(layer.shape) + ","
                   + csv_number(layer.prior_score) + "," + csv_cell(layer.prior_level) + "," + csv_number(layer.error)
                   + "," + csv_number(layer.low) + "," + csv_number(layer.high) + "," + (layer.settled ? "1" : "0")
                   + "," + csv_cell(layer.precision) + "," + std::to_string(layer.bytes) + ","
                   + std::to_string(layer.reference_bytes) + "," + csv_number(layer.microseconds) + ","
                   + (parts ? csv_number(parts->clipping) : "") + "," + (parts ? csv_number(parts->rounding) : "") + ","
                   + csv_number(layer.saturation_rate) + "," + csv_number(layer.dead_codes) + "\n";
        }
        return csv;
    }
}
