// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A trained Fashion-MNIST network is calibrated, quantized to INT8 and run; accuracy, size and speed side by side.
#include "dataset.hpp"
#include "network.hpp"
#include "options.hpp"
#include "support/latency.hpp"
#include "support/progress.hpp"
#include "support/quality.hpp"
#include "support/table.hpp"
#include "variants.hpp"

#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/tensor/real_linear.hpp>

#include <iostream>

namespace
{
    using namespace demo;

    constexpr Eigen::Index evaluation_batch = 256;
    constexpr Eigen::Index latency_batches[] = { 1, 16, 256 };

    struct outcome
    {
        quality scores;
        std::vector<double> seconds; // one for each of latency_batches
    };

    quantkit::matrix_f logits_of(const variant& model, const quantkit::matrix_f& images)
    {
        quantkit::matrix_f logits;
        for (Eigen::Index row = 0; row < images.rows(); row += evaluation_batch)
        {
            const Eigen::Index count = std::min(evaluation_batch, images.rows() - row);
            const quantkit::matrix_f batch = model.run(images.middleRows(row, count));
            logits.conservativeResize(images.rows(), batch.cols());
            logits.middleRows(row, count) = batch;
        }
        return logits;
    }

    std::vector<double> latencies_of(const std::vector<variant>& models, const quantkit::matrix_f& batch, int turns)
    {
        std::vector<std::function<void()>> contestants;
        for (const variant& model : models)
            contestants.push_back([&] { model.run(batch); });
        return median_latencies(contestants, turns);
    }

    std::vector<outcome> measure(const std::vector<variant>& models, const fashion_mnist& data, int turns)
    {
        progress bar(static_cast<int>(models.size() + std::size(latency_batches)));
        std::vector<outcome> outcomes;
        quantkit::matrix_f expected;
        for (const variant& model : models)
        {
            bar.step("evaluating " + model.name);
            const quantkit::matrix_f logits = logits_of(model, data.images);
            if (outcomes.empty())
                expected = logits;
            outcomes.push_back({ measure_quality(expected, logits, data.labels), {} });
        }
        for (const Eigen::Index batch : latency_batches)
        {
            bar.step("measuring latency at batch " + std::to_string(batch));
            const auto seconds = latencies_of(models, data.images.topRows(batch), turns);
            for (std::size_t i = 0; i < models.size(); ++i)
                outcomes[i].seconds.push_back(seconds[i]);
        }
        return outcomes;
    }

    void print_outcomes(const std::vector<variant>& models, const std::vector<outcome>& outcomes)
    {
        std::vector<table_row> rows { { "network", "accuracy %", "agreement %", "logits MSE", "SQNR dB", "bytes",
                                        "smaller" } };
        for (const Eigen::Index batch : latency_batches)
            rows[0].push_back("us, batch " + std::to_string(batch));
        for (std::size_t i = 0; i < models.size(); ++i)
        {
            const quality& scores = outcomes[i].scores;
            const bool exact = scores.mse == 0;
            rows.push_back({ models[i].name, number(100 * scores.accuracy, 2), number(100 * scores.agreement, 2),
                             exact ? "0" : number(scores.mse, 4), exact ? "-" : number(scores.sqnr_db, 1),
                             grouped(models[i].bytes),
                             number(double(models.front().bytes) / double(models[i].bytes), 2) + "x" });
            for (const double seconds : outcomes[i].seconds)
                rows.back().push_back(number(seconds * 1e6, 2));
        }
        print_table(std::cout, rows);
    }

    void print_legend(const options& chosen)
    {
        std::cout
            << "\nagreement: same prediction as FP32. per tensor, per channel: the scales of the weights; dynamic "
               "networks have one per channel\nand measure activations per batch (of "
            << evaluation_batch << ") or per row. us: microseconds a call, median of " << chosen.turns
            << " turns, one thread.\nINT8 products run on " << quantkit::kernels::best_micro_kernel().name()
            << ", FP32 products on " << quantkit::kernels::best_float_kernel<quantkit::fp32_weights::format>().name()
            << ".\n";
    }

    /// 0 if static INT8 with per-channel weights keeps what --check promises, else 1.
    int check(const std::vector<variant>& models, const std::vector<outcome>& outcomes)
    {
        int status = 0;
        for (std::size_t i = 0; i < models.size(); ++i)
        {
            const quality& scores = outcomes[i].scores;
            const double loss = outcomes.front().scores.accuracy - scores.accuracy;
            const double smaller = double(models.front().bytes) / double(models[i].bytes);
            const bool good = loss <= 0.003 && scores.agreement >= 0.98 && smaller >= 3.9;
            if (!models[i].is_static_per_channel || good)
                continue;
            std::cerr << "check failed: " << models[i].name << '\n';
            status = 1;
        }
        return status;
    }

    void print_source(const fashion_mnist& data)
    {
        std::cout << "Fashion-MNIST: " << data.images.rows() << " test images, " << data.calibration.rows()
                  << " calibration images from " << data.folder.string() << '\n';
        if (data.is_sample)
            std::cout << "This is the bundled sample. For all 10,000 test images install the data set "
                         "(Debian: apt-get install dataset-fashion-mnist) or name its folder with --data.\n";
        std::cout << '\n';
    }

    int run(const options& chosen)
    {
        const std::filesystem::path here = QUANTKIT_EXAMPLE_DIR;
        const fashion_mnist data = load_fashion_mnist(chosen.data, here / "sample");
        print_source(data);

        const network layers = load_network(here / "mlp_784_100_100_10.safetensors");
        const std::vector<variant> models = all_variants(layers, data.calibration);
        const std::vector<outcome> outcomes = measure(models, data, chosen.turns);
        print_outcomes(models, outcomes);
        print_legend(chosen);
        return chosen.check ? check(models, outcomes) : 0;
    }
}

int main(int argc, char** argv)
{
    return run_program("quantize_mlp", usage, { argv, static_cast<std::size_t>(argc) }, parsed_options, run);
}
