// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The networks that are compared: the float one, and what quantization makes of it.
#pragma once

#include "network.hpp"

#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/observers/moving_average.hpp>
#include <quantkit/tensor/float_linear.hpp>
#include <quantkit/tensor/int8_linear.hpp>
#include <quantkit/tensor/quantizer.hpp>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace demo
{
    namespace qk = quantkit;

    struct variant
    {
        std::string name;
        std::size_t bytes = 0;                           // weights, their scales, biases
        std::function<qk::matrix_f(qk::matrix_ref)> run; // images [batch, 784] -> logits [batch, 10]
        bool is_static_per_channel = false;
    };

    /// Hidden layers, each ending in a ReLU, and a last one that does not.
    template <class Hidden, class Last>
    struct mlp
    {
        std::vector<Hidden> hidden;
        Last last;

        qk::matrix_f operator()(qk::matrix_ref images) const
        {
            auto activations = hidden.front()(images);
            for (std::size_t i = 1; i < hidden.size(); ++i)
                activations = hidden[i](activations);
            return last(activations);
        }
    };

    /// make_hidden(i) and make_last(i) make layer i.
    template <class MakeHidden, class MakeLast>
    auto make_mlp(const network& layers, MakeHidden make_hidden, MakeLast make_last)
    {
        const std::size_t last = layers.size() - 1;
        std::vector<decltype(make_hidden(last))> hidden;
        for (std::size_t i = 0; i < last; ++i)
            hidden.push_back(make_hidden(i));
        return mlp<decltype(make_hidden(last)), decltype(make_last(last))> { std::move(hidden), make_last(last) };
    }

    inline auto float_mlp(const network& layers)
    {
        const auto hidden = [&](std::size_t i) {
            return qk::float_linear { layers[i].weight, qk::epilogue { qk::add_bias { layers[i].bias }, qk::relu {} } };
        };
        const auto last = [&](std::size_t i) {
            return qk::float_linear { layers[i].weight, qk::epilogue { qk::add_bias { layers[i].bias } } };
        };
        return make_mlp(layers, hidden, last);
    }

    /// Activations are quantized by the range that they turn out to have; between the layers they are floats.
    template <class Input, class Granularity>
    auto dynamic_mlp(const network& layers, Input input, Granularity granularity)
    {
        const auto weight = [=, &layers](std::size_t i)
        { return qk::quantize<qk::int8_narrow>(layers[i].weight, granularity); };
        const auto hidden = [&](std::size_t i) {
            return qk::int8_linear { weight(i), input, qk::epilogue { qk::add_bias { layers[i].bias }, qk::relu {} } };
        };
        const auto last = [&](std::size_t i) {
            return qk::int8_linear { weight(i), input, qk::epilogue { qk::add_bias { layers[i].bias } } };
        };
        return make_mlp(layers, hidden, last);
    }

    /// Activations are quantized by frozen parameters, one pair per layer input; between the layers they stay uint8.
    template <class Granularity>
    auto static_mlp(const network& layers, const std::vector<qk::qparams>& inputs, Granularity granularity)
    {
        const auto weight = [=, &layers](std::size_t i)
        { return qk::quantize<qk::int8_narrow>(layers[i].weight, granularity); };
        const auto hidden = [&](std::size_t i)
        {
            const qk::qparams output = inputs[i + 1 < inputs.size() ? i + 1 : i];
            return qk::int8_linear { weight(i), inputs[i],
                                     qk::epilogue { qk::add_bias { layers[i].bias }, qk::relu {},
                                                    qk::quantize_to<> { output } } };
        };
        const auto last = [&](std::size_t i) {
            return qk::int8_linear { weight(i), inputs[i], qk::epilogue { qk::add_bias { layers[i].bias } } };
        };
        return make_mlp(layers, hidden, last);
    }

    /// Runs the float network on the images, 32 at a time, while one observer watches the input of each layer.
    template <class Observer>
    std::vector<qk::qparams> calibrated_inputs(const network& layers, const qk::matrix_f& images)
    {
        constexpr Eigen::Index batch = 32;
        const auto model = float_mlp(layers);
        std::vector<Observer> observers(layers.size());
        for (Eigen::Index row = 0; row < images.rows(); row += batch)
        {
            qk::matrix_f activations = images.middleRows(row, std::min(batch, images.rows() - row));
            for (std::size_t i = 0; i < model.hidden.size(); ++i)
            {
                observers[i].observe(activations);
                activations = model.hidden[i](activations);
            }
            observers.back().observe(activations);
        }
        std::vector<qk::qparams> inputs;
        for (const Observer& observer : observers)
            inputs.push_back(qk::choose_qparams<qk::uint8_full>(observer));
        return inputs;
    }

    inline std::size_t int8_bytes(const network& layers, qk::per_tensor)
    {
        std::size_t bytes = 0;
        for (const dense_layer& layer : layers)
            bytes += static_cast<std::size_t>(layer.weight.size() + 4 * layer.bias.size()) + sizeof(float);
        return bytes;
    }

    inline std::size_t int8_bytes(const network& layers, qk::per_axis)
    {
        std::size_t bytes = 0;
        for (const dense_layer& layer : layers)
            bytes += static_cast<std::size_t>(layer.weight.size() + 8 * layer.bias.size());
        return bytes;
    }

    inline std::vector<variant> all_variants(const network& layers, const qk::matrix_f& calibration)
    {
        const qk::per_tensor per_tensor;
        const qk::per_axis per_channel { .axis = 0 };
        const std::size_t small = int8_bytes(layers, per_tensor), large = int8_bytes(layers, per_channel);
        const auto minmax = calibrated_inputs<qk::minmax_observer>(layers, calibration);
        const auto average = calibrated_inputs<qk::moving_average_observer>(layers, calibration);

        const auto per_batch = dynamic_mlp(layers, qk::dynamic_per_tensor {}, per_channel);
        const auto per_row = dynamic_mlp(layers, qk::dynamic_per_row {}, per_channel);
        return {
            { "FP32", float_bytes(layers), float_mlp(layers) },
            { "INT8 dynamic, per batch", large, per_batch },
            { "INT8 dynamic, per row", large, per_row },
            { "INT8 static, min-max, per tensor", small, static_mlp(layers, minmax, per_tensor) },
            { "INT8 static, min-max, per channel", large, static_mlp(layers, minmax, per_channel), true },
            { "INT8 static, moving average, per tensor", small, static_mlp(layers, average, per_tensor) },
            { "INT8 static, moving average, per channel", large, static_mlp(layers, average, per_channel), true },
        };
    }
}
