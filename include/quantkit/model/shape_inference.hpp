// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The shape of what an operation returns, from the shapes of what it reads; and whether its weights fit.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/weight_set.hpp>

#include <cstddef>
#include <initializer_list>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline tensor_shape weight_shape(std::initializer_list<std::size_t> extents)
    {
        tensor_shape shape;
        for (const std::size_t extent : extents)
            shape.push_back(static_cast<std::ptrdiff_t>(extent));
        return shape;
    }

    /// Checks one layer against its inputs and its weights; every error names the layer.
    class shape_inference
    {
    public:
        shape_inference(const layer& layer, std::span<const sample_shape> inputs, const weight_set& weights)
            : layer_(layer)
            , inputs_(inputs)
            , weights_(weights)
        {
        }

        sample_shape operator()() const
        {
            return std::visit([&](const auto& operation) { return shape_of(operation); }, layer_.operation);
        }

    private:
        /// So that no sum or product of steps overflows.
        static constexpr std::size_t most_steps = std::size_t { 1 } << 31;

        sample_shape shape_of(const linear_operation& linear) const
        {
            const sample_shape x = only_input(linear.in_features);
            check_weights(linear.weights, { linear.out_features, linear.in_features }, linear.out_features);
            return { linear.steps == time_steps::all ? x.time : 1, linear.out_features };
        }

        sample_shape shape_of(const conv1d_operation& conv) const
        {
            const sample_shape x = only_input(conv.in_channels);
            check_weights(conv.weights, { conv.out_channels, conv.in_channels, conv.kernel }, conv.out_channels);
            check(conv.kernel > 0 && conv.stride > 0 && conv.dilation > 0,
                  "kernel, stride and dilation must be at least 1, but are ", conv.kernel, ", ", conv.stride, ", ",
                  conv.dilation);
            check(conv.dilation <= most_steps && conv.padding <= most_steps, "a dilation of ", conv.dilation,
                  " and a padding of ", conv.padding, " steps: neither can be more than ", most_steps);
            check(conv.mode == padding_mode::zeros || conv.padding <= x.time, "circular padding of ", conv.padding,
                  " steps is longer than the ", x.time, " steps of the input");
            return { window_count(x.time, (conv.kernel - 1) * conv.dilation + 1, conv.stride, conv.padding),
                     conv.out_channels };
        }

        sample_shape shape_of(const attention_operation& attention) const
        {
            const sample_shape x = only_input(attention.d_model);
            check(attention.heads > 0 && attention.d_model % attention.heads == 0, "d_model ", attention.d_model,
                  " cannot be divided among ", attention.heads, " heads");
            for (const projection& part : { attention.query, attention.key, attention.value, attention.output })
                check_weights(part, { attention.d_model, attention.d_model }, attention.d_model);
            return x;
        }

        sample_shape shape_of(const feed_forward_operation& ffn) const
        {
            const sample_shape x = only_input(ffn.d_model);
            check_weights(ffn.fc1, { ffn.d_ff, ffn.d_model }, ffn.d_ff);
            check_weights(ffn.fc2, { ffn.d_model, ffn.d_ff }, ffn.d_model);
            return x;
        }

        sample_shape shape_of(const layer_norm_operation& norm) const
        {
            const sample_shape x = inputs_.size() == 2 ? equal_inputs() : only_input(norm.features);
            check(x.features == norm.features, "normalizes ", norm.features, " features, but its input has ",
                  x.features);
            check_weights(norm.weights, { norm.features }, norm.features);
            return x;
        }

        sample_shape shape_of(const activation_operation&) const { return only_input(); }
        sample_shape shape_of(const softmax_operation&) const { return only_input(); }
        sample_shape shape_of(const dropout_operation&) const { return only_input(); }
        sample_shape shape_of(const add_operation&) const { return equal_inputs(); }
        sample_shape shape_of(const flatten_operation&) const { return { 1, only_input().size() }; }

        sample_shape shape_of(const positional_encoding_operation& encoding) const
        {
            const sample_shape x = only_input();
            const tensor_shape table = weight(encoding.table).shape;
            check(table.rank() == 2 && table[0] >= static_cast<std::ptrdiff_t>(x.time)
                      && table[1] == static_cast<std::ptrdiff_t>(x.features),
                  "the table '", encoding.table, "' of shape ", table, " does not cover an input of ", x.time,
                  " steps of ", x.features, " features");
            return x;
        }

        sample_shape shape_of(const embedding_operation& embedding) const
        {
            const sample_shape x = only_input(1);
            check_shape(embedding.table, { embedding.entries, embedding.features });
            return { x.time, embedding.features };
        }

        sample_shape shape_of(const pooling_operation& pooling) const
        {
            const sample_shape x = only_input();
            if (pooling.kernel == 0)
            {
                check(pooling.padding == 0, "one window over all steps has no padding, but it is ", pooling.padding);
                return { 1, x.features };
            }
            check(pooling.stride > 0, "the stride must be at least 1");
            check(pooling.kernel <= most_steps, "a kernel of ", pooling.kernel, " steps is more than ", most_steps);
            check(pooling.padding <= pooling.kernel / 2, "a padding of ", pooling.padding,
                  " is more than half of the kernel of ", pooling.kernel);
            return { window_count(x.time, pooling.kernel, pooling.stride, pooling.padding), x.features };
        }

        std::size_t window_count(std::size_t time, std::size_t reach, std::size_t stride, std::size_t padding) const
        {
            check(time + 2 * padding >= reach, "a window of ", reach, " steps does not fit an input of ", time,
                  " with a padding of ", padding);
            return (time + 2 * padding - reach) / stride + 1;
        }

        sample_shape only_input() const
        {
            check(inputs_.size() == 1, "needs one input, but has ", inputs_.size());
            return inputs_[0];
        }

        sample_shape only_input(std::size_t features) const
        {
            const sample_shape x = only_input();
            check(x.features == features, "takes ", features, " features, but '", layer_.inputs[0], "' has ",
                  x.features);
            return x;
        }

        sample_shape equal_inputs() const
        {
            check(inputs_.size() == 2, "needs two inputs, but has ", inputs_.size());
            check(inputs_[0] == inputs_[1], "cannot add ", inputs_[0].time, " x ", inputs_[0].features, " and ",
                  inputs_[1].time, " x ", inputs_[1].features);
            return inputs_[0];
        }

        void check_weights(const projection& names, std::initializer_list<std::size_t> weight, std::size_t bias) const
        {
            check_shape(names.weight, weight);
            if (!names.bias.empty())
                check_shape(names.bias, { bias });
        }

        const weight_tensor& weight(const std::string& name) const
        {
            check(weights_.contains(name), "the weight '", name, "' is missing");
            return weights_[name];
        }

        void check_shape(const std::string& name, std::initializer_list<std::size_t> extents) const
        {
            const tensor_shape expected = weight_shape(extents);
            check(weight(name).shape == expected, "the weight '", name, "' must have the shape ", expected,
                  ", but has ", weight(name).shape);
            check(element_count(expected) > 0, "the weight '", name, "' of shape ", expected, " is empty");
        }

        template <class... Parts>
        void check(bool condition, const Parts&... parts) const
        {
            require(condition, "layer '", layer_.name, "': ", parts...);
        }

        const layer& layer_;
        std::span<const sample_shape> inputs_;
        const weight_set& weights_;
    };
}
