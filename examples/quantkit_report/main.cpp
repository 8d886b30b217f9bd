// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model's files and some data in, a plan and a report of it out; or what differs between two reports.
#include "compare.hpp"
#include "inputs.hpp"
#include "measurements.hpp"
#include "options.hpp"
#include "support/progress.hpp"

#include <quantkit/model/calibration.hpp>
#include <quantkit/model/model_file.hpp>
#include <quantkit/report/html_report.hpp>
#include <quantkit/report/model_values.hpp>
#include <quantkit/report/report_text.hpp>
#include <quantkit/report/sensitivity_report.hpp>
#include <quantkit/sensitivity/evaluation_result.hpp>
#include <quantkit/sensitivity/layer_latency.hpp>
#include <quantkit/sensitivity/sensitivity_evaluator.hpp>
#include <quantkit/sensitivity/simulated_model.hpp>
#include <quantkit/tensor/thread_pool.hpp>
#include <quantkit/tensor/types.hpp>

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace
{
    using namespace demo;
    namespace qk = quantkit;

    /// The model and its samples: a third calibrates, the rest measures, the last quarter of that only verifies.
    struct inputs
    {
        qk::model network;
        qk::matrix_f calibration, rest;
        qk::qconfig config;

        explicit inputs(const report_options& chosen)
            : network(qk::read_model(chosen.files[0], chosen.files[1]))
            , config { observer_named(chosen.observer) }
        {
            const qk::matrix_f samples = read_samples(chosen.files[2], network.input_shape(), chosen.samples);
            const auto time = static_cast<Eigen::Index>(network.input_shape().time);
            const Eigen::Index calibrating = samples.rows() / time / 3 * time;
            calibration = samples.topRows(calibrating);
            rest = samples.bottomRows(samples.rows() - calibrating);
        }
    };

    /// Those that a session computes with.
    std::vector<qk::precision_candidate> candidates()
    {
        std::vector<qk::precision_candidate> all = qk::precision_candidates();
        std::erase_if(all, [](const qk::precision_candidate& each) { return each.rounds_inputs; });
        return all;
    }

    qk::evaluation_options evaluation_of(const report_options& chosen)
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
        return wanted;
    }

    /// With its folder: many models are called graph.json.
    std::string model_name(const std::filesystem::path& file)
    {
        return (file.parent_path().filename() / file.stem()).generic_string();
    }

    std::string plan_name(const report_options& chosen, std::size_t bytes)
    {
        return chosen.max_drop ? "of at most " + qk::percent_text(*chosen.max_drop) + " changed predictions"
                               : "of at most " + std::to_string(bytes) + " bytes";
    }

    void add_facts(qk::report_data& report, const report_options& chosen, const qk::model& network, std::size_t samples)
    {
        for (qk::report_layer& layer : report.layers)
        {
            const qk::sample_shape shape = network.shape_of(network.index_of(layer.name));
            layer.shape = "[" + std::to_string(shape.time) + ", " + std::to_string(shape.features) + "]";
        }
        report.facts.push_back({ "samples", std::to_string(samples) });
        report.facts.push_back({ "observer of activations", chosen.observer });
        report.facts.push_back({ "machine", qk::machine_fingerprint() });
    }

    void write_files(const report_options& chosen, const qk::report_data& report)
    {
        std::cout << (chosen.quiet ? report.verdict + '\n' : report_to_text(report));
        const auto write = [](const std::filesystem::path& path, const std::string& text)
        {
            if (path.empty())
                return;
            write_text(path, text);
            std::cout << "\nwritten: " << path.string() << ", " << text.size() << " bytes";
        };
        write(chosen.html, report_to_html(report));
        write(chosen.csv, report_to_csv(report));
        write(chosen.json, report_to_json(report));
        std::cout << '\n';
    }

    template <class Metric>
    int report_with(const report_options& chosen, const Metric& metric)
    {
        const inputs given(chosen);
        qk::prepared_model prepared = prepare(given.network, given.config);
        calibrate(prepared, given.calibration);
        const qk::simulated_model subject(given.network, given.calibration, given.rest, candidates(), given.config);

        Eigen::ThreadPool pool(static_cast<int>(std::max(1u, std::thread::hardware_concurrency())) - 1);
        const qk::thread_pool threads(pool);
        const qk::evaluation_options wanted = evaluation_of(chosen);
        const auto found = qk::sensitivity_evaluator(wanted).with_metric(metric).with_executor(threads)(subject);
        if (!found.solution.found())
            throw std::runtime_error("no plan keeps the budget");

        const std::size_t shown = qk::index_of(found.table.candidates(), "INT8 static");
        qk::sensitivity_result result = result_of(model_name(chosen.files[0]), found, shown);
        result.plans[0].name = plan_name(chosen, found.problem.budgets.bytes.value_or(0)) + ", " + result.plans[0].name;
        qk::report_data report = report_of(result, 0, shown);
        add_latencies(report, subject, result.plans[0].plan, chosen.turns);
        const std::size_t verifying = subject.samples() / 4, first = subject.samples() - verifying;
        compare_front(report, subject, found.table, metric, { first, verifying }, threads);
        const auto sample = static_cast<Eigen::Index>(given.network.input_shape().time);
        compare_session(report, subject, prepared, result.plans[0].plan, given.rest.topRows(sample), chosen.turns);
        add_values(report, prepared, quantized_values_of(prepared, given.rest));
        add_facts(report, chosen, given.network, subject.samples());
        write_files(chosen, report);
        return !chosen.max_drop || found.verified.keeps_bound ? 0 : 1;
    }

    /// What cannot be written is said before anything is measured.
    void check_folders(const report_options& chosen)
    {
        for (const std::filesystem::path& file : { chosen.html, chosen.csv, chosen.json })
            if (!file.parent_path().empty() && !std::filesystem::is_directory(file.parent_path()))
                throw std::runtime_error("there is no folder " + file.parent_path().string() + " for "
                                         + file.filename().string());
    }

    int run(const report_options& chosen)
    {
        check_folders(chosen);
        if (chosen.compare)
            return compare(chosen);
        return chosen.max_drop ? report_with(chosen, qk::output_disagreement {})
                               : report_with(chosen, qk::output_mse {});
    }
}

int main(int argc, char** argv)
{
    return run_program("quantkit_report", report_usage, { argv, static_cast<std::size_t>(argc) }, parsed_report_options,
                       run);
}
