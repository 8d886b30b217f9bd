// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What the logits say of a day, and how right that is: thirteen sigmoid scores, and the largest softmax as confidence.
#pragma once

#include "support/quality.hpp"

#include <quantkit/tensor/types.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace demo
{
    /// 1 / (1 + exp(-x))
    inline quantkit::matrix_f sigmoid_scores(const quantkit::matrix_f& logits)
    {
        return 1.0f / (1.0f + (-logits.array()).exp());
    }

    /// The largest softmax of each row.
    inline quantkit::vector_f confidences(const quantkit::matrix_f& logits)
    {
        const quantkit::vector_f largest = logits.rowwise().maxCoeff();
        return (logits.colwise() - largest).array().exp().rowwise().sum().inverse();
    }

    struct day_quality
    {
        double labels = 0;           // share of the labels that are right, 0..1
        double days = 0;             // share of the days with all labels right, 0..1
        double agreement = 0;        // share of the labels that are those of float, 0..1
        double confidence = 0;       // mean
        double score_error = 0;      // largest difference of a score from float
        double confidence_error = 0; // largest difference of a confidence from float
        double sqnr_db = 0;          // of the logits
    };

    /// expected, actual  [days, 13] logits: those of float, and those to judge
    /// labels            [days * 13], 0 or 1; a score above 0.5 says 1
    inline day_quality measure_days(const quantkit::matrix_f& expected, const quantkit::matrix_f& actual,
                                    const std::vector<std::uint8_t>& labels)
    {
        using bits = Eigen::Array<bool, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
        const auto truth =
            Eigen::Map<const quantkit::matrix<std::uint8_t>>(labels.data(), actual.rows(), actual.cols());
        const bits said = actual.array() > 0.0f;
        const bits right = said == (truth.array() != 0);
        const bits same = said == (expected.array() > 0.0f);
        const auto share = [](const auto& which)
        { return static_cast<double>(which.count()) / static_cast<double>(which.size()); };

        day_quality result;
        result.labels = share(right);
        result.days = share(right.rowwise().all());
        result.agreement = share(same);
        result.confidence = confidences(actual).mean();
        result.score_error = (sigmoid_scores(actual) - sigmoid_scores(expected)).cwiseAbs().maxCoeff();
        result.confidence_error = (confidences(actual) - confidences(expected)).cwiseAbs().maxCoeff();
        result.sqnr_db = sqnr_db(expected, actual);
        return result;
    }
}
