// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Which layers of a trained encoder bear few bits: measured one at a time, turned into plans under two budgets, and
/// the plans converted into sessions that are measured on windows that chose nothing.
#include "informer/weather_windows.hpp"
#include "support/command_line.hpp"
#include "support/data.hpp"
#include "support/latency.hpp"
#include "support/models.hpp"
#include "support/quality.hpp"
#include "support/session_call.hpp"
#include "tables.hpp"

#include <quantkit/io/atomic_file.hpp>
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/model_size.hpp>
#include <quantkit/report/sensitivity_json.hpp>
#include <quantkit/sensitivity/evaluation_result.hpp>
#include <quantkit/sensitivity/pareto_front.hpp>
#include <quantkit/sensitivity/sensitivity_evaluator.hpp>
#include <quantkit/sensitivity/simulated_model.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <functional>
#include <iostream>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace
{
    using namespace demo;

    constexpr std::string_view usage =
        R"(usage: informer_sensitivity [--all] [--turns N] [--check] [--help]

Measures how sensitive each layer of a trained encoder of 30 layers is, and plans its precisions.

  --all        all 728 windows of 2015, instead of every eighth
  --json FILE  writes what was measured and the plan of the accuracy budget
  --turns N    latency measurements of each session, 1 to 10000 (default 7)
  --check      exit with 1 unless the plans keep their budgets and their sessions do what was predicted within 4 dB
  --help       this text
)";

    struct options : common_options
    {
        bool all = false;
        std::filesystem::path json {};
    };

    options parsed_options(std::span<char*> arguments)
    {
        options result;
        result.turns = 7;
        for (argument_reader argument(arguments); argument.next();)
            if (argument.name() == "--all")
                result.all = true;
            else if (argument.name() == "--json")
                result.json = argument.value();
            else if (!result.take(argument))
                refuse(argument);
        return result;
    }

    constexpr double wanted_db = 42, wanted_smaller = 4;

    std::vector<quantkit::precision_candidate> candidates()
    {
        std::vector<quantkit::precision_candidate> all = quantkit::precision_candidates();
        std::erase_if(all, [](const auto& each) { return each.rounds_inputs || each.name == "BF16"; });
        return all;
    }

    /// The mean square of the logits in float, to which decibels refer.
    double signal_power(const quantkit::matrix_f& logits)
    {
        return logits.cast<double>().squaredNorm() / static_cast<double>(logits.size());
    }

    /// A plan with its session, on the windows that were held out.
    planned_session converted(const quantkit::simulated_model& subject, const quantkit::prepared_model& prepared,
                              const found_plan& plan, const quantkit::matrix_f& held_out, double power)
    {
        const quantkit::quantized_model quantized = convert(prepared, subject.plan_of(plan.choice));
        const quantkit::session session(quantized);
        const quantkit::matrix_f want = prepared.reference(held_out), y = session(held_out);
        const double error = squared_error(want, y) / static_cast<double>(y.size());
        return { plan, session, quantkit::size_of(quantized).total(), quantkit::decibels_of(error, power),
                 measure_quality(want, y, std::vector<int>(static_cast<std::size_t>(y.rows()))).agreement };
    }

    void measure_latencies(std::vector<planned_session>& sessions, const quantkit::matrix_f& window, int turns)
    {
        std::vector<std::function<void()>> calls;
        for (const planned_session& each : sessions)
            calls.push_back(session_call(each.session, window));
        const std::vector<latency> latencies = call_latencies(calls, turns);
        for (std::size_t i = 0; i < sessions.size(); ++i)
            sessions[i].microseconds = 1e6 * latencies[i].least;
    }

    /// The whole result, for other programs.
    void write_json(const std::filesystem::path& path,
                    const quantkit::evaluated_sensitivity<quantkit::layer_prior>& found,
                    const quantkit::evaluation_options& options, const quantkit::matrix_f& windows)
    {
        const std::size_t int8 = index_of(found.table.candidates(), "INT8 static");
        quantkit::sensitivity_result result = result_of("weather", found, int8, options);
        const std::span<const float> data(windows.data(), static_cast<std::size_t>(windows.size()));
        result.data_digest = quantkit::digest {}.add(data).value();
        const std::string text = json_text_of(result);
        quantkit::write_file(path, std::as_bytes(std::span(text)));
    }

    int check(const std::vector<planned_session>& sessions, std::size_t byte_budget)
    {
        int status = 0;
        const auto expect = [&](bool good, const std::string& what)
        {
            if (!good)
                std::cerr << "check failed: " << what << '\n';
            status = good ? status : 1;
        };
        expect(sessions[1].bytes <= byte_budget, "the budget of bytes");
        expect(sessions[2].measured_db >= wanted_db - 3, "the budget of errors");
        for (std::size_t i = 1; i < sessions.size(); ++i)
            expect(std::abs(sessions[i].measured_db - sessions[i].plan.predicted_db) <= 4, sessions[i].plan.name);
        return status;
    }

    int run(const options& chosen)
    {
        const std::filesystem::path examples = QUANTKIT_EXAMPLES;
        const weather_windows data = load_weather(examples / "weather/data", chosen.all ? 1 : 8);
        const quantkit::model network = weather_informer(examples);
        quantkit::prepared_model prepared = prepare(network);
        calibrate(prepared, data.calibration);
        const quantkit::simulated_model subject(network, data.calibration, data.test, candidates());
        const double power = signal_power(prepared.reference(data.test));

        // what each layer does, and the smallest plan that keeps the error
        Eigen::ThreadPool pool(1);
        quantkit::evaluation_options wanted;
        wanted.objective = quantkit::plan_objective::bytes;
        wanted.budgets.error = power * std::pow(10, -wanted_db / 10);
        wanted.pairs = 12;
        const auto accurate =
            quantkit::sensitivity_evaluator(wanted).with_executor(quantkit::thread_pool(pool))(subject);
        print_layers(accurate.table, accurate.priors, power);
        const std::size_t float_bytes = size_of(network).total();
        const quantkit::plan_problem no_budget = problem_of(accurate.table);
        print_front(pareto_front_of(no_budget), float_bytes, power);

        // the most accurate plan that keeps the bytes, from the same measurement
        quantkit::plan_problem small = no_budget;
        small.budgets.bytes = static_cast<std::size_t>(static_cast<double>(float_bytes) / wanted_smaller);
        const quantkit::plan_solution solution = quantkit::exact_search {}(small);
        if (!solution.found() || !accurate.solution.found())
            throw std::runtime_error("no plan keeps the budgets");

        const auto held_out = static_cast<Eigen::Index>(data.labels.size() / 4) * window_days;
        const quantkit::matrix_f rest = data.test.bottomRows(held_out);
        const auto decibels = [&](double error) { return quantkit::decibels_of(error, power); };
        const std::vector<found_plan> plans {
            { "FP32", quantkit::choices(subject.layers().size()), decibels(0) },
            { number(wanted_smaller, 0) + " times smaller", solution.plan, decibels(solution.total.error) },
            { number(wanted_db, 0) + " dB", accurate.verified.plan, decibels(accurate.verified.predicted) }
        };
        std::vector<planned_session> sessions;
        for (const found_plan& plan : plans)
            sessions.push_back(converted(subject, prepared, plan, rest, power));
        measure_latencies(sessions, data.test.topRows(window_days), chosen.turns);
        print_plans(sessions, subject);
        print_doubts(accurate.verified.repairs, accurate.interactions, accurate.table);
        if (!chosen.json.empty())
            write_json(chosen.json, accurate, wanted, data.test);
        return chosen.check ? check(sessions, *small.budgets.bytes) : 0;
    }
}

int main(int argc, char** argv)
{
    return run_program("informer_sensitivity", usage, { argv, static_cast<std::size_t>(argc) }, parsed_options, run);
}
