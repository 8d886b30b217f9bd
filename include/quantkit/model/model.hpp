// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model: named layers in topological order with explicit inputs, and their weights in float. Checked when it is
/// made, never changed after.
///
/// Write it with model_builder.hpp or read it with model_file.hpp; run it with session.hpp.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/shape_inference.hpp>
#include <quantkit/model/weight_set.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The names that a layer refers to: its inputs, and an activation inside it.
    inline std::vector<std::string_view> references_of(const layer& layer)
    {
        std::vector<std::string_view> names(layer.inputs.begin(), layer.inputs.end());
        if (const auto* ffn = std::get_if<feed_forward_operation>(&layer.operation))
            names.push_back(ffn->activation);
        return names;
    }

    inline std::map<std::string, std::size_t, std::less<>> indices_of(const std::vector<layer>& layers)
    {
        std::map<std::string, std::size_t, std::less<>> indices;
        for (std::size_t i = 0; i < layers.size(); ++i)
        {
            require(!layers[i].name.empty() && layers[i].name != model_input, "layer ", i, " cannot be called '",
                    layers[i].name, "'");
            require(indices.try_emplace(layers[i].name, i).second, "there are two layers '", layers[i].name, "'");
        }
        return indices;
    }

    /// Layers after all that they refer to, otherwise in the given order. Throws for unknown names and for cycles.
    class topological_order
    {
    public:
        explicit topological_order(const std::vector<layer>& layers)
            : layers_(layers)
            , indices_(indices_of(layers))
            , states_(layers.size(), state::unseen)
        {
            for (std::size_t i = 0; i < layers.size(); ++i)
                visit(i);
        }

        const std::vector<std::size_t>& indices() const { return order_; }

    private:
        enum class state
        {
            unseen,
            open,
            done
        };

        /// Without recursion: however long a chain a file lists from its end to its beginning, the stack holds.
        void visit(std::size_t first)
        {
            std::vector<std::size_t> pending { first };
            while (!pending.empty())
            {
                const std::size_t index = pending.back();
                if (states_[index] == state::unseen)
                {
                    states_[index] = state::open;
                    add_unfinished_references(index, pending);
                    continue;
                }
                pending.pop_back();
                if (std::exchange(states_[index], state::done) == state::open)
                    order_.push_back(index);
            }
        }

        void add_unfinished_references(std::size_t index, std::vector<std::size_t>& pending) const
        {
            const std::vector<std::string_view> names = references_of(layers_[index]);
            for (auto name = names.rbegin(); name != names.rend(); ++name) // the first is finished first
            {
                if (*name == model_input)
                    continue;
                const auto found = indices_.find(*name);
                require(found != indices_.end(), "layer '", layers_[index].name, "' refers to '", *name,
                        "', which does not exist");
                require(states_[found->second] != state::open, "the layers form a cycle through '", *name, "'");
                if (states_[found->second] == state::unseen)
                    pending.push_back(found->second);
            }
        }

        const std::vector<layer>& layers_;
        std::map<std::string, std::size_t, std::less<>> indices_;
        std::vector<state> states_;
        std::vector<std::size_t> order_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    class model
    {
    public:
        /// layers  in any order; exactly one of them is read by no other: its result is the model's
        /// Throws std::invalid_argument, naming the layer, for unknown or repeated names, cycles, inputs and weights
        /// that are missing or do not fit.
        model(std::vector<layer> layers, weight_set weights, sample_shape input)
            : weights_(std::make_shared<const weight_set>(std::move(weights)))
            , input_(input)
        {
            require(input.time > 0 && input.features > 0, "a model's input cannot be empty, but has ", input.time,
                    " steps of ", input.features, " features");
            const detail::topological_order order(layers);
            for (const std::size_t i : order.indices())
                layers_.push_back(layers[i]);
            indices_ = detail::indices_of(layers_);
            infer_shapes();
            find_output();
        }

        const std::vector<layer>& layers() const { return layers_; }
        const weight_set& weights() const { return *weights_; }

        /// Throws with the name if there is no such layer.
        std::size_t index_of(std::string_view name) const
        {
            const auto found = indices_.find(name);
            require(found != indices_.end(), "the model has no layer '", name, "'");
            return found->second;
        }
        const layer& operator[](std::string_view name) const { return layers_[index_of(name)]; }

        /// Of one sample.
        sample_shape input_shape() const { return input_; }
        /// Of one sample.
        sample_shape output_shape() const { return shapes_[output_]; }
        /// Of what a layer returns.
        sample_shape shape_of(std::size_t layer) const { return shapes_[layer]; }
        /// Index of the layer whose result is the model's.
        std::size_t output_layer() const { return output_; }

        /// Whether an activation runs inside a feed-forward layer.
        bool is_inside(std::size_t layer) const { return inside_[layer]; }

        /// Numbers in all weights, biases and embeddings. Tables of positions are constants, not parameters.
        std::size_t parameter_count() const
        {
            std::size_t count = 0;
            for (const auto& [name, tensor] : *weights_)
                count += tensor.values.size();
            for (const layer& each : layers_)
                if (const auto* encoding = std::get_if<positional_encoding_operation>(&each.operation))
                    count -= weights()[encoding->table].values.size();
            return count;
        }

    private:
        void infer_shapes()
        {
            inside_.resize(layers_.size());
            shapes_.resize(layers_.size());
            for (const layer& user : layers_)
                if (const auto* ffn = std::get_if<feed_forward_operation>(&user.operation))
                    place_inside(user, *ffn);
            for (std::size_t i = 0; i < layers_.size(); ++i)
            {
                if (inside_[i])
                    continue;
                shapes_[i] = detail::shape_inference(layers_[i], shapes_of_inputs(i), *weights_)();
                if (const auto* ffn = std::get_if<feed_forward_operation>(&layers_[i].operation))
                    shapes_[index_of(ffn->activation)] = { shapes_[i].time, ffn->d_ff };
            }
        }

        void place_inside(const layer& user, const feed_forward_operation& ffn)
        {
            const std::size_t activation = index_of(ffn.activation);
            require(std::holds_alternative<activation_operation>(layers_[activation].operation), "layer '", user.name,
                    "' names '", ffn.activation, "' as its activation, but that is none");
            require(layers_[activation].inputs.empty() && !inside_[activation], "the activation '", ffn.activation,
                    "' is inside '", user.name, "' and can be nowhere else");
            inside_[activation] = true;
        }

        std::vector<sample_shape> shapes_of_inputs(std::size_t index) const
        {
            std::vector<sample_shape> shapes;
            for (const std::string& name : layers_[index].inputs)
            {
                require(name == model_input || !inside_[index_of(name)], "layer '", layers_[index].name,
                        "' cannot read '", name, "', which is inside another");
                shapes.push_back(name == model_input ? input_ : shapes_[index_of(name)]);
            }
            return shapes;
        }

        void find_output()
        {
            require(!layers_.empty(), "a model needs at least one layer");
            std::vector<bool> is_read = inside_;
            for (const layer& user : layers_)
                for (const std::string& name : user.inputs)
                    if (name != model_input)
                        is_read[index_of(name)] = true;
            const auto unread = std::find(is_read.begin(), is_read.end(), false);
            require(unread != is_read.end(), "every layer is read by another: none returns the result");
            output_ = static_cast<std::size_t>(unread - is_read.begin());
            const auto second = std::find(unread + 1, is_read.end(), false);
            require(second == is_read.end(), "no layer reads '", layers_[output_].name, "' and '",
                    second == is_read.end() ? "" : layers_[static_cast<std::size_t>(second - is_read.begin())].name,
                    "': only one can return the result");
        }

        std::vector<layer> layers_;
        std::shared_ptr<const weight_set> weights_;
        sample_shape input_;
        std::map<std::string, std::size_t, std::less<>> indices_;
        std::vector<sample_shape> shapes_;
        std::vector<bool> inside_;
        std::size_t output_ = 0;
    };
}
