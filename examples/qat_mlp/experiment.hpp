// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The network in float, and its quantized forms: after training, and with training that knows of it.
#pragma once

#include "data.hpp"
#include "support/data.hpp"
#include "support/quality.hpp"

#include <quantkit/core/any_executor.hpp>
#include <quantkit/model/model_builder.hpp>
#include <quantkit/model/session.hpp>
#include <quantkit/training/adam.hpp>
#include <quantkit/training/fit.hpp>
#include <quantkit/training/qat.hpp>
#include <quantkit/training/weight_initialization.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace demo
{
    inline constexpr std::size_t batch_size = 128;
    inline constexpr std::size_t images_at_a_time = 500; // in evaluation
    inline constexpr quantkit::training::network_settings chunks { .chunk_samples = batch_size / 2 };

    struct experiment
    {
        const training_data& data;
        std::size_t seed;
        quantkit::any_executor threads;

        std::size_t steps_per_epoch() const { return (data.training.labels.size() + batch_size - 1) / batch_size; }
    };

    /// 784-100-100-10 with ReLU between, Kaiming's weights.
    inline quantkit::model untrained_network(std::uint64_t seed)
    {
        using namespace quantkit;
        const sample_shape input { .features = 784 };
        const model_builder builder = model_builder(input)
                                          .linear("fc.0", 784, 100)
                                          .activation("relu.0", activation_function::relu)
                                          .linear("fc.1", 100, 100)
                                          .activation("relu.1", activation_function::relu)
                                          .linear("fc.2", 100, 10);
        return builder.build(training::initial_weights(builder.layers(), input, seed, {}));
    }

    /// Adam; the rate rises for up to 100 steps and falls along half a cosine.
    inline void train(quantkit::training::network& net, const experiment& with, std::size_t epochs, double rate,
                      const quantkit::training::fit_callback& callback)
    {
        using namespace quantkit::training;
        adam optimizer;
        const std::size_t steps = epochs * with.steps_per_epoch(), warm_up = std::min<std::size_t>(100, steps / 5);
        const fit_options options { .epochs = epochs,
                                    .batch = batch_size,
                                    .seed = with.seed,
                                    .rate = with_warm_up(warm_up, cosine_rate(rate, steps - warm_up)) };
        fit(net, with.data.training.images, cross_entropy_of(with.data.training.labels), optimizer, options, callback,
            with.threads);
    }

    /// Logits of the test images in float, as training computes them.
    inline quantkit::matrix_f network_logits(quantkit::training::network& net, const experiment& with)
    {
        return net.forward(with.data.test.images, quantkit::training::run_mode::inference, 0, with.threads);
    }

    inline double accuracy_of(const quantkit::matrix_f& logits, const experiment& with)
    {
        return measure_quality(logits, logits, with.data.test.labels).accuracy;
    }

    /// One quantized network. accuracy: of its session, in integers. agreement: of these predictions with those of the
    /// network that was trained.
    struct quantized_result
    {
        double accuracy = 0, agreement = 0;
    };

    inline quantized_result evaluated(quantkit::training::network& net, const experiment& with)
    {
        const quantkit::session integer(quantkit::training::convert(net));
        const quantkit::matrix_f logits = logits_of(integer, with.data.test.images, images_at_a_time);
        const quality result = measure_quality(network_logits(net, with), logits, with.data.test.labels);
        return { result.accuracy, result.agreement };
    }

    /// Weights and activations of so many bits. From 6 bits on, ranges that are followed cost nothing; fewer need
    /// scales that are learned.
    inline quantkit::training::qat_plan trained_plan(int bits, bool per_channel)
    {
        using namespace quantkit::training;
        if (bits >= 6)
            return { qat_precision { bits, bits, per_channel } };
        return { qat_precision { bits, bits, per_channel, qat_range::least_error, learned_qparams::scale } };
    }

    /// Quantized after training by the ranges of 10 batches of training images.
    inline quantized_result quantized_after_training(const quantkit::model& trained, int bits, bool per_channel,
                                                     quantkit::training::qat_range range, const experiment& with)
    {
        using namespace quantkit::training;
        network net = prepare_qat(trained, { qat_precision { bits, bits, per_channel, range } }, chunks);
        for (Eigen::Index i = 0; i < 10; ++i)
        {
            const quantkit::matrix_f& images = with.data.training.images;
            const Eigen::Index count = std::min<Eigen::Index>(batch_size, images.rows() / 10);
            calibrate(net, images.middleRows(i * count, count), with.threads);
        }
        return evaluated(net, with);
    }

    /// Trained on with fake-quantizers, whose ranges are frozen for the last third of the epochs.
    inline quantized_result quantized_in_training(const quantkit::model& trained, int bits, bool per_channel,
                                                  std::size_t epochs, const experiment& with)
    {
        using namespace quantkit::training;
        network net = prepare_qat(trained, trained_plan(bits, per_channel), chunks);
        train(net, with, epochs, 1e-3, freezing_after(net, epochs - epochs / 3));
        return evaluated(net, with);
    }
}
