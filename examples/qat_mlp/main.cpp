// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A network is trained in float, then quantized to few bits after training and with training that knows of it.
#include "chart.hpp"
#include "experiment.hpp"
#include "options.hpp"
#include "support/progress.hpp"
#include "support/table.hpp"

#include <quantkit/tensor/thread_pool.hpp>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <iostream>
#include <stdexcept>
#include <string>
#include <vector>

namespace
{
    using namespace demo;
    using quantkit::training::fit_progress;
    using quantkit::training::network;
    using quantkit::training::qat_range;

    /// Percent of the test images that each form of the network classifies rightly.
    struct outcome
    {
        int bits;
        bool per_channel;
        quantized_result min_max, least_error, trained; // after training by two kinds of ranges, and in training
        double seconds = 0;                             // an epoch of quantization-aware training
    };

    double seconds_since(std::chrono::steady_clock::time_point start)
    {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    }

    std::string percent(double share) { return number(100 * share, 2); }

    /// Prints a line for each epoch, and shows how far it is.
    quantkit::model trained_in_float(const options& chosen, const experiment& with)
    {
        network net(untrained_network(chosen.seed), chunks);
        progress bar(static_cast<int>(chosen.epochs * with.steps_per_epoch()));
        const auto begin = std::chrono::steady_clock::now();
        auto epoch_begin = begin;
        const auto report = [&](const fit_progress& at)
        {
            bar.step("epoch " + std::to_string(at.epoch + 1) + ", loss " + number(at.loss, 4));
            if (!at.ends_epoch())
                return true;
            bar.erase();
            const double seconds = seconds_since(epoch_begin);
            std::cout << "epoch " << at.epoch + 1 << " of " << at.epochs << ": loss " << number(at.loss, 4)
                      << ", test accuracy " << percent(accuracy_of(network_logits(net, with), with)) << " %, "
                      << number(seconds, 2) << " s\n"
                      << std::flush;
            epoch_begin = std::chrono::steady_clock::now();
            return true;
        };
        train(net, with, chosen.epochs, 2e-3, report);
        bar.erase();
        std::cout << "trained in " << number(seconds_since(begin), 1) << " s on " << chosen.threads << " threads\n\n";
        return net.trained_model();
    }

    outcome measured(const quantkit::model& trained, int bits, bool per_channel, const options& chosen,
                     const experiment& with)
    {
        outcome result { bits, per_channel, {}, {}, {} };
        result.min_max = quantized_after_training(trained, bits, per_channel, qat_range::min_max, with);
        result.least_error = quantized_after_training(trained, bits, per_channel, qat_range::least_error, with);
        const auto begin = std::chrono::steady_clock::now();
        result.trained = quantized_in_training(trained, bits, per_channel, chosen.qat_epochs, with);
        result.seconds = seconds_since(begin) / static_cast<double>(chosen.qat_epochs);
        return result;
    }

    std::vector<outcome> all_outcomes(const quantkit::model& trained, const std::vector<int>& widths,
                                      const options& chosen, const experiment& with)
    {
        std::vector<outcome> outcomes;
        progress bar(static_cast<int>(2 * widths.size()));
        for (const int bits : widths)
            for (const bool per_channel : { false, true })
            {
                bar.step(std::to_string(bits) + " bits, " + (per_channel ? "per channel" : "per tensor"));
                outcomes.push_back(measured(trained, bits, per_channel, chosen, with));
            }
        return outcomes;
    }

    std::vector<table_row> table_of(const std::vector<outcome>& outcomes)
    {
        std::vector<table_row> rows { { "weight scales", "bits", "PTQ, min-max", "PTQ, least error", "QAT",
                                        "QAT, as trained", "s an epoch" } };
        for (const outcome& each : outcomes)
            rows.push_back({ each.per_channel ? "per channel" : "per tensor", std::to_string(each.bits),
                             percent(each.min_max.accuracy), percent(each.least_error.accuracy),
                             percent(each.trained.accuracy), percent(each.trained.agreement),
                             number(each.seconds, 2) });
        return rows;
    }

    std::ofstream opened(const std::filesystem::path& path)
    {
        std::ofstream file(path);
        if (!file)
            throw std::runtime_error("cannot write " + path.string());
        return file;
    }

    void write_csv(const std::filesystem::path& path, double in_float, const std::vector<outcome>& outcomes)
    {
        std::ofstream file = opened(path);
        file << "weight_scales,bits,ptq_min_max_percent,ptq_least_error_percent,qat_percent,qat_agreement_percent,"
                "fp32_percent\n";
        for (const outcome& each : outcomes)
            file << (each.per_channel ? "per_channel" : "per_tensor") << ',' << each.bits << ','
                 << percent(each.min_max.accuracy) << ',' << percent(each.least_error.accuracy) << ','
                 << percent(each.trained.accuracy) << ',' << percent(each.trained.agreement) << ',' << percent(in_float)
                 << '\n';
    }

    void write_svg(const std::filesystem::path& path, double in_float, const std::vector<outcome>& outcomes,
                   std::vector<int> widths)
    {
        std::sort(widths.begin(), widths.end());
        chart drawing { "Fashion-MNIST, 784-100-100-10",
                        "bits of weights and activations",
                        "test accuracy, %",
                        widths,
                        { { "QAT, per channel", "#1b6ca8", false, {} },
                          { "QAT, per tensor", "#d1495b", false, {} },
                          { "PTQ least error, per channel", "#1b6ca8", true, {} },
                          { "PTQ least error, per tensor", "#d1495b", true, {} } },
                        "FP32, " + percent(in_float) + " %",
                        100 * in_float };
        for (const outcome& each : outcomes)
        {
            const std::size_t first = each.per_channel ? 0 : 1;
            drawing.series[first].points.emplace_back(each.bits, 100 * each.trained.accuracy);
            drawing.series[first + 2].points.emplace_back(each.bits, 100 * each.least_error.accuracy);
        }
        std::ofstream file = opened(path);
        chart_writer(file, drawing).write();
    }

    /// What must be true of a whole run, and of a quick one.
    int check(double in_float, const std::vector<outcome>& outcomes, bool is_whole)
    {
        std::vector<std::string> broken;
        if (is_whole && in_float < 0.88)
            broken.push_back("FP32 is below 88 %");
        for (const outcome& each : outcomes)
        {
            const std::string name = std::to_string(each.bits) + (each.per_channel ? " bits, per channel" : " bits");
            const double trained = each.trained.accuracy;
            if (each.trained.agreement < 0.999)
                broken.push_back(name + ": the session predicts otherwise than the network");
            if (is_whole && each.bits == 8 && trained < in_float - 0.002)
                broken.push_back(name + ": QAT loses more than 0.2 points");
            if (is_whole && each.bits == 4 && trained < 0.86)
                broken.push_back(name + ": QAT is below 86 %");
            if (each.bits == 2 && trained < each.least_error.accuracy + 0.03)
                broken.push_back(name + ": QAT is not 3 points above quantization after training");
        }
        for (const std::string& each : broken)
            std::cerr << "check failed: " << each << '\n';
        return broken.empty() ? 0 : 1;
    }

    void print_outcomes(double in_float, const std::vector<outcome>& outcomes)
    {
        std::cout << "FP32: " << percent(in_float)
                  << " % of the test images. Weights and activations quantized, %:\n\n";
        print_table(std::cout, table_of(outcomes));
        std::cout
            << "\nPTQ: quantized after training, by the ranges of 10 batches of " << batch_size
            << " images. QAT: trained on with fake-quantizers.\nAll run as a session, in integers. as trained: of "
               "the test images, those for which it predicts what the network\npredicted in training's floats.\n";
    }

    int run(options chosen)
    {
        const std::filesystem::path sample = QUANTKIT_EXAMPLES "/quantize_mlp/sample";
        const training_data data = load_training_data(chosen.data, sample, chosen.quick ? 6000 : 60000);
        std::cout << "Fashion-MNIST: " << data.training.labels.size() << " training and " << data.test.labels.size()
                  << " test images from " << data.folder.string() << "\n\n";

        // The calling thread works as well; a pool has at least one other.
        Eigen::ThreadPool pool(std::max(1, static_cast<int>(chosen.threads) - 1));
        const quantkit::thread_pool workers(pool);
        experiment with { data, chosen.seed, {} };
        if (chosen.threads > 1)
            with.threads = quantkit::any_executor(workers);
        if (chosen.quick)
        {
            chosen.epochs = 1 + 160 / with.steps_per_epoch();
            chosen.qat_epochs = 1 + 80 / with.steps_per_epoch();
        }
        const quantkit::model trained = trained_in_float(chosen, with);
        network in_float(trained, chunks);
        const double accuracy = accuracy_of(network_logits(in_float, with), with);

        const std::vector<int> widths = chosen.quick ? std::vector { 8, 2 } : std::vector { 8, 4, 3, 2 };
        const std::vector<outcome> outcomes = all_outcomes(trained, widths, chosen, with);
        print_outcomes(accuracy, outcomes);
        if (!chosen.csv.empty())
            write_csv(chosen.csv, accuracy, outcomes);
        if (!chosen.svg.empty())
            write_svg(chosen.svg, accuracy, outcomes, widths);
        return chosen.check ? check(accuracy, outcomes, !chosen.quick && !data.is_sample) : 0;
    }
}

int main(int argc, char** argv)
{
    return run_program("qat_mlp", usage, { argv, static_cast<std::size_t>(argc) }, parsed_options, run);
}
