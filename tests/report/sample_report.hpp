// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A report with something in all of its places.
#pragma once

#include <quantkit/report/report_data.hpp>

#include <cmath>
#include <cstddef>
#include <string>

namespace quantkit::test
{
    inline report_layer sample_layer(std::size_t i)
    {
        const char* const levels[] = { "HIGH", "MEDIUM", "LOW" };
        report_layer layer { "encoder." + std::to_string(i) + ".ffn", "feed_forward", "[256, 64]" };
        layer.prior_score = 0.9 - 0.01 * static_cast<double>(i);
        layer.prior_level = levels[i % 3];
        layer.error = 1e-3 * std::pow(0.8, static_cast<double>(i));
        layer.low = 0.7 * layer.error;
        layer.high = 1.5 * layer.error;
        layer.settled = i % 4 != 0;
        layer.precision = i % 2 == 0 ? "FP16" : "INT8 static";
        layer.bytes = 1000 + 37 * i;
        layer.reference_bytes = 4000;
        layer.microseconds = 12.5 + static_cast<double>(i);
        layer.error_parts = report_error_parts { 1e-6, 2.5e-5 };
        layer.saturation_rate = 0.0125;
        layer.dead_codes = 0.25;
        return layer;
    }

    inline report_histogram sample_histogram(std::size_t layer = 0, value_kind kind = value_kind::activations)
    {
        const char* const what = kind == value_kind::weights ? ", weights" : ", result";
        report_histogram histogram { "encoder." + std::to_string(layer) + ".ffn" + what, {}, {}, -2.0, 2.5, kind };
        for (int i = 0; i <= 48; ++i)
            histogram.edges.push_back(-3.0 + 0.125 * i);
        for (int i = 0; i < 48; ++i)
        {
            const double x = -3.0 + 0.125 * (i + 0.5);
            histogram.counts.push_back(std::floor(1e5 * std::exp(-x * x)));
        }
        return histogram;
    }

    inline report_data sample_report(std::size_t layers = 57)
    {
        report_data report { "Sensitivity of a transformer encoder",
                             "24 of 57 layers can go to INT8: 2.2 times smaller at 46.6 dB.",
                             { "the norms lose most", "weights of attention lose least" },
                             { "the prior says attention must stay FP16; measured, it loses least" },
                             "logits MSE" };
        for (std::size_t i = 0; i < layers; ++i)
            report.layers.push_back(sample_layer(i));
        for (std::size_t i = 0; i < layers; ++i)
            for (const value_kind kind : { value_kind::activations, value_kind::weights })
                report.histograms.push_back(sample_histogram(i, kind));
        for (int i = 0; i < 12; ++i)
            report.front.push_back({ 5e6 + 1.2e6 * i, 1e-3 * std::pow(0.6, i), i == 4 });
        report.comparisons = { { "logits MSE", "squared logits", 2.1e-4, 2.5e-4 },
                               { "logits MSE of 2000 KiB", "squared logits", 1.1e-3, 1.4e-3 },
                               { "latency", "us", 810.0, 842.0 } };
        report.facts = { { "instruction set", "avx2" }, { "seed", "7" }, { "digest", "9f86d081884c7d65" } };
        return report;
    }
}
