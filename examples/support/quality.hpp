// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What quantization cost: the quantized network's logits against the float network's and against the labels.
#pragma once

#include <quantkit/tensor/types.hpp>

#include <cmath>
#include <cstddef>
#include <ranges>

namespace demo
{
    struct quality
    {
        double accuracy = 0;  // share of samples whose label is predicted, 0..1
        double agreement = 0; // share of samples with the float network's prediction, 0..1
        double mse = 0;       // mean squared error of the logits
        double sqnr_db = 0;   // of the logits
    };

    inline Eigen::Index predicted_class(const quantkit::matrix_f& logits, Eigen::Index row)
    {
        Eigen::Index best = 0;
        logits.row(row).maxCoeff(&best);
        return best;
    }

    inline double squared_error(const quantkit::matrix_f& expected, const quantkit::matrix_f& actual)
    {
        return (expected.cast<double>() - actual.cast<double>()).squaredNorm();
    }

    /// 10 log10 (sum of squares / sum of squared errors); infinite without error.
    inline double sqnr_db(const quantkit::matrix_f& expected, const quantkit::matrix_f& actual)
    {
        return 10 * std::log10(expected.cast<double>().squaredNorm() / squared_error(expected, actual));
    }

    /// expected, actual  [samples, classes] logits
    /// labels            [samples], whole numbers
    template <std::ranges::random_access_range Labels>
    quality measure_quality(const quantkit::matrix_f& expected, const quantkit::matrix_f& actual, const Labels& labels)
    {
        quality result;
        const auto count = static_cast<double>(actual.rows());
        for (Eigen::Index row = 0; row < actual.rows(); ++row)
        {
            const Eigen::Index prediction = predicted_class(actual, row);
            result.accuracy +=
                prediction == static_cast<Eigen::Index>(labels[static_cast<std::size_t>(row)]) ? 1 / count : 0;
            result.agreement += prediction == predicted_class(expected, row) ? 1 / count : 0;
        }
        result.mse = squared_error(expected, actual) / static_cast<double>(actual.size());
        result.sqnr_db = sqnr_db(expected, actual);
        return result;
    }
}
