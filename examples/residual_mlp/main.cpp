// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A residual network of 925,709 parameters at several precisions: what it says of 730 real days, and how fast.
#include "scores.hpp"
#include "support/command_line.hpp"
#include "support/data.hpp"
#include "support/latency.hpp"
#include "support/models.hpp"
#include "support/progress.hpp"
#include "support/table.hpp"
#include "variants.hpp"

#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/tensor/real_linear.hpp>

#include <cstdint>
#include <filesystem>
#include <iostream>
#include <iterator>

namespace
{
    using namespace demo;

    constexpr std::string_view usage =
        R"(usage: residual_mlp [--turns N] [--check] [--help]

Runs a residual network 4 -> 256 -> 7 x (256, ReLU, 256, skip) -> 13 at several precisions on 730 days of weather.

  --turns N    latency measurements of each network and batch size, 1 to 10000 (default 51)
  --check      exit with 1 if INT8 does not keep what it should: 99 % of the labels as float has them with ranges
               of each row, 97 % otherwise
  --help       this text
)";

    constexpr Eigen::Index latency_batches[] = { 1, 4, 8, 16 };

    struct outcome
    {
        day_quality quality;
        std::vector<latency> latencies; // one for each of latency_batches
    };

    std::vector<outcome> measure(const std::vector<variant>& networks, const std::filesystem::path& folder, int turns)
    {
        const quantkit::matrix_f days = read_matrix(folder / "eval_inputs.npy");
        const auto labels = read_values<std::uint8_t>(folder / "eval_labels.npy");
        progress bar(static_cast<int>(networks.size() + std::size(latency_batches)));
        std::vector<outcome> outcomes;
        quantkit::matrix_f expected;
        for (const variant& network : networks)
        {
            bar.step("evaluating " + network.name);
            const quantkit::matrix_f logits = network.logits(days);
            if (outcomes.empty())
                expected = logits;
            outcomes.push_back({ measure_days(expected, logits, labels), {} });
        }
        for (const Eigen::Index batch : latency_batches)
        {
            bar.step("measuring latency at batch " + std::to_string(batch));
            const quantkit::matrix_f x = days.topRows(batch);
            std::vector<std::function<void()>> contestants;
            for (const variant& network : networks)
                contestants.push_back(network.call(x));
            const std::vector<latency> latencies = call_latencies(contestants, turns);
            for (std::size_t i = 0; i < networks.size(); ++i)
                outcomes[i].latencies.push_back(latencies[i]);
        }
        return outcomes;
    }

    void print_quality(const std::vector<variant>& networks, const std::vector<outcome>& outcomes)
    {
        std::vector<table_row> rows { { "network", "labels right %", "days all right %", "agreement %", "SQNR dB",
                                        "confidence", "off by", "scores off by" } };
        for (std::size_t i = 0; i < networks.size(); ++i)
        {
            const day_quality& quality = outcomes[i].quality;
            rows.push_back({ networks[i].name, number(100 * quality.labels, 2), number(100 * quality.days, 2),
                             number(100 * quality.agreement, 2), i == 0 ? "-" : number(quality.sqnr_db, 1),
                             number(quality.confidence, 4), number(quality.confidence_error, 4),
                             number(quality.score_error, 4) });
        }
        print_table(std::cout, rows);
        std::cout
            << "\nagreement: labels as float says them. confidence: the largest softmax of a day, in the mean; off by:"
               " its largest\ndifference from float, and that of a sigmoid score.\n\n";
    }

    void print_latencies(const std::vector<variant>& networks, const std::vector<outcome>& outcomes, int turns)
    {
        std::vector<table_row> rows { { "network", "batch", "mean us", "deviation", "median", "p99",
                                        "by hand / this" } };
        for (std::size_t b = 0; b < std::size(latency_batches); ++b)
            for (std::size_t i = 0; i < networks.size(); ++i)
            {
                const latency& time = outcomes[i].latencies[b];
                rows.push_back({ networks[i].name, std::to_string(latency_batches[b]), number(1e6 * time.mean, 1),
                                 number(1e6 * time.deviation, 1), number(1e6 * time.median, 1),
                                 number(1e6 * time.p99, 1),
                                 number(outcomes[0].latencies[b].median / time.median, 2) + "x" });
            }
        print_table(std::cout, rows);
        std::cout << "\nus: microseconds of single calls, one thread, in " << turns
                  << " turns of a millisecond each; the last column compares medians.\nINT8 products run on "
                  << quantkit::kernels::best_micro_kernel().name() << ", FP32 products on "
                  << quantkit::kernels::best_float_kernel<quantkit::fp32_weights::format>().name() << ".\n";
    }

    /// 0 if all keep what --check promises, else 1.
    int check(const std::vector<variant>& networks, const std::vector<outcome>& outcomes)
    {
        int status = 0;
        for (std::size_t i = 0; i < networks.size(); ++i)
        {
            const bool is_exact = networks[i].name.starts_with("FP") || networks[i].name.ends_with("per row");
            if (outcomes[i].quality.agreement >= (is_exact ? 0.99 : 0.97))
                continue;
            std::cerr << "check failed: " << networks[i].name << '\n';
            status = 1;
        }
        return status;
    }

    int run(const common_options& chosen)
    {
        const std::filesystem::path examples = QUANTKIT_EXAMPLES;
        const std::filesystem::path folder = examples / "weather/residual_4_256x7_13";
        const quantkit::model network = weather_residual(examples);
        std::cout << "A residual network of " << grouped(network.parameter_count())
                  << " parameters, 730 days of 2015 in two cities, 13 yes/no properties of each.\n\n";
        const std::vector<variant> networks = all_variants(network, read_matrix(folder / "calib_inputs.npy"));
        const std::vector<outcome> outcomes = measure(networks, folder, chosen.turns);
        print_quality(networks, outcomes);
        print_latencies(networks, outcomes, chosen.turns);
        return chosen.check ? check(networks, outcomes) : 0;
    }
}

int main(int argc, char** argv)
{
    return run_program("residual_mlp", usage, { argv, static_cast<std::size_t>(argc) }, parsed_common_options, run);
}
