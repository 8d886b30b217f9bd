// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What quantization cost: the quantized network's logits against the float network's and against the labels.
#pragma once

#include <quantkit/tensor/types.hpp>

#include <cmath>
#include <cstdint>
#include <span>

namespace demo
{
    struct quality
    {
        double accuracy = 0;  // share of images whose label is predicted, 0..1
        double agreement = 0; // share of images with the float network's prediction, 0..1
        double mse = 0;       // mean squared error of the logits
        double sqnr_db = 0;   // 10 log10 (sum of squared float logits / sum of squared errors); infinite without error
    };

    inline Eigen::Index predicted_class(const quantkit::matrix_f& logits, Eigen::Index row)
    {
        Eigen::Index best = 0;
        logits.row(row).maxCoeff(&best);
        return best;
    }

    inline quality measure_quality(const quantkit::matrix_f& expected, const quantkit::matrix_f& actual,
                                   std::span<const std::uint8_t> labels)
    {
        quality result;
        const auto count = static_cast<double>(labels.size());
        for (Eigen::Index row = 0; row < actual.rows(); ++row)
        {
            const Eigen::Index prediction = predicted_class(actual, row);
            result.accuracy += prediction == labels[static_cast<std::size_t>(row)] ? 1 / count : 0;
            result.agreement += prediction == predicted_class(expected, row) ? 1 / count : 0;
        }
        const double signal = expected.cast<double>().squaredNorm();
        const double noise = (expected.cast<double>() - actual.cast<double>()).squaredNorm();
        result.mse = noise / static_cast<double>(actual.size());
        result.sqnr_db = 10 * std::log10(signal / noise);
        return result;
    }
}
