// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Batch normalization as a part of the layer before it: in inference it is one factor and one summand a channel.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/weight_set.hpp>

#include <cmath>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// y = (x - mean) / sqrt(variance + eps) * weight + bias, all [channels]: PyTorch's BatchNorm1d.eval().
    ///
    /// source  Ioffe, Szegedy 2015, arXiv:1502.03167
    struct batch_norm
    {
        std::vector<float> weight, bias, mean, variance;
        double eps = 1e-5;
    };
}

namespace quantkit::training::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline void check_batch_norm(const batch_norm& norm, std::string_view layer, std::size_t channels)
    {
        for (const std::vector<float>* each : { &norm.weight, &norm.bias, &norm.mean, &norm.variance })
            require(each->size() == channels, "the batch norm behind '", layer, "' has ", each->size(),
                    " values where the layer has ", channels, " channels");
        for (const float variance : norm.variance)
            require(static_cast<double>(variance) + norm.eps > 0, "the batch norm behind '", layer,
                    "' has the variance ", variance);
    }

    /// The projection of a linear layer or a convolution.
    inline projection& foldable_projection(layer& into)
    {
        auto* linear = std::get_if<linear_operation>(&into.operation);
        auto* conv = std::get_if<conv1d_operation>(&into.operation);
        require(linear != nullptr || conv != nullptr, "no batch norm can be folded into '", into.name,
                "': it is neither linear nor a convolution");
        return linear != nullptr ? linear->weights : conv->weights;
    }
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The model with a batch norm that stood directly behind a linear layer or a convolution in its weight and bias:
    ///
    ///     factor = norm.weight / sqrt(variance + eps)      in double, rounded once
    ///     weight' = weight * factor, bias' = (bias - mean) * factor + norm.bias
    ///
    /// Throws, naming the layer, if it is of another kind or has another number of channels.
    inline model fold_batch_norm(const model& source, std::string_view name, const batch_norm& norm)
    {
        std::vector<layer> layers = source.layers();
        projection& names = detail::foldable_projection(layers[source.index_of(name)]);
        const weight_tensor& weight = source.weights()[names.weight];
        const auto channels = static_cast<std::size_t>(weight.shape[0]);
        detail::check_batch_norm(norm, name, channels);

        std::vector<float> folded = weight.values, bias(channels);
        if (names.bias.empty())
            names.bias = std::string(name) + ".bias";
        else
            bias = source.weights()[names.bias].values;
        const std::size_t inputs = folded.size() / channels;
        for (std::size_t channel = 0; channel < channels; ++channel)
        {
            const double deviation = std::sqrt(static_cast<double>(norm.variance[channel]) + norm.eps);
            const double factor = static_cast<double>(norm.weight[channel]) / deviation;
            for (std::size_t i = channel * inputs; i < (channel + 1) * inputs; ++i)
                folded[i] = static_cast<float>(static_cast<double>(folded[i]) * factor);
            const double centred = static_cast<double>(bias[channel]) - static_cast<double>(norm.mean[channel]);
            bias[channel] = static_cast<float>(centred * factor + static_cast<double>(norm.bias[channel]));
        }

        weight_set weights;
        weights.add(names.weight, weight.shape, std::move(folded));
        weights.add(names.bias, { weight.shape[0] }, std::move(bias));
        for (const auto& [other, tensor] : source.weights())
            if (!weights.contains(other))
                weights.add(other, tensor.shape, tensor.values);
        return { layers, std::move(weights), source.input_shape() };
    }
}
