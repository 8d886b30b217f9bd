// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// An encoder classifier of 30 layers at ten precisions on real weather, and the size and speed of one of 57 layers.
#include "support/command_line.hpp"
#include "support/data.hpp"
#include "support/latency.hpp"
#include "support/models.hpp"
#include "support/progress.hpp"
#include "support/quality.hpp"
#include "support/session_call.hpp"
#include "support/table.hpp"
#include "variants.hpp"
#include "weather_windows.hpp"

#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/model/model_size.hpp>
#include <quantkit/tensor/real_linear.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
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
        R"(usage: informer [--all] [--turns N] [--check] [--help]

Runs a trained encoder of 30 layers at several precisions on windows of weather, and a larger one of 57 layers.

  --all        all 728 windows of 2015, instead of every fourth
  --turns N    latency measurements of each precision and batch size, 1 to 10000 (default 7)
  --check      exit with 1 unless FP32 agrees with PyTorch's logits, and FP16 and INT8 with FP32 on 99 % and 93 %
               of the windows
  --help       this text
)";

    struct options : common_options
    {
        bool all = false;
    };

    options parsed_options(std::span<char*> arguments)
    {
        options result;
        result.turns = 7;
        for (argument_reader argument(arguments); argument.next();)
            if (argument.name() == "--all")
                result.all = true;
            else if (!result.take(argument))
                refuse(argument);
        return result;
    }

    constexpr std::size_t evaluation_batch = 8;
    constexpr Eigen::Index small_batches[] = { 1, 8 }, large_batches[] = { 1 };

    /// One precision of a model. What a session needs for its calls must stay where it is: keep these in a deque.
    struct contestant
    {
        std::string name;
        std::size_t bytes;
        quantkit::session network;
        quantkit::matrix_f logits;
        std::vector<latency> latencies; // one for each batch size
    };

    std::deque<contestant> all_contestants(const quantkit::model& network, const quantkit::matrix_f& calibration)
    {
        quantkit::prepared_model prepared = prepare(network);
        calibrate(prepared, calibration);
        std::deque<contestant> contestants;
        for (const named_plan& each : all_plans(network))
        {
            const quantkit::quantized_model quantized = convert(prepared, each.plan);
            contestants.push_back(
                { each.name, quantkit::size_of(quantized).total(), quantkit::session(quantized), {}, {} });
        }
        return contestants;
    }

    /// x  at least as many samples as the largest batch
    void measure_latencies(std::deque<contestant>& contestants, const quantkit::matrix_f& x,
                           std::span<const Eigen::Index> batches, int turns, progress& bar)
    {
        for (const Eigen::Index batch : batches)
        {
            bar.step("measuring latency at batch " + std::to_string(batch));
            const quantkit::matrix_f part = x.topRows(batch * window_days);
            std::vector<std::function<void()>> calls;
            for (const contestant& each : contestants)
                calls.push_back(session_call(each.network, part));
            const std::vector<latency> latencies = call_latencies(calls, turns);
            for (std::size_t i = 0; i < contestants.size(); ++i)
                contestants[i].latencies.push_back(latencies[i]);
        }
    }

    std::string times_smaller(const contestant& reference, const contestant& each)
    {
        return number(static_cast<double>(reference.bytes) / static_cast<double>(each.bytes), 2) + "x";
    }

    void print_small(const std::deque<contestant>& contestants, const std::vector<quality>& qualities)
    {
        std::vector<table_row> rows { { "precision", "accuracy %", "agreement %", "SQNR dB", "bytes", "smaller",
                                        "us, batch 1", "us, batch 8" } };
        for (std::size_t i = 0; i < contestants.size(); ++i)
        {
            const contestant& each = contestants[i];
            rows.push_back({ each.name, number(100 * qualities[i].accuracy, 1), number(100 * qualities[i].agreement, 1),
                             i == 0 ? "-" : number(qualities[i].sqnr_db, 1), grouped(each.bytes),
                             times_smaller(contestants.front(), each) });
            for (const latency& time : each.latencies)
                rows.back().push_back(number(1e6 * time.least, 0));
        }
        print_table(std::cout, rows);
        std::cout
            << "\nagreement: same prediction as FP32. bytes: of the parameters. us: microseconds of the quickest call,"
               " one thread.\ntransformer: attention, feed-forward, norms and output projection; rest: embedding and"
               " convolutions.\n\n";
    }

    /// 0 if all keep what --check promises, else 1.
    int check(const std::deque<contestant>& contestants, const std::vector<quality>& qualities,
              const quantkit::matrix_f& pytorch)
    {
        int status = 0;
        const auto expect = [&](bool good, const std::string& what)
        {
            if (good)
                return;
            std::cerr << "check failed: " << what << '\n';
            status = 1;
        };
        expect((contestants.front().logits - pytorch).cwiseAbs().maxCoeff() <= 1e-4f, "FP32 against PyTorch");
        for (std::size_t i = 0; i < contestants.size(); ++i)
        {
            const std::string& name = contestants[i].name;
            const bool is_int4 = name.find("INT4") != std::string::npos;
            expect(is_int4 || qualities[i].agreement >= (name == "FP16" ? 0.99 : 0.93), name);
        }
        return status;
    }

    int run_small(const std::filesystem::path& examples, const options& chosen, progress& bar)
    {
        const std::size_t every = chosen.all ? 1 : 4;
        const weather_windows data = load_weather(examples / "weather/data", every);
        const quantkit::model network = weather_informer(examples);
        bar.step("calibrating");
        std::deque<contestant> contestants = all_contestants(network, data.calibration);
        std::vector<quality> qualities;
        for (contestant& each : contestants)
        {
            bar.step("evaluating " + each.name);
            each.logits = logits_of(each.network, data.test, evaluation_batch);
            qualities.push_back(measure_quality(contestants.front().logits, each.logits, data.labels));
        }
        measure_latencies(contestants, data.test, small_batches, chosen.turns, bar);
        bar.erase();
        std::cout << "An encoder of " << network.layers().size() << " layers and " << grouped(network.parameter_count())
                  << " parameters, " << data.labels.size() << " windows of 96 days in 2015, 3 classes.\n\n";
        print_small(contestants, qualities);
        const quantkit::matrix_f pytorch = read_matrix(examples / "weather/informer_small/eval_logits.npy");
        const auto same_windows = Eigen::seq(0, Eigen::last, static_cast<Eigen::Index>(every));
        return chosen.check ? check(contestants, qualities, pytorch(same_windows, Eigen::all)) : 0;
    }

    void run_large(const std::filesystem::path& examples, const options& chosen, progress& bar)
    {
        const quantkit::model network = informer_57(examples);
        const quantkit::weight_recipe recipe =
            quantkit::read_weight_recipe(examples / "informer_57/graph.json", "check_inputs");
        const quantkit::weight_set inputs = quantkit::generated_weights(recipe);
        const std::vector<float>& values = inputs["check_inputs"].values;
        const auto features = static_cast<Eigen::Index>(network.input_shape().features);
        const quantkit::matrix_f x = Eigen::Map<const quantkit::matrix_f>(
            values.data(), static_cast<Eigen::Index>(values.size()) / features, features);
        bar.step("calibrating the model of 57 layers");
        std::deque<contestant> contestants = all_contestants(network, x);
        measure_latencies(contestants, x, large_batches, chosen.turns, bar);
        bar.erase();

        std::cout << "An encoder of " << network.layers().size() << " layers and " << grouped(network.parameter_count())
                  << " parameters, with weights from a seed.\n\n";
        std::vector<table_row> rows { { "precision", "bytes", "MiB", "smaller", "us, batch 1", "FP32 / this" } };
        const double base = contestants.front().latencies[0].least;
        for (const contestant& each : contestants)
            rows.push_back({ each.name, grouped(each.bytes), number(static_cast<double>(each.bytes) / (1 << 20), 2),
                             times_smaller(contestants.front(), each), number(1e6 * each.latencies[0].least, 0),
                             number(base / each.latencies[0].least, 2) + "x" });
        print_table(std::cout, rows);
        std::cout << "\nINT8 products run on " << quantkit::kernels::best_micro_kernel().name() << ", FP32 products on "
                  << quantkit::kernels::best_float_kernel<quantkit::fp32_weights::format>().name() << ".\n";
    }

    int run(const options& chosen)
    {
        const std::filesystem::path examples = QUANTKIT_EXAMPLES;
        progress bar(16);
        const int status = run_small(examples, chosen, bar);
        run_large(examples, chosen, bar);
        return status;
    }
}

int main(int argc, char** argv)
{
    return run_program("informer", usage, { argv, static_cast<std::size_t>(argc) }, parsed_options, run);
}
