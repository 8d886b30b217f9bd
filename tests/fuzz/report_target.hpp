// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A report whose names and numbers are anything: no text becomes markup, and the page's data are the report.
///
/// An input that begins with '{' is read as the JSON of a report; of any other, texts and numbers are taken.
#pragma once

#include <quantkit/report/html_report.hpp>
#include <quantkit/report/report_json.hpp>
#include <quantkit/report/report_text.hpp>

#include "fuzz/finding.hpp"
#include "fuzz/html_check.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quantkit::fuzz
{
    inline report_layer fuzzed_layer(input_reader& input)
    {
        report_layer layer { input.text(40), input.text(20), input.text(20) };
        layer.prior_score = input.take<float>();
        layer.prior_level = input.text(10);
        layer.error = input.take<double>();
        layer.low = input.take<double>();
        layer.high = input.take<double>();
        layer.precision = input.text(10);
        layer.bytes = input.take<std::uint32_t>();
        layer.reference_bytes = input.take<std::uint32_t>();
        if (input.integer(0, 1) == 1)
            layer.error_parts = report_error_parts { input.take<double>(), input.take<float>() };
        return layer;
    }

    inline report_histogram fuzzed_histogram(input_reader& input)
    {
        report_histogram histogram {
            input.text(30), { input.take<double>() }, {}, input.take<float>(), input.take<float>()
        };
        for (int i = input.integer(0, 3); i-- > 0;)
        {
            histogram.edges.push_back(input.take<double>());
            histogram.counts.push_back(input.take<double>());
        }
        if (input.integer(0, 3) != 0)
            std::sort(histogram.edges.begin(), histogram.edges.end());
        return histogram;
    }

    inline report_data fuzzed_report(std::span<const std::byte> bytes)
    {
        input_reader input(bytes);
        report_data report { input.text(60), input.text(60), { input.text(30) }, {}, input.text(20) };
        for (int i = input.integer(0, 6); i-- > 0;)
            report.warnings.push_back(input.text(30));
        for (int i = input.integer(0, 3); i-- > 0;)
            report.layers.push_back(fuzzed_layer(input));
        for (int i = input.integer(0, 2); i-- > 0;)
            report.histograms.push_back(fuzzed_histogram(input));
        for (int i = input.integer(0, 3); i-- > 0;)
            report.front.push_back({ input.take<double>(), input.take<double>(), i == 0 });
        for (int i = input.integer(0, 1); i-- > 0;)
            report.comparisons.push_back({ input.text(20), input.text(9), input.take<double>(), input.take<double>() });
        for (int i = input.integer(0, 2); i-- > 0;)
            report.facts.push_back({ input.text(20), input.text(20) });
        return report;
    }

    inline void check_page(const report_data& report)
    {
        const std::string page = report_to_html(report), json = report_to_json(report);
        html_checker headings(page);
        const std::vector<std::string> titles = headings.texts_of("h1");
        const auto is_plain = [](char c) { return static_cast<unsigned char>(c) >= 0x20 || c == '\n' || c == '\t'; };
        if (!report.title.empty() && std::all_of(report.title.begin(), report.title.end(), is_plain))
            expect(titles == std::vector { report.title }, "the title is the report's");
        expect(headings.scripts() == 2, "there are the page's two scripts and no other");
        const std::vector<std::string> data = html_checker(page).texts_of("script");
        expect(data.size() == 2 && nlohmann::ordered_json::parse(data[0]) == nlohmann::ordered_json::parse(json),
               "the page's data are the report");
    }

    inline void try_report(std::span<const std::byte> input)
    {
        report_data report;
        if (!text_of(input).starts_with('{'))
            report = fuzzed_report(input);
        else if (!accepted([&] { report = report_from_json(text_of(input)); }))
            return;
        accepted([&] { check_page(report); });
        accepted([&] { report_to_text(report); });
        accepted([&] { report_to_csv(report); });
    }
}
