// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model as steps of which each belongs to one layer, and every layer leaves its result in memory: what measuring one
/// layer at a time needs, where program.hpp fuses what it can.
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
    /// Turns layers into steps, one by one.
    class separate_lowering
    {
    public:
        explicit separate_lowering(const quantkit::model& model)
            : model_(model)
            , results_(model.layers().size())
        {
            result_.values.push_back({ model_input, model.input_shape(), {} });
            for (layer_ = 0; layer_ < model.layers().size(); ++layer_)
                if (!model.is_inside(layer_))
                    std::visit([&](const auto& operation) { lower(operation); }, here().operation);
            result_.output = results_[model.output_layer()];
        }

        program take() { return std::move(result_); }

    private:
        const layer& here() const { return model_.layers()[layer_]; }

        std::vector<value_id> inputs() const
        {
            std::vector<value_id> values;
            for (const std::string& name : here().inputs)
                values.push_back(name == model_input ? 0 : results_[model_.index_of(name)]);
            return values;
        }

        /// A step whose result is inside this layer.
        value_id inner(std::string_view part, sample_shape shape, step_operation operation, std::vector<value_id> from)
        {
            result_.values.push_back({ here().name + "." + std::string(part), shape, {} });
            result_.steps.push_back({ layer_, std::move(operation), std::move(from), result_.values.size() - 1 });
            return result_.values.size() - 1;
        }

        /// A step that makes a layer's result.
        value_id finish(std::size_t layer, step_operation operation, std::vector<value_id> from)
        {
            result_.values.push_back({ model_.layers()[layer].name, model_.shape_of(layer), { layer } });
            results_[layer] = result_.values.size() - 1;
            result_.steps.push_back({ layer, std::move(operation), std::move(from), results_[layer] });
            return results_[layer];
        }
        void finish(step_operation operation) { finish(layer_, std::move(operation), inputs()); }

        void lower(const linear_operation& linear)
        {
            finish(product_step { { linear.weights }, linear.steps, linear.in_features, linear.out_features });
        }

        void lower(const conv1d_operation& conv)
        {
            const row_windows windows { conv.kernel, conv.stride, conv.padding, conv.dilation, conv.mode };
            finish(product_step { { conv.weights }, windows, conv.kernel * conv.in_channels, conv.out_channels });
        }

        void lower(const attention_operation& attention)
        {
            const sample_shape shape = model_.shape_of(layer_);
            const std::size_t d_model = attention.d_model;
            const product_step projections {
                { attention.query, attention.key, attention.value }, time_steps::all, d_model, 3 * d_model
            };
            const value_id qkv = inner("qkv", { shape.time, 3 * d_model }, projections, inputs());
            const value_id context =
                inner("context", shape, attention_step { attention.heads, attention.sparse_factor }, { qkv });
            finish(layer_, product_step { { attention.output }, time_steps::all, d_model, d_model }, { context });
        }

        /// The activation in the middle is a step of its own layer.
        void lower(const feed_forward_operation& ffn)
        {
            const std::size_t activation = model_.index_of(ffn.activation);
            const auto function = std::get<activation_operation>(model_.layers()[activation].operation).function;
            const value_id sums = inner("fc1", model_.shape_of(activation),
                                        product_step { { ffn.fc1 }, time_steps::all, ffn.d_model, ffn.d_ff }, inputs());
            const value_id hidden = finish(activation, activation_step { function }, { sums });
            finish(layer_, product_step { { ffn.fc2 }, time_steps::all, ffn.d_ff, ffn.d_model }, { hidden });
        }

        /// The sum with a residual is a value of its own: the same numbers as in one step.
        void lower(const layer_norm_operation& norm)
        {
            std::vector<value_id> from = inputs();
            if (from.size() == 2)
                from = { inner("sum", model_.shape_of(layer_), add_step {}, from) };
            finish(layer_, layer_norm_step { norm.weights, norm.eps }, from);
        }

        void lower(const activation_operation& activation) { finish(activation_step { activation.function }); }
        void lower(const softmax_operation&) { finish(softmax_step {}); }
        void lower(const positional_encoding_operation& encoding) { finish(table_step { encoding.table }); }
        void lower(const embedding_operation& embedding) { finish(embedding_step { embedding.table }); }
        void lower(const pooling_operation& pooling) { finish(pooling_step { pooling }); }
        void lower(const add_operation&) { finish(add_step {}); }
        void lower(const dropout_operation&) { finish(reshape_step {}); }
        void lower(const flatten_operation&) { finish(reshape_step {}); }

        const quantkit::model& model_;
        std::size_t layer_ = 0;
        std::vector<value_id> results_;
        program result_;
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The steps of a model with nothing fused, so that each layer has a result of its own.
    inline program separate_program_of(const model& model) { return detail::separate_lowering(model).take(); }
}
