// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From a description (io/model_description.hpp) to a model; described_operation.hpp lists types and attributes.
///
/// Inputs: "inputs", names of layers; or "input", one name; else the layer before it, outside of feed_forward. For
/// blocks that are named "block.part" there are three short forms, as the trained models of the examples use them:
/// "input of the block" is what the first layer of the block reads; a layer_norm with "residual": "norm1(x +
/// dropout(attn(x)))" also adds what the innermost layer of that expression reads; "input": "last time step" takes the
/// last step of the layer before it.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/io/model_description.hpp>
#include <quantkit/model/described_operation.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/model.hpp>

#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Finds what each layer reads.
    class described_inputs
    {
    public:
        explicit described_inputs(const std::vector<described_layer>& layers)
            : layers_(layers)
        {
            for (const described_layer& layer : layers)
                if (layer.type == "feed_forward")
                    inside_.insert(layer_attributes(layer).text("activation"));
            for (std::size_t i = 0; i < layers.size(); ++i)
                inputs_.push_back(inputs_of(i));
        }

        const std::vector<std::string>& operator[](std::size_t layer) const { return inputs_[layer]; }

    private:
        std::vector<std::string> inputs_of(std::size_t index) const
        {
            const described_layer& layer = layers_[index];
            const layer_attributes with(layer);
            if (inside_.contains(layer.name))
                return {};
            std::vector<std::string> inputs { previous(index) };
            const std::string input = with.text("input", "");
            if (with.has("inputs"))
                inputs = with.texts("inputs");
            else if (!input.empty() && input != "last time step")
                inputs = { input };
            for (std::string& name : inputs)
                if (name == "input of the block")
                    name = input_of(first_of_block(layer.name), layer.name);
            if (with.has("residual"))
                inputs.push_back(
                    input_of(block_of(layer.name) + innermost(with.text("residual"), layer.name), layer.name));
            return inputs;
        }

        std::string previous(std::size_t index) const
        {
            while (index-- > 0)
                if (!inside_.contains(layers_[index].name))
                    return layers_[index].name;
            return model_input;
        }

        /// "encoder.0." of "encoder.0.norm1".
        static std::string block_of(const std::string& name) { return name.substr(0, name.rfind('.') + 1); }

        std::string first_of_block(const std::string& name) const
        {
            for (const described_layer& layer : layers_)
                if (block_of(layer.name) == block_of(name))
                    return layer.name;
            return name;
        }

        /// "attn" of "norm1(x + dropout(attn(x)))".
        static std::string innermost(const std::string& expression, const std::string& owner)
        {
            const std::size_t end = expression.rfind("(x)");
            require(end != std::string::npos, "layer '", owner, "' has a residual '", expression,
                    "' without a layer of x in it");
            const std::size_t begin = expression.find_last_of("( +", end - 1);
            return expression.substr(begin == std::string::npos ? 0 : begin + 1,
                                     end - (begin == std::string::npos ? 0 : begin + 1));
        }

        /// What an earlier layer reads first.
        std::string input_of(const std::string& name, const std::string& owner) const
        {
            for (std::size_t i = 0; i < inputs_.size(); ++i)
                if (layers_[i].name == name && !inputs_[i].empty())
                    return inputs_[i][0];
            throw_invalid("layer '", owner, "' refers to the input of '", name, "', which is no layer before it");
        }

        const std::vector<described_layer>& layers_;
        std::set<std::string, std::less<>> inside_;
        std::vector<std::vector<std::string>> inputs_;
    };

    /// The names of the layers that a result depends on, its own among them.
    class dependencies
    {
    public:
        dependencies(const std::vector<described_layer>& layers, const described_inputs& inputs)
            : layers_(layers)
            , inputs_(inputs)
        {
        }

        std::set<std::string, std::less<>> of(const std::string& output) const
        {
            std::set<std::string, std::less<>> needed;
            std::vector<std::string> open { output };
            while (!open.empty())
            {
                const std::string name = std::move(open.back());
                open.pop_back();
                if (needed.insert(name).second)
                    append_references(name, open);
            }
            return needed;
        }

    private:
        void append_references(const std::string& name, std::vector<std::string>& to) const
        {
            for (std::size_t i = 0; i < layers_.size(); ++i)
                if (layers_[i].name == name)
                {
                    to.insert(to.end(), inputs_[i].begin(), inputs_[i].end());
                    if (layers_[i].type == "feed_forward")
                        to.push_back(layer_attributes(layers_[i]).text("activation"));
                }
        }

        const std::vector<described_layer>& layers_;
        const described_inputs& inputs_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// output  the layer whose result is the model's; those that it does not depend on are left out. Empty: the one
    ///         that no other reads.
    /// Throws std::invalid_argument, naming the layer, for an output that does not exist, unknown types and kinds, and
    /// attributes that are missing or of another type.
    inline std::vector<layer> layers_of(const model_description& description, const std::string& output = {})
    {
        const detail::described_inputs inputs(description.layers);
        const auto needed = detail::dependencies(description.layers, inputs).of(output);
        std::vector<layer> layers;
        for (std::size_t i = 0; i < description.layers.size(); ++i)
        {
            const described_layer& described = description.layers[i];
            if (!output.empty() && !needed.contains(described.name))
                continue;
            layer_operation operation = detail::described_operation(described);
            const layer_kind kind = detail::described_kind(described, operation);
            layers.push_back({ described.name, kind, std::move(operation), inputs[i] });
        }
        require(!layers.empty() || output.empty(), "the description has no layer '", output,
                "' that could be the output");
        return layers;
    }

    /// Of one sample: [features] counts as [1, features]. Throws for other than one or two axes.
    inline sample_shape input_shape_of(const model_description& description)
    {
        const auto& shape = description.input_shape;
        require(shape.size() == 1 || shape.size() == 2, "an input has one or two axes besides the batch, not ",
                shape.size());
        return { shape.size() == 2 ? static_cast<std::size_t>(shape[0]) : 1, static_cast<std::size_t>(shape.back()) };
    }

    /// Throws as layers_of() and as the model's constructor.
    inline model model_of(const model_description& description, weight_set weights, const std::string& output = {})
    {
        return { layers_of(description, output), std::move(weights), input_shape_of(description) };
    }
}
