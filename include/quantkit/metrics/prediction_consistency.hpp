// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How stable a classifier's decisions are when it is run again, on perturbed inputs or in another precision.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/metrics/metric.hpp>
#include <quantkit/metrics/top_ranks.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// How many rows have the same best class in all predictions.
    inline std::uint64_t consistent_rows(std::span<const tensor_view<const float>> predictions)
    {
        const auto best = [](const tensor_view<const float>& logits, std::ptrdiff_t row) {
            return ranked(logits.data() + row * logits.strides()[0], logits.shape()[1], logits.strides()[1]).classes[0];
        };
        std::uint64_t consistent = 0;
        for (std::ptrdiff_t row = 0; row < predictions.front().shape()[0]; ++row)
        {
            const std::ptrdiff_t first = best(predictions.front(), row);
            bool is_consistent = true;
            for (std::size_t i = 1; i < predictions.size(); ++i)
                is_consistent = is_consistent && best(predictions[i], row) == first;
            consistent += is_consistent ? 1 : 0;
        }
        return consistent;
    }

    inline void check_predictions(std::span<const tensor_view<const float>> predictions)
    {
        require(!predictions.empty(), "consistency needs at least one prediction");
        const tensor_shape& shape = predictions.front().shape();
        require(shape.rank() == 2 && (shape[0] == 0 || shape[1] > 0),
                "logits must have the shape [rows, classes], but have ", shape);
        for (const tensor_view<const float>& logits : predictions)
            require(logits.shape() == shape, "predictions have the shapes ", shape, " and ", logits.shape());
    }
}

namespace quantkit
{
    /// Counts the rows whose best class is the same in every one of several predictions of the same rows. The lowest
    /// index wins a tie; NaN counts as -inf.
    class prediction_agreement
    {
    public:
        /// predictions  any number of [rows, classes]; throws unless their shapes agree
        QUANTKIT_INLINE void observe(std::span<const tensor_view<const float>> predictions)
        {
            detail::check_predictions(predictions);
            consistent_ += detail::consistent_rows(predictions);
            rows_ += static_cast<std::uint64_t>(predictions.front().shape()[0]);
        }

        /// Two predictions: of a model and of its approximation.
        template <tensor_of<float> Reference, tensor_of<float> Approximation>
        QUANTKIT_INLINE void observe(const Reference& reference, const Approximation& approximation)
        {
            const tensor_view<const float> predictions[] { view_of(reference), view_of(approximation) };
            observe(std::span<const tensor_view<const float>>(predictions));
        }

        /// As if this one had seen the other's rows too.
        QUANTKIT_INLINE void merge(const prediction_agreement& other)
        {
            consistent_ += other.consistent_;
            rows_ += other.rows_;
        }

        /// Rows in which all agreed, and all rows.
        QUANTKIT_INLINE std::uint64_t consistent() const { return consistent_; }
        QUANTKIT_INLINE std::uint64_t rows() const { return rows_; }

    private:
        std::uint64_t consistent_ = 0, rows_ = 0;
    };

    /// Share of the rows whose best class is the same in all predictions; 1 without rows.
    struct prediction_consistency
    {
        using accumulator = prediction_agreement;
        static constexpr std::string_view name = "prediction consistency";
        static constexpr bool higher_is_better = true;

        QUANTKIT_INLINE double operator()(const prediction_agreement& seen) const
        {
            return seen.rows() == 0 ? 1.0 : static_cast<double>(seen.consistent()) / static_cast<double>(seen.rows());
        }
    };
    static_assert(pair_metric<prediction_consistency>);
}
