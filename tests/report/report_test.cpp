// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/report/compare_page.hpp>
#include <quantkit/report/compare_reports.hpp>
#include <quantkit/report/html_report.hpp>
#include <quantkit/report/report_data.hpp>
#include <quantkit/report/report_json.hpp>
#include <quantkit/report/report_text.hpp>

#include "report/sample_report.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace quantkit;
using test::sample_report;

namespace
{
    /// The first tag that is not closed, or closed without being open; empty if all nest.
    std::string unbalanced_tag(std::string_view markup)
    {
        std::vector<std::string> open;
        for (std::size_t at = markup.find('<'); at != std::string_view::npos; at = markup.find('<', at + 1))
        {
            const std::size_t end = markup.find('>', at);
            const std::string_view tag = markup.substr(at + 1, end - at - 1);
            const std::string name(tag.substr(0, tag.find(' ')));
            const bool stands_alone = tag.starts_with("!") || tag.ends_with("/") || name == "meta" || name == "link";
            if (name == "/script" || name == "script" || stands_alone)
                at = name == "script" ? markup.find("</script>", at) - 1 : at;
            else if (!name.starts_with("/"))
                open.push_back(name);
            else if (open.empty() || "/" + open.back() != name)
                return name;
            else
                open.pop_back();
        }
        return open.empty() ? "" : open.back();
    }

    std::size_t count_of(std::string_view text, std::string_view part)
    {
        std::size_t count = 0;
        for (std::size_t at = text.find(part); at != std::string_view::npos; at = text.find(part, at + part.size()))
            ++count;
        return count;
    }

    std::string refusal(std::string_view json)
    {
        try
        {
            report_from_json(json);
        }
        catch (const std::invalid_argument& error)
        {
            return error.what();
        }
        return {};
    }
}

TEST_CASE("reports: the page is one file with everything in it")
{
    const std::string page = report_to_html(sample_report());
    CHECK(unbalanced_tag(page) == "");
    CHECK(page.size() < 1'000'000);
    const std::size_t charts = 2 * 57 + 7; // histograms, and those that show all layers
    CHECK(count_of(page, "<svg") == charts);
    CHECK(count_of(page, "role=\"img\"") == charts);
    CHECK(count_of(page, "<desc>") == charts);
    CHECK(count_of(page, "class=\"title\"") == charts);
    CHECK(count_of(page, "class=\"label\"") == 2 * charts); // both axes
    CHECK(page.find("src=") == std::string::npos);
    CHECK(page.find("@import") == std::string::npos);
    CHECK(count_of(page, "://") == charts); // the name of SVG's namespace
    CHECK(count_of(page, "default-src 'none'") == 1);
    for (const report_layer& layer : sample_report().layers)
        CHECK(count_of(page, "<td class=\"text\">" + layer.name + "</td>") == 1);
}

TEST_CASE("reports: names are text, whatever is in them")
{
    const std::string hostile = "</script><img src=x onerror=alert(1)>\"'&\x01";
    report_data report = sample_report(3);
    report.title = report.verdict = report.reasons[0] = report.warnings[0] = report.metric = hostile;
    report.layers[0].name = report.layers[1].kind = report.layers[2].precision = hostile;
    report.layers[0].shape = report.layers[1].prior_level = hostile;
    report.histograms[0].name = report.comparisons[0].quantity = report.facts[0].value = hostile;
    const std::string page = report_to_html(report);
    CHECK(unbalanced_tag(page) == "");
    CHECK(page.find("<img") == std::string::npos);
    CHECK(count_of(page, "</script>") == 2);
    CHECK(page.find('\x01') == std::string::npos);
}

TEST_CASE("reports: empty ones have no empty sections")
{
    report_data report;
    report.title = "Nothing";
    const std::string page = report_to_html(report);
    CHECK(unbalanced_tag(page) == "");
    CHECK(page.find("<section") == std::string::npos);
    CHECK(report_to_csv(report).find('\n') == report_to_csv(report).size() - 1);
}

TEST_CASE("reports: layers without any error, plans without any bytes")
{
    report_data report = sample_report(2);
    for (report_layer& layer : report.layers)
        layer.error = layer.low = layer.high = 0.0;
    report.front = { { 0.0, 0.0, true } };
    const std::string page = report_to_html(report);
    CHECK(unbalanced_tag(page) == "");
    CHECK(page.find("nan") == std::string::npos);
    CHECK(page.find("inf") == std::string::npos);
}

TEST_CASE("reports: JSON says everything")
{
    CHECK(report_from_json(report_to_json(sample_report())) == sample_report());
    CHECK(report_from_json(report_to_json(report_data {})) == report_data {});
    CHECK(report_from_html(report_to_html(sample_report())) == sample_report());
    CHECK_THROWS_WITH_AS(report_from_html("<p>"), "quantkit: this page holds no report", std::invalid_argument);
}

TEST_CASE("reports: JSON that is no report")
{
    CHECK(refusal("[]") == "quantkit: this JSON is no report");
    CHECK(refusal("{").starts_with("quantkit: a report cannot be read: "));
    CHECK(refusal(R"({"format":"quantkit report","version":2})")
          == "quantkit: this report has version 2, readable is 1");
    CHECK(refusal(R"({"format":"quantkit report","version":1})").find("title") != std::string::npos);
    CHECK(refusal(R"({"format":"quantkit report","version":)" + std::string(1'000'000, '['))
          == "quantkit: nested deeper than 64");
    std::string text = report_to_json(sample_report(1));
    const std::string bytes = "\"bytes\": 1000";
    REQUIRE(text.find(bytes) != std::string::npos);
    text.replace(text.find(bytes), bytes.size(), "\"bytes\": 1e300");
    CHECK(refusal(text) == "quantkit: bytes must be an integer that is not negative, but is 1e+300");
}

TEST_CASE("reports: CSV quotes what it must")
{
    report_data report = sample_report(1);
    report.layers[0].name = "a,\"b\"";
    report.layers[0].kind = "=1+1";
    const std::string csv = report_to_csv(report);
    CHECK(csv.substr(csv.find('\n') + 1)
          == "\"a,\"\"b\"\"\",'=1+1,\"[256, 64]\",0.9,HIGH,0.001,0.0007,0.0015,0,FP16,1000,4000,12.5,1e-06,2.5e-05,"
             "0.0125,0.25\n");
}

TEST_CASE("reports: text begins with the verdict and ends with comparisons")
{
    const std::string text = report_to_text(sample_report());
    CHECK(text.starts_with("Sensitivity of a transformer encoder\n\n24 of 57 layers"));
    CHECK(text.find("! the prior says attention must stay FP16") != std::string::npos);
    CHECK(text.find("encoder.0.ffn ") < text.find("encoder.56.ffn "));
    CHECK(text.find("\nlatency, us ") != std::string::npos);
    CHECK(text.ends_with("       810       842\n"));
}

TEST_CASE("reports: what differs")
{
    const report_data before = sample_report(5);
    CHECK(to_text(compare_reports(before, before)) == "The reports agree.\n");
    report_data after = before;
    after.layers[1].precision = "INT4";
    after.layers[1].bytes *= 2;
    after.layers[2].error *= 1.2; // within the interval
    after.layers[3].error = after.layers[3].low = after.layers[3].high = 1.0;
    after.layers.pop_back();
    after.facts[0].value = "avx512";
    after.facts.push_back({ "threads", "2" });
    after.comparisons[2].measured *= 1.5;
    std::vector<report_difference> differences = compare_reports(before, after);
    REQUIRE(differences.size() == 7);
    CHECK(differences[1].before == "-");
    CHECK(differences[1].after == "2");
    CHECK(differences[2].what == "latency, measured, us");
    CHECK(differences[2].ratio == 1.5);
    differences.erase(differences.begin() + 1, differences.begin() + 3);
    CHECK(differences[0].what == "instruction set");
    CHECK(differences[1].after == "INT4");
    CHECK(differences[2].ratio == 2.0);
    CHECK(differences[3].layer == "encoder.3.ffn");
    CHECK(differences[3].what == "error");
    CHECK(differences[4].layer == "encoder.4.ffn");
    CHECK(differences[4].after == "-");
    const std::string text = to_text(differences);
    CHECK(std::count(text.begin(), text.end(), '\n') >= 6);
    CHECK(text.starts_with("layer"));
    CHECK(text.find("\n(report) ") < text.find("\nencoder.1.ffn "));
    CHECK(text.find("\nencoder.1.ffn ") < text.find("\nencoder.4.ffn "));
}

TEST_CASE("reports: of many warnings a page shows four, the others when asked")
{
    const auto page_with = [](std::size_t warnings)
    {
        report_data report = sample_report(2);
        report.warnings.clear();
        for (std::size_t i = 0; i < warnings; ++i)
            report.warnings.push_back("warning <" + std::to_string(i) + ">");
        return report_to_html(report);
    };
    CHECK(page_with(4).find("more of this kind") == std::string::npos);
    const std::string page = page_with(6);
    const std::size_t more = page.find("2 more of this kind");
    REQUIRE(more != std::string::npos);
    CHECK(page.find("warning &lt;3&gt;") < more);
    CHECK(page.find("warning &lt;4&gt;") > more);
    CHECK(page.find("warning &lt;5&gt;") > more);
    CHECK(unbalanced_tag(page).empty());
}

TEST_CASE("reports: errors in other metrics and times within noise do not differ")
{
    const report_data before = sample_report(2);
    report_data after = before;
    after.metric = "1 - agreement";
    after.layers[0].error = after.layers[0].low = after.layers[0].high = 1.0;
    after.layers[0].microseconds = *before.layers[0].microseconds * 1.2;
    after.layers[1].microseconds = *before.layers[1].microseconds * 0.5;
    const std::vector<report_difference> differences = compare_reports(before, after);
    REQUIRE(differences.size() == 2);
    CHECK(differences[0].what == "metric");
    CHECK(differences[1].what == "microseconds");
    CHECK(differences[1].ratio == 0.5);
}

TEST_CASE("reports: a page of what differs")
{
    report_data before = sample_report(2), after = before;
    CHECK(comparison_to_html(before, before).find("The reports agree.") != std::string::npos);
    after.layers[1].bytes *= 2;
    after.title = after.verdict = after.layers[1].precision = "<img>";
    const std::string page = comparison_to_html(before, after);
    CHECK(unbalanced_tag(page) == "");
    CHECK(count_of(page, "<tr>") == 3);
    CHECK(page.find("<img>") == std::string::npos);
    CHECK(page.find("<td data-value=\"2\">2</td>") != std::string::npos);
}
