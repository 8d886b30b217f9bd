// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Weights for a model that has none yet: what training starts from, and what a benchmark runs on.
#pragma once

#include <quantkit/calibration/splitmix64.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/weight_set.hpp>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// table[t, 2i] = sin(t / 10000^(2i / features)), table[t, 2i + 1] = cos of the same (Vaswani et al. 2017,
    /// arXiv:1706.03762, section 3.5), row-major.
    inline std::vector<float> sinusoidal_table(std::size_t time, std::size_t features)
    {
        std::vector<float> table(time * features);
        for (std::size_t t = 0; t < time; ++t)
            for (std::size_t j = 0; j < features; ++j)
            {
                const double exponent = static_cast<double>(j - j % 2) / static_cast<double>(features);
                const double angle = static_cast<double>(t) * std::pow(10000.0, -exponent);
                table[t * features + j] = static_cast<float>(j % 2 == 0 ? std::sin(angle) : std::cos(angle));
            }
        return table;
    }
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Fills in the weights of one layer after the other.
    class weight_initializer
    {
    public:
        weight_initializer(std::size_t time, std::uint64_t seed)
            : time_(time)
            , random_(seed)
        {
        }

        void operator()(const linear_operation& linear)
        {
            project(linear.weights, { linear.out_features, linear.in_features }, linear.in_features);
        }
        void operator()(const conv1d_operation& conv)
        {
            project(conv.weights, { conv.out_channels, conv.in_channels, conv.kernel }, conv.in_channels * conv.kernel);
        }
        void operator()(const attention_operation& attention)
        {
            for (const projection& part : { attention.query, attention.key, attention.value, attention.output })
                project(part, { attention.d_model, attention.d_model }, attention.d_model);
        }
        void operator()(const feed_forward_operation& ffn)
        {
            project(ffn.fc1, { ffn.d_ff, ffn.d_model }, ffn.d_model);
            project(ffn.fc2, { ffn.d_model, ffn.d_ff }, ffn.d_ff);
        }
        void operator()(const layer_norm_operation& norm)
        {
            add(norm.weights.weight, { norm.features }, std::vector<float>(norm.features, 1.0f));
            if (!norm.weights.bias.empty())
                add(norm.weights.bias, { norm.features }, std::vector<float>(norm.features));
        }
        void operator()(const embedding_operation& embedding)
        {
            add(embedding.table, { embedding.entries, embedding.features },
                uniform(embedding.entries * embedding.features, 1.0));
        }

        /// Positions are known only with the features of what they are added to.
        void positions(const positional_encoding_operation& encoding, std::size_t features)
        {
            add(encoding.table, { time_, features }, sinusoidal_table(time_, features));
        }

        template <class Other>
        void operator()(const Other&)
        {
        }

        weight_set take() { return std::move(weights_); }

    private:
        void project(const projection& names, std::vector<std::size_t> shape, std::size_t fan_in)
        {
            const double bound = 1.0 / std::sqrt(static_cast<double>(fan_in));
            std::size_t count = 1;
            for (const std::size_t extent : shape)
                count *= extent;
            add(names.weight, shape, uniform(count, bound));
            if (!names.bias.empty())
                add(names.bias, { shape[0] }, uniform(shape[0], bound));
        }

        void add(const std::string& name, const std::vector<std::size_t>& extents, std::vector<float> values)
        {
            tensor_shape shape;
            for (const std::size_t extent : extents)
                shape.push_back(static_cast<std::ptrdiff_t>(extent));
            weights_.add(name, shape, std::move(values));
        }

        std::vector<float> uniform(std::size_t count, double bound)
        {
            std::vector<float> values(count);
            for (float& value : values)
                value = static_cast<float>((2.0 * static_cast<double>(random_.next() >> 11) * 0x1p-53 - 1.0) * bound);
            return values;
        }

        std::size_t time_;
        splitmix64 random_;
        weight_set weights_;
    };

    /// The features that a layer's result has, where its operation alone says so; else those of what it reads.
    inline std::size_t features_of(const std::vector<layer>& layers, const std::string& name, std::size_t input)
    {
        for (const layer& each : layers)
        {
            if (each.name != name)
                continue;
            if (const auto* linear = std::get_if<linear_operation>(&each.operation))
                return linear->out_features;
            if (const auto* conv = std::get_if<conv1d_operation>(&each.operation))
                return conv->out_channels;
            if (const auto* embedding = std::get_if<embedding_operation>(&each.operation))
                return embedding->features;
            return each.inputs.empty() ? input : features_of(layers, each.inputs[0], input);
        }
        return input;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Weights and biases uniform in +-1 / sqrt(fan_in), as PyTorch's layers begin; norms with weight 1 and bias 0;
    /// sinusoidal tables of positions. The same for the same seed on every platform.
    ///
    /// input  of the model; its time is the length of the tables
    inline weight_set initial_weights(const std::vector<layer>& layers, sample_shape input, std::uint64_t seed)
    {
        detail::weight_initializer initialize(input.time, seed);
        for (const layer& each : layers)
            if (const auto* encoding = std::get_if<positional_encoding_operation>(&each.operation))
                initialize.positions(*encoding, detail::features_of(layers, each.inputs.at(0), input.features));
            else
                std::visit(initialize, each.operation);
        return initialize.take();
    }
}
