// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How far a model's outputs are from those of the reference, as one number for a block of samples.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/metrics/element_metrics.hpp>
#include <quantkit/metrics/logit_metrics.hpp>
#include <quantkit/metrics/metric.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit
{
    /// Samples [first, first + count) of those that a model brings along, with `outputs` floats each.
    struct sample_block
    {
        std::size_t first = 0, count = 0, outputs = 0;
    };

    /// name()                     for tables, with the unit
    /// error(reference, changed, block)
    ///                            mean over the block's samples: lower is better, 0 for equal outputs. Both are
    ///                            [count, outputs]. A table's error is the mean over all samples, so only means can be
    ///                            metrics; decibels are read off them afterwards (decibels_of).
    template <class Metric>
    concept output_metric = requires(const Metric& metric, std::span<const float> outputs, sample_block block)
    {
        {
            metric.name()
            } -> std::convertible_to<std::string>;
        {
            metric.error(outputs, outputs, block)
            } -> std::same_as<double>;
    };

}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Any metric of metrics/ that is a mean over values or rows. Of shares that are better the higher they are, such
    /// as top1_agreement, the rest of 1 is the error.
    template <pair_metric Metric>
    struct mean_output_metric
    {
        std::string name() const
        {
            return std::string(Metric::higher_is_better ? "1 - " : "") + "output " + std::string(Metric::name);
        }

        double error(std::span<const float> reference, std::span<const float> changed, sample_block block) const
        {
            const tensor_shape shape { static_cast<std::ptrdiff_t>(block.count),
                                       static_cast<std::ptrdiff_t>(block.outputs) };
            const double value = measure<Metric>(tensor_view<const float>(reference.data(), shape),
                                                 tensor_view<const float>(changed.data(), shape));
            return Metric::higher_is_better ? 1.0 - value : value;
        }
    };

    /// The usual ones: mean squared error, KL divergence of softmax, share of changed predictions.
    using output_mse = mean_output_metric<mse>;
    using output_kl = mean_output_metric<kl_divergence>;
    using output_disagreement = mean_output_metric<top1_agreement>;
    static_assert(output_metric<output_mse> && output_metric<output_kl> && output_metric<output_disagreement>);

    /// A user's function of one sample's outputs, such as 1 for a wrong label and 0 for a right one: the mean of its
    /// increase, which is negative where the change happens to help.
    ///
    ///     task_metric { "accuracy lost", [&](std::size_t sample, std::span<const float> logits) -> double { ... } }
    template <std::invocable<std::size_t, std::span<const float>> Loss>
    class task_metric
    {
    public:
        task_metric(std::string name, Loss loss)
            : name_(std::move(name))
            , loss_(std::move(loss))
        {
        }

        const std::string& name() const { return name_; }

        /// As output_metric asks for it.
        double error(std::span<const float> reference, std::span<const float> changed, sample_block block) const
        {
            double sum = 0.0;
            for (std::size_t i = 0; i < block.count; ++i)
                sum += loss_(block.first + i, changed.subspan(i * block.outputs, block.outputs))
                       - loss_(block.first + i, reference.subspan(i * block.outputs, block.outputs));
            return sum / static_cast<double>(block.count);
        }

    private:
        std::string name_;
        Loss loss_;
    };

    /// The loss of a task_metric that counts wrong labels: the greatest output is not at the sample's label.
    struct wrong_label
    {
        std::span<const std::int32_t> labels;

        double operator()(std::size_t sample, std::span<const float> outputs) const
        {
            require(sample < labels.size(), "sample ", sample, " has no label, there are ", labels.size());
            const auto best = std::max_element(outputs.begin(), outputs.end()) - outputs.begin();
            return best == labels[sample] ? 0.0 : 1.0;
        }
    };

    /// Signal to noise in decibels, 10 log10(power / error): of an output_mse and the mean square of the reference's
    /// outputs. +inf without an error.
    inline double decibels_of(double error, double power) { return detail::decibels(power, error); }
}
