// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Weights for whatever layers a test puts together.
#pragma once

#include <quantkit/model/layer.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/model_builder.hpp>
#include <quantkit/model/weight_set.hpp>

#include "support/random.hpp"

#include <cstddef>
#include <cstdint>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::test
{
    /// Adds uniform weights in [-0.5, 0.5) of the shapes that each operation asks for.
    class random_weights
    {
    public:
        /// steps  rows of every table of positions, each with this many features
        explicit random_weights(std::uint64_t seed, std::size_t steps = 0, std::size_t features = 0)
            : seed_(seed)
            , steps_(steps)
            , features_(features)
        {
        }

        weight_set of(const std::vector<layer>& layers)
        {
            weight_set weights;
            for (const layer& each : layers)
                std::visit([&](const auto& operation) { add(weights, operation); }, each.operation);
            return weights;
        }

    private:
        void put(weight_set& weights, const std::string& name, const tensor_shape& shape)
        {
            if (!name.empty() && !weights.contains(name))
                weights.add(name, shape,
                            random_floats(static_cast<std::size_t>(element_count(shape)), ++seed_, -0.5f, 0.5f));
        }

        void put(weight_set& weights, const projection& names, std::size_t out, std::size_t in)
        {
            put(weights, names.weight, { signed_of(out), signed_of(in) });
            put(weights, names.bias, { signed_of(out) });
        }

        void add(weight_set& weights, const linear_operation& linear)
        {
            put(weights, linear.weights, linear.out_features, linear.in_features);
        }
        void add(weight_set& weights, const conv1d_operation& conv)
        {
            put(weights, conv.weights.weight,
                { signed_of(conv.out_channels), signed_of(conv.in_channels), signed_of(conv.kernel) });
            put(weights, conv.weights.bias, { signed_of(conv.out_channels) });
        }
        void add(weight_set& weights, const attention_operation& attention)
        {
            for (const projection& part : { attention.query, attention.key, attention.value, attention.output })
                put(weights, part, attention.d_model, attention.d_model);
        }
        void add(weight_set& weights, const feed_forward_operation& ffn)
        {
            put(weights, ffn.fc1, ffn.d_ff, ffn.d_model);
            put(weights, ffn.fc2, ffn.d_model, ffn.d_ff);
        }
        void add(weight_set& weights, const layer_norm_operation& norm)
        {
            put(weights, norm.weights.weight, { signed_of(norm.features) });
            put(weights, norm.weights.bias, { signed_of(norm.features) });
        }
        void add(weight_set& weights, const positional_encoding_operation& encoding)
        {
            put(weights, encoding.table, { signed_of(steps_), signed_of(features_) });
        }
        void add(weight_set& weights, const embedding_operation& embedding)
        {
            put(weights, embedding.table, { signed_of(embedding.entries), signed_of(embedding.features) });
        }
        template <class Operation>
        void add(weight_set&, const Operation&)
        {
            static_assert(std::is_empty_v<Operation> || !requires(Operation operation) { operation.weights; });
        }

        static std::ptrdiff_t signed_of(std::size_t extent) { return static_cast<std::ptrdiff_t>(extent); }

        std::uint64_t seed_;
        std::size_t steps_, features_;
    };

    /// The builder's model with random weights.
    inline model with_random_weights(const model_builder& builder, std::uint64_t seed = 1)
    {
        return builder.build(random_weights(seed).of(builder.layers()));
    }

    /// The text of what a call throws; empty if it returns.
    template <class Call>
    std::string error_of(const Call& call)
    {
        try
        {
            call();
        }
        catch (const std::exception& error)
        {
            return error.what();
        }
        return {};
    }

    /// The text of an error of the library.
    inline std::string said(const std::string& text) { return "quantkit: " + text; }
}
