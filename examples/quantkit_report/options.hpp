// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The command line of quantkit_report.
#pragma once

#include "support/command_line.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace demo
{
    inline constexpr std::string_view report_usage =
        R"(usage: quantkit_report MODEL.json WEIGHTS.safetensors DATA.npy [option...]
       quantkit_report --compare BEFORE AFTER [-o FILE]

Measures how sensitive each layer of a model is, plans its precisions under a budget, and writes a report.

DATA.npy holds float32 samples [samples, features] or [samples, time, features], or, for a model that reads windows of
a series, the series [steps, features]. The first third calibrates, the rest measures; the last quarter of that only
verifies the plan.

  --budget-bytes N     the most accurate plan of at most N bytes (default: half of what FP32 takes)
  --max-top1-drop X    the smallest plan that changes at most the share X of predictions, 0 to 1
  --observer NAME      what chooses the ranges of activations: minmax (default), percentile, mse or entropy
  --samples N          samples to use, 12 or more (default 192)
  --turns N            latency measurements of each layer and plan, 1 to 10000 (default 9)
  -o FILE              the report (default report.html); its data are in it as JSON
  --csv FILE           the table of layers
  --json FILE          the report's data
  --quiet              prints the verdict without the tables
  --compare            tells what differs between two reports, .html or .json; -o also writes a page of it
  --help               this text

Exit status: 0, or 1 where the plan does not keep its budget on data held out or something cannot be read, or 2 where
the command line is wrong.
)";

    struct report_options
    {
        std::vector<std::filesystem::path> files;
        std::optional<std::size_t> budget_bytes;
        std::optional<double> max_drop;
        std::string observer = "minmax";
        std::size_t samples = 192;
        int turns = 9;
        std::filesystem::path html, csv, json;
        bool quiet = false, compare = false, help = false;
    };

    template <class Number>
    Number parsed_number(const std::string& option, const std::string& text, Number least, Number most)
    {
        Number number {};
        const char* const end = text.data() + text.size();
        const auto [rest, error] = std::from_chars(text.data(), end, number);
        if (error != std::errc() || rest != end || !(number >= least && number <= most))
            throw usage_error(option + " wants a number from " + std::to_string(least) + " to " + std::to_string(most)
                              + ", not '" + text + "'");
        return number;
    }

    inline std::string parsed_observer(const std::string& name)
    {
        constexpr std::array known { "minmax", "percentile", "mse", "entropy" };
        if (std::find(known.begin(), known.end(), name) == known.end())
            throw usage_error("--observer wants minmax, percentile, mse or entropy, not '" + name + "'");
        return name;
    }

    inline void take_argument(report_options& result, argument_reader& argument)
    {
        const std::string name = argument.name();
        if (name == "--help" || name == "-h")
            result.help = true;
        else if (name == "--quiet")
            result.quiet = true;
        else if (name == "--compare")
            result.compare = true;
        else if (name == "--budget-bytes")
            result.budget_bytes = parsed_number<std::size_t>(name, argument.value(), 1, std::size_t { 1 } << 50);
        else if (name == "--max-top1-drop")
            result.max_drop = parsed_number(name, argument.value(), 0.0, 1.0);
        else if (name == "--observer")
            result.observer = parsed_observer(argument.value());
        else if (name == "--samples")
            result.samples = parsed_number<std::size_t>(name, argument.value(), 12, 1'000'000);
        else if (name == "--turns")
            result.turns = parsed_turns(argument.value());
        else if (name == "-o")
            result.html = argument.value();
        else if (name == "--csv")
            result.csv = argument.value();
        else if (name == "--json")
            result.json = argument.value();
        else if (name.starts_with("-"))
            refuse(argument);
        else
            result.files.emplace_back(name);
    }

    inline report_options parsed_report_options(std::span<char*> arguments)
    {
        report_options result;
        for (argument_reader argument(arguments); argument.next();)
            take_argument(result, argument);
        const std::size_t wanted = result.compare ? 2 : 3;
        if (!result.help && result.files.size() != wanted)
            throw usage_error((result.compare ? "two reports are wanted, not " : "three files are wanted, not ")
                              + std::to_string(result.files.size()));
        if (result.budget_bytes && result.max_drop)
            throw usage_error("--budget-bytes and --max-top1-drop are two different wishes");
        if (!result.compare && result.html.empty())
            result.html = "report.html";
        return result;
    }
}
