// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The loop of training: epochs of shuffled mini-batches, each forward, loss, backward, clipping and a step.
///
///     network net(model);
///     adam optimizer;
///     fit(net, images, cross_entropy_of(labels), optimizer, { .epochs = 10, .rate = constant_rate(1e-3) });
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/tensor/types.hpp>
#include <quantkit/training/clip_gradients.hpp>
#include <quantkit/training/learning_rate.hpp>
#include <quantkit/training/losses.hpp>
#include <quantkit/training/mini_batches.hpp>
#include <quantkit/training/network.hpp>
#include <quantkit/training/optimizer.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// epochs        passes over all samples
    /// batch         samples of a step; the last one of an epoch may have fewer
    /// seed          of the order of samples and of dropout
    /// rate          of step 0, 1, ...; all epochs count
    /// clip_norm, clip_value  as clip_by_norm and clip_by_value, in this order; none unless set
    struct fit_options
    {
        std::size_t epochs = 1, batch = 128;
        std::uint64_t seed = 0;
        learning_rate rate {};
        std::optional<double> clip_norm {};
        std::optional<float> clip_value {};
    };

    /// After a step. loss: mean over the samples of this epoch so far.
    struct fit_progress
    {
        std::size_t epoch = 0, epochs = 0, batch = 0, batches = 0;
        double loss = 0.0, rate = 0.0;

        /// Whether this was the last batch of its epoch.
        bool ends_epoch() const { return batch + 1 == batches; }
    };

    /// Whether to go on; called after each step. None: always.
    using fit_callback = std::function<bool(const fit_progress&)>;

    /// losses  of each epoch that was begun, mean over its samples
    struct fit_result
    {
        std::vector<double> losses;
        bool was_cancelled = false; ///< whether the callback ended it
    };
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The loss of predictions [samples, classes] for labels[samples[i]]; labels must outlive it.
    inline auto cross_entropy_of(std::span<const std::int32_t> labels)
    {
        return [labels](const matrix_f& predictions, std::span<const std::size_t> samples)
        {
            std::vector<std::int32_t> chosen;
            for (const std::size_t sample : samples)
                chosen.push_back(labels[sample]);
            return softmax_cross_entropy(predictions, std::span<const std::int32_t>(chosen));
        };
    }

    /// The loss of predictions for targets [samples * time, features], rows_per_sample of them a sample; targets must
    /// outlive it.
    inline auto squared_error_of(const matrix_f& targets, Eigen::Index rows_per_sample = 1)
    {
        return [&targets, rows_per_sample](const matrix_f& predictions, std::span<const std::size_t> samples)
        {
            matrix_f chosen(predictions.rows(), targets.cols());
            for (std::size_t i = 0; i < samples.size(); ++i)
                chosen.middleRows(static_cast<Eigen::Index>(i) * rows_per_sample, rows_per_sample) =
                    targets.middleRows(static_cast<Eigen::Index>(samples[i]) * rows_per_sample, rows_per_sample);
            return mean_squared_error(predictions, chosen);
        };
    }
}

namespace quantkit::training::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One step of the optimizer for all parameters that are trained.
    template <optimizer Optimizer>
    void update_parameters(parameter_set& parameters, Optimizer& optimizer, const fit_options& options, double rate)
    {
        std::vector<std::span<float>> gradients;
        for (parameter& each : parameters)
            if (each.is_trained())
                gradients.emplace_back(each.gradient);
        if (options.clip_norm)
            clip_by_norm(gradients, *options.clip_norm);
        if (options.clip_value)
            clip_by_value(gradients, *options.clip_value);
        for (std::size_t i = 0; i < parameters.size(); ++i)
            if (parameters[i].is_trained())
                optimizer.update(i, parameters[i].values, parameters[i].gradient, rate);
    }

    /// The chosen samples [count, size] of all [samples, size].
    inline void gather_samples(const Eigen::Map<const matrix_f>& all, std::span<const std::size_t> samples,
                               matrix_f& batch)
    {
        batch.resize(static_cast<Eigen::Index>(samples.size()), all.cols());
        for (std::size_t i = 0; i < samples.size(); ++i)
            batch.row(static_cast<Eigen::Index>(i)) = all.row(static_cast<Eigen::Index>(samples[i]));
    }

    inline Eigen::Map<const matrix_f> samples_of(const matrix_f& inputs, sample_shape shape)
    {
        const auto size = static_cast<Eigen::Index>(shape.size());
        require(inputs.size() > 0 && inputs.size() % size == 0, "samples of ", size,
                " values cannot be taken from a matrix [", inputs.rows(), ", ", inputs.cols(), "]");
        return { inputs.data(), inputs.size() / size, size };
    }

    /// One call of fit.
    template <class Loss, optimizer Optimizer>
    class fitting
    {
    public:
        fitting(network& net, const matrix_f& inputs, const Loss& loss, Optimizer& optimizer,
                const fit_options& options, const any_executor& threads)
            : net_(net)
            , samples_(samples_of(inputs, net.source().input_shape()))
            , loss_(loss)
            , optimizer_(optimizer)
            , options_(options)
            , threads_(threads)
        {
            require(options.rate != nullptr, "training needs a learning rate");
        }

        fit_result run(const fit_callback& callback)
        {
            fit_result result;
            for (std::size_t epoch = 0; epoch < options_.epochs && !result.was_cancelled; ++epoch)
                run_epoch(epoch, callback, result);
            return result;
        }

    private:
        void run_epoch(std::size_t epoch, const fit_callback& callback, fit_result& result)
        {
            const auto order = shuffled_samples(static_cast<std::size_t>(samples_.rows()), options_.seed, epoch);
            const mini_batches batches(order, options_.batch);
            fit_progress progress { epoch, options_.epochs, 0, batches.count() };
            result.losses.push_back(0);
            double sum = 0, seen = 0;
            for (; progress.batch < batches.count() && !result.was_cancelled; ++progress.batch, ++step_)
            {
                const auto chosen = batches[progress.batch];
                progress.rate = options_.rate(step_);
                sum += step(chosen, progress.rate) * static_cast<double>(chosen.size());
                seen += static_cast<double>(chosen.size());
                result.losses.back() = progress.loss = sum / seen;
                result.was_cancelled = callback && !callback(progress);
            }
        }

        /// Returns the loss before the step.
        double step(std::span<const std::size_t> chosen, double rate)
        {
            gather_samples(samples_, chosen, batch_);
            const matrix_f& predictions = net_.forward(batch_, run_mode::training, options_.seed + step_, threads_);
            const loss_result<float> loss = loss_(predictions, chosen);
            require(std::isfinite(loss.value), "the loss of step ", step_, " is ", loss.value,
                    ": training has diverged");
            net_.parameters().zero_gradients();
            net_.backward(loss.gradient, threads_);
            update_parameters(net_.parameters(), optimizer_, options_, rate);
            return loss.value;
        }

        network& net_;
        Eigen::Map<const matrix_f> samples_;
        const Loss& loss_;
        Optimizer& optimizer_;
        const fit_options& options_;
        const any_executor& threads_;
        matrix_f batch_;
        std::size_t step_ = 0;
    };
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// inputs     [samples * time, features] or [samples, time * features]
    /// loss       loss(predictions, samples): loss_result of the predictions for the chosen samples, in their order
    /// optimizer  may have made steps before; its learning rates are those of the options
    ///
    /// The result depends on seed, data and parameters alone, not on the number of threads. Throws when a loss is not
    /// finite, with the step.
    template <optimizer Optimizer, class Loss>
    fit_result fit(network& net, const matrix_f& inputs, const Loss& loss, Optimizer& optimizer,
                   const fit_options& options, const fit_callback& callback = {}, const any_executor& threads = {})
    {
        return detail::fitting<Loss, Optimizer>(net, inputs, loss, optimizer, options, threads).run(callback);
    }
}
