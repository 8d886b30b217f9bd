// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Xavier's and Kaiming's random weights, with the names and formulas of torch.nn.init.
#pragma once

#include <quantkit/calibration/splitmix64.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/initial_weights.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/layer_weights.hpp>
#include <quantkit/model/weight_set.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

namespace quantkit::training
{
    /// Both with mean 0 and the same deviation.
    enum class weight_distribution
    {
        uniform,
        normal
    };

    /// The deviation of weights [out, in, ...] with fan_in inputs and fan_out outputs.
    enum class weight_deviation
    {
        xavier, ///< gain * sqrt(2 / (fan_in + fan_out)): Glorot, Bengio 2010, AISTATS
        kaiming ///< gain / sqrt(fan_in): He et al. 2015, arXiv:1502.01852
    };

    /// gain  1 for linear outputs, sqrt(2) before ReLU
    struct weight_initialization
    {
        weight_deviation deviation = weight_deviation::kaiming;          ///< how it follows from the shape
        weight_distribution distribution = weight_distribution::uniform; ///< the form
        double gain = std::numbers::sqrt2;
    };
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The deviation of weights with so many inputs and outputs. Throws if one of them is 0.
    inline double deviation_of(const weight_initialization& how, std::size_t fan_in, std::size_t fan_out)
    {
        require(fan_in > 0 && fan_out > 0, "weights need inputs and outputs, not ", fan_in, " and ", fan_out);
        return how.deviation == weight_deviation::xavier
                   ? how.gain * std::sqrt(2.0 / static_cast<double>(fan_in + fan_out))
                   : how.gain / std::sqrt(static_cast<double>(fan_in));
    }

    /// count values of mean 0 and the given deviation: uniform in +-sqrt(3) * deviation, or normal (Box, Muller 1958).
    inline std::vector<float> random_weights(std::size_t count, weight_distribution distribution, double deviation,
                                             splitmix64& random)
    {
        // In (0, 1]: the logarithm of 0 is never taken.
        const auto uniform = [&] { return static_cast<double>((random.next() >> 11) + 1) * 0x1p-53; };
        std::vector<float> values(count);
        for (float& value : values)
            if (distribution == weight_distribution::uniform)
                value = static_cast<float>((2 * uniform() - 1) * std::sqrt(3.0) * deviation);
            else
            {
                const double radius = std::sqrt(-2 * std::log(uniform()));
                value = static_cast<float>(radius * std::cos(2 * std::numbers::pi * uniform()) * deviation);
            }
        return values;
    }

    /// As initial_weights(layers, input, seed), but with the weights of all products drawn so, and their biases 0.
    inline weight_set initial_weights(const std::vector<layer>& layers, sample_shape input, std::uint64_t seed,
                                      const weight_initialization& how)
    {
        std::map<std::string, std::vector<float>> drawn;
        splitmix64 random(seed);
        for (const layer& each : layers)
            for (const layer_product& product : products_of(each.operation))
            {
                const auto kernel = static_cast<std::size_t>(product.kernel());
                const auto out = static_cast<std::size_t>(product.shape[0]);
                const auto in = static_cast<std::size_t>(product.shape[1]);
                const double deviation = deviation_of(how, in * kernel, out * kernel);
                for (const projection& part : product.weights)
                {
                    drawn[part.weight] = random_weights(out * in * kernel, how.distribution, deviation, random);
                    if (!part.bias.empty())
                        drawn[part.bias].resize(out);
                }
            }
        weight_set weights;
        for (const auto& [name, tensor] : quantkit::initial_weights(layers, input, seed))
        {
            const auto found = drawn.find(name);
            weights.add(name, tensor.shape, found == drawn.end() ? tensor.values : found->second);
        }
        return weights;
    }
}
