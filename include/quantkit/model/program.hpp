// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model as it runs: steps on values, with what can be one product made one.
///
/// An activation behind a product, and the sum of a product and a residual, run in the product's epilogue; the three
/// projections of an attention are one product; a dropout is another name of a value, unless it is the input. So a
/// value is what a step leaves in memory, and has the names of all layers whose result it is.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/model.hpp>
#include <quantkit/model/program_steps.hpp>

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Turns layers into steps.
    class lowering
    {
    public:
        explicit lowering(const quantkit::model& model)
            : model_(model)
            , readers_(model.layers().size())
            , results_(model.layers().size())
        {
            count_readers();
            result_.values.push_back({ model_input, model.input_shape(), {} });
            for (layer_ = 0; layer_ < model.layers().size(); ++layer_)
                if (!model.is_inside(layer_))
                    std::visit([&](const auto& operation) { lower(operation); }, here().operation);
            result_.output = results_[model.output_layer()];
        }

        program take() { return std::move(result_); }

    private:
        const layer& here() const { return model_.layers()[layer_]; }

        /// Of a dropout's result its readers read what the dropout reads.
        void count_readers()
        {
            for (std::size_t user = 0; user < model_.layers().size(); ++user)
                for (const std::string& name : model_.layers()[user].inputs)
                    if (name != model_input && !is_another_name(user))
                        ++readers_[source_of(name)];
        }

        /// A dropout of another layer's result.
        bool is_another_name(std::size_t index) const
        {
            const layer& layer = model_.layers()[index];
            return std::holds_alternative<dropout_operation>(layer.operation) && layer.inputs[0] != model_input;
        }

        /// The layer that computes what this name stands for.
        std::size_t source_of(const std::string& name) const
        {
            std::size_t index = model_.index_of(name);
            while (is_another_name(index))
                index = model_.index_of(model_.layers()[index].inputs[0]);
            return index;
        }

        value_id input(std::size_t i) const
        {
            const std::string& name = here().inputs[i];
            return name == model_input ? 0 : results_[model_.index_of(name)];
        }

        /// A value inside this layer.
        value_id inner(std::string_view part, sample_shape shape, std::vector<std::size_t> layers = {})
        {
            result_.values.push_back({ here().name + "." + std::string(part), shape, std::move(layers) });
            return result_.values.size() - 1;
        }

        void step(step_operation operation, std::vector<value_id> inputs, value_id output)
        {
            result_.steps.push_back({ layer_, std::move(operation), std::move(inputs), output });
        }

        /// A step that makes this layer's result.
        void finish(step_operation operation, std::vector<value_id> inputs)
        {
            result_.values.push_back({ here().name, model_.shape_of(layer_), { layer_ } });
            results_[layer_] = result_.values.size() - 1;
            step(std::move(operation), std::move(inputs), results_[layer_]);
        }

        /// This layer's result is another name of its input.
        void rename(value_id value)
        {
            results_[layer_] = value;
            if (value != 0)
                result_.values[value].layers.push_back(layer_);
        }

        /// The product whose result only this layer reads, under whatever name, if it can take more into its epilogue.
        product_step* fusable(std::size_t i)
        {
            const std::string& name = here().inputs[i];
            if (name == model_input || readers_[source_of(name)] != 1)
                return nullptr;
            program_step& producer = result_.steps[producer_of(input(i))];
            auto* product = std::get_if<product_step>(&producer.operation);
            const bool is_open = product != nullptr && !product->residual
                                 && product->activation == activation_function::none && producer.output == input(i);
            return is_open ? product : nullptr;
        }

        std::size_t producer_of(value_id value) const
        {
            for (std::size_t i = result_.steps.size(); i-- > 0;)
                if (result_.steps[i].output == value)
                    return i;
            return 0;
        }

        void lower(const linear_operation& linear)
        {
            finish(product_step { { linear.weights }, linear.steps, linear.in_features, linear.out_features },
                   { input(0) });
        }

        void lower(const conv1d_operation& conv)
        {
            const row_windows windows { conv.kernel, conv.stride, conv.padding, conv.dilation, conv.mode };
            finish(product_step { { conv.weights }, windows, conv.kernel * conv.in_channels, conv.out_channels },
                   { input(0) });
        }

        void lower(const attention_operation& attention)
        {
            const sample_shape shape = model_.shape_of(layer_);
            const value_id qkv = inner("qkv", { shape.time, 3 * attention.d_model });
            const value_id context = inner("context", shape);
            step(product_step { { attention.query, attention.key, attention.value },
                                time_steps::all,
                                attention.d_model,
                                3 * attention.d_model },
                 { input(0) }, qkv);
            step(attention_step { attention.heads, attention.sparse_factor }, { qkv }, context);
            finish(product_step { { attention.output }, time_steps::all, attention.d_model, attention.d_model },
                   { context });
        }

        void lower(const feed_forward_operation& ffn)
        {
            const std::size_t activation = model_.index_of(ffn.activation);
            const auto function = std::get<activation_operation>(model_.layers()[activation].operation).function;
            const value_id hidden = inner("hidden", { model_.shape_of(layer_).time, ffn.d_ff }, { activation });
            step(product_step { { ffn.fc1 }, time_steps::all, ffn.d_model, ffn.d_ff, function }, { input(0) }, hidden);
            finish(product_step { { ffn.fc2 }, time_steps::all, ffn.d_ff, ffn.d_model }, { hidden });
        }

        void lower(const layer_norm_operation& norm)
        {
            std::vector<value_id> inputs { input(0) };
            if (here().inputs.size() == 2)
                inputs.push_back(input(1));
            finish(layer_norm_step { norm.weights, norm.eps }, std::move(inputs));
        }

        void lower(const activation_operation& activation)
        {
            product_step* product = fusable(0);
            if (product == nullptr)
                return finish(activation_step { activation.function }, { input(0) });
            product->activation = activation.function;
            result_.values[input(0)].layers.clear(); // what the product alone would have been, is nowhere
            rename(input(0));
        }

        void lower(const add_operation&)
        {
            if (input(0) == input(1))
                return finish(add_step {}, { input(0), input(1) });
            for (const std::size_t i : { 0u, 1u })
                if (product_step* product = fusable(i); product != nullptr && input(1 - i) < input(i))
                {
                    product->residual = input(1 - i);
                    result_.steps[producer_of(input(i))].inputs.push_back(input(1 - i));
                    result_.values[input(i)].layers.clear();
                    return rename(input(i));
                }
            finish(add_step {}, { input(0), input(1) });
        }

        void lower(const softmax_operation&) { finish(softmax_step {}, { input(0) }); }
        void lower(const positional_encoding_operation& encoding)
        {
            finish(table_step { encoding.table }, { input(0) });
        }
        void lower(const embedding_operation& embedding) { finish(embedding_step { embedding.table }, { input(0) }); }
        void lower(const pooling_operation& pooling) { finish(pooling_step { pooling }, { input(0) }); }
        void lower(const dropout_operation&)
        {
            if (input(0) == 0)
                return finish(reshape_step {}, { 0 });
            rename(input(0));
        }
        void lower(const flatten_operation&) { finish(reshape_step {}, { input(0) }); }

        const quantkit::model& model_;
        std::size_t layer_ = 0;
        std::vector<std::size_t> readers_;
        std::vector<value_id> results_;
        program result_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The steps of a model, fused: activations and residual sums in the products before them.
    inline program program_of(const model& model) { return detail::lowering(model).take(); }
}
