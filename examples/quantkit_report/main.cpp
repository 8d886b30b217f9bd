// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model's files and some data in, a plan and a report of it out.
#include "support/command_line.hpp"
#include "support/progress.hpp"

#include <quantkit/calibration/window_builder.hpp>
#include <quantkit/io/atomic_file.hpp>
#include <quantkit/io/npy.hpp>
#include <quantkit/kernels/isa_report.hpp>
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/model_file.hpp>
#include <quantkit/observers/value_histogram.hpp>
#include <quantkit/report/html_report.hpp>
#include <quantkit/report/report_text.hpp>
#include <quantkit/report/sensitivity_report.hpp>
#include <quantkit/report/value_report.hpp>
#include <quantkit/sensitivity/evaluation_result.hpp>
#include <quantkit/sensitivity/sensitivity_evaluator.hpp>
#include <quantkit/sensitivity/simulated_model.hpp>
#include <quantkit/tensor/thread_pool.hpp>
#include <quantkit/tensor/types.hpp>

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace
{
    using namespace demo;
    namespace qk = quantkit;

    constexpr std::string_view usage =
        R"(usage: quantkit_report MODEL.json WEIGHTS.safetensors DATA.npy [option...]

Measures how sensitive each layer of a model is, plans its precisions under a budget, and writes a report.

DATA.npy holds float32 samples [samples, features] or [samples, time, features], or, for a model that reads windows of
a series, the series [steps, features]. The first third calibrates, the rest measures; the last quarter of that only
verifies the plan.

  --budget-bytes N     the most accurate plan of at most N bytes (default: half of what FP32 takes)
  --max-top1-drop X    the smallest plan that changes at most the share X of predictions, 0 to 1
  --samples N          samples to use, 12 or more (default 192)
  -o FILE              the report (default report.html); its data are in it as JSON
  --csv FILE           the table of layers
  --help               this text

Exit status: 0, or 1 where the plan does not keep its budget on data held out or something cannot be read, or 2 where
the command line is wrong.
)";

    struct options
    {
        std::vector<std::filesystem::path> files;
        std::optional<std::size_t> budget_bytes;
        std::optional<double> max_drop;
        std::size_t samples = 192;
        std::filesystem::path html = "report.html", csv;
        bool help = false;
    };

    template <class Number>
    Number parsed(const std::string& option, const std::string& text, Number least, Number most)
    {
        Number number {};
        const char* const end = text.data() + text.size();
        const auto [rest, error] = std::from_chars(text.data(), end, number);
        if (error != std::errc() || rest != end || !(number >= least && number <= most))
            throw usage_error(option + " wants a number from " + std::to_string(least) + " to " + std::to_string(most)
                              + ", not '" + text + "'");
        return number;
    }

    options parsed_options(std::span<char*> arguments)
    {
        options result;
        for (argument_reader argument(arguments); argument.next();)
        {
            const std::string name = argument.name();
            if (name == "--help" || name == "-h")
                result.help = true;
            else if (name == "--budget-bytes")
                result.budget_bytes = parsed<std::size_t>(name, argument.value(), 1, std::size_t { 1 } << 50);
            else if (name == "--max-top1-drop")
                result.max_drop = parsed(name, argument.value(), 0.0, 1.0);
            else if (name == "--samples")
                result.samples = parsed<std::size_t>(name, argument.value(), 12, 1'000'000);
            else if (name == "-o")
                result.html = argument.value();
            else if (name == "--csv")
                result.csv = argument.value();
            else if (name.starts_with("-"))
                refuse(argument);
            else
                result.files.emplace_back(name);
        }
        if (!result.help && result.files.size() != 3)
            throw usage_error("three files are wanted, not " + std::to_string(result.files.size()));
        if (result.budget_bytes && result.max_drop)
            throw usage_error("--budget-bytes and --max-top1-drop are two different wishes");
        return result;
    }

    /// [samples * time, features], at most so many samples.
    qk::matrix_f samples_of(const qk::npy_array& data, qk::sample_shape sample, std::size_t most)
    {
        const auto view = data.view<float>();
        const auto time = static_cast<std::ptrdiff_t>(sample.time);
        const auto features = static_cast<std::ptrdiff_t>(sample.features);
        qk::require(view.rank() >= 2 && view.shape()[view.rank() - 1] == features, "the npy file has the shape ",
                    view.shape(), ", but the model reads ", features, " features");
        std::vector<float> values(view.data(), view.data() + view.size());
        if (view.rank() == 2 && time > 1)
        {
            const qk::window_builder windows(time);
            const std::ptrdiff_t stride =
                std::max<std::ptrdiff_t>(1, (view.shape()[0] - time) / static_cast<std::ptrdiff_t>(most));
            values = windows.strided(view, stride).values;
        }
        const std::size_t count = std::min(most, values.size() / sample.size());
        qk::require(count >= 12, "the npy file of shape ", view.shape(), " holds ", count, " samples, 12 are wanted");
        return Eigen::Map<const qk::matrix_f>(values.data(), static_cast<Eigen::Index>(count) * time, features);
    }

    /// What a run of the samples shows of each value of the model, by its name.
    std::map<std::string, qk::value_histogram> observed_values(const qk::prepared_model& prepared,
                                                               const qk::matrix_f& samples)
    {
        const qk::program program = qk::program_of(prepared.network);
        std::map<std::string, qk::value_histogram> seen;
        qk::matrix_f y = prepared.reference(samples);
        qk::session_workspace workspace;
        prepared.reference.run(samples, y, workspace, qk::any_executor {},
                               [&](qk::value_id value, std::size_t count, const float* data)
                               {
                                   seen[program.values[value].name].observe(
                                       qk::tensor_view<const float>(data, { static_cast<std::ptrdiff_t>(count) }));
                               });
        return seen;
    }

    /// The results of the most sensitive layers, as far as they are values of their own, and the input.
    std::vector<qk::report_histogram> histograms_of(const qk::prepared_model& prepared, const qk::matrix_f& samples,
                                                    const qk::report_data& report)
    {
        const auto seen = observed_values(prepared, samples);
        std::vector<std::string> names { std::string(qk::model_input) };
        for (const qk::report_layer& layer : qk::detail::by_error(report.layers))
            names.push_back(layer.name);
        std::vector<qk::report_histogram> histograms;
        for (const std::string& name : names)
            if (const auto found = seen.find(name); found != seen.end() && histograms.size() < 6)
                histograms.push_back(qk::report_histogram_of(name + ", values", found->second, found->second.range()));
        std::erase_if(histograms, [](const qk::report_histogram& each) { return each.counts.empty(); });
        return histograms;
    }

    void write_text(const std::filesystem::path& path, std::string_view text)
    {
        qk::write_file(path, std::as_bytes(std::span(text)));
    }

    template <class Metric>
    auto evaluated(const options& chosen, const qk::simulated_model& subject, const Metric& metric)
    {
        qk::evaluation_options wanted;
        wanted.budgets.bytes = chosen.budget_bytes;
        wanted.budgets.error = chosen.max_drop;
        wanted.objective = chosen.max_drop ? qk::plan_objective::bytes : qk::plan_objective::error;
        auto bar = std::make_shared<std::optional<progress>>();
        wanted.measuring.progress = [bar](std::size_t finished, std::size_t blocks)
        {
            if (!*bar)
                bar->emplace(static_cast<int>(blocks));
            (*bar)->step("block " + std::to_string(finished) + " of " + std::to_string(blocks));
            return true;
        };
        Eigen::ThreadPool pool(static_cast<int>(std::max(1u, std::thread::hardware_concurrency())) - 1);
        return qk::sensitivity_evaluator(wanted).with_metric(metric).with_executor(qk::thread_pool(pool))(subject);
    }

    std::string plan_name(const options& chosen, std::size_t bytes)
    {
        return chosen.max_drop ? "of at most " + qk::percent_text(*chosen.max_drop) + " changed predictions"
                               : "of at most " + std::to_string(bytes) + " bytes";
    }

    template <class Metric>
    int run_with(const options& chosen, const Metric& metric)
    {
        const qk::model network = qk::read_model(chosen.files[0], chosen.files[1]);
        const qk::npy_array data = qk::read_npy(chosen.files[2]);
        qk::require(data.dtype == qk::data_type::float32, chosen.files[2].string(), " holds ", name_of(data.dtype),
                    ", but float32 is wanted");
        const qk::matrix_f samples = samples_of(data, network.input_shape(), chosen.samples);
        const auto time = static_cast<Eigen::Index>(network.input_shape().time);
        const Eigen::Index calibrating = samples.rows() / time / 3 * time;
        const qk::matrix_f calibration = samples.topRows(calibrating),
                           rest = samples.bottomRows(samples.rows() - calibrating);
        qk::prepared_model prepared = prepare(network);
        calibrate(prepared, calibration);
        const qk::simulated_model subject(network, calibration, rest);

        auto found = evaluated(chosen, subject, metric);
        if (!found.solution.found())
            throw std::runtime_error("no plan keeps the budget");
        const std::size_t shown = qk::index_of(found.table.candidates(), "INT8 static");
        qk::sensitivity_result result = result_of(chosen.files[0].stem().string(), found, shown);
        result.plans[0].name = plan_name(chosen, found.problem.budgets.bytes.value_or(0)) + ", " + result.plans[0].name;
        result.options.push_back({ "samples", std::to_string(samples.rows() / time) });
        result.options.push_back({ "instruction set of products", std::string(qk::isa().micro_kernel) });

        qk::report_data report = report_of(result, 0, shown);
        for (qk::report_layer& layer : report.layers)
        {
            const qk::sample_shape shape = network.shape_of(network.index_of(layer.name));
            layer.shape = "[" + std::to_string(shape.time) + ", " + std::to_string(shape.features) + "]";
        }
        report.histograms = histograms_of(prepared, calibration, report);
        write_text(chosen.html, report_to_html(report));
        if (!chosen.csv.empty())
            write_text(chosen.csv, report_to_csv(report));
        std::cout << report_to_text(report) << "\nwritten: " << chosen.html.string() << '\n';
        return !chosen.max_drop || found.verified.keeps_bound ? 0 : 1;
    }

    int run(const options& chosen)
    {
        return chosen.max_drop ? run_with(chosen, qk::output_disagreement {}) : run_with(chosen, qk::output_mse {});
    }
}

int main(int argc, char** argv)
{
    return run_program("quantkit_report", usage, { argv, static_cast<std::size_t>(argc) }, parsed_options, run);
}
