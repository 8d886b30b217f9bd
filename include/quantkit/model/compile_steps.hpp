// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Compiles steps: what session_steps.hpp declares (compiled.hpp says why it is apart).
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/kernels/rows/select_rows.hpp>
#include <quantkit/model/attention_heads.hpp>
#include <quantkit/model/make_engine.hpp>
#include <quantkit/model/session_steps.hpp>
#include <quantkit/model/sparse_queries.hpp>
#include <quantkit/model/window_rows.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Compiles one step.
    class step_compiler
    {
    public:
        step_compiler(const quantized_model& quantized, const std::vector<value_storage>& storage, std::size_t index)
            : quantized_(quantized)
            , storage_(storage)
            , index_(index)
            , step_(quantized.steps.steps[index])
            , x_(quantized.steps.values[step_.inputs[0]].shape)
            , y_(quantized.steps.values[step_.output].shape)
        {
        }

        session_step operator()(const product_step& product) const
        {
            const value_storage& from = storage_[step_.inputs[0]];
            const value_storage& to = storage_[step_.output];
            const product_options options { product.activation, product.residual.has_value(), to.codes };
            const std::shared_ptr<const product_engine> engine =
                make_engine(*quantized_.products[index_], precision_of_layer(), options);
            const bool gathers = std::holds_alternative<row_windows>(product.rows);
            const auto run = [=, x = x_, y = y_, rows = product.rows,
                              in_features = product.in_features](const step_operands& at, const any_executor& threads)
            {
                if (options.accumulate && at.y != at.second)
                    std::copy_n(at.second_reals(), at.batch * y.size(), at.result());
                product_operands operands;
                operands.rows = at.batch * y.time;
                operands.y_stride = y.features;
                if (options.output_codes)
                    operands.y_codes = reinterpret_cast<std::uint8_t*>(at.y);
                else
                    operands.y = at.result();
                place_rows(operands, at, rows, from.codes.has_value(), x, y, in_features);
                engine->run(operands, threads);
            };
            return { gathers ? y_.time * product.in_features * sizeof(float) : 0, run };
        }

        session_step operator()(const attention_step& attention) const
        {
            const std::size_t d_model = y_.features, d_head = d_model / attention.heads, time = x_.time;
            const std::size_t sparse = sparse_query_count(attention.sparse_factor, time);
            switch (precision_of_layer().attention_products)
            {
            case precision::int8:
                return heads_step(attention_head<int8_attention_products<>> { time, d_head, sparse }, attention.heads);
            case precision::fp16:
                return heads_step(
                    attention_head<float_attention_products<kernels::operand_format::f32_f16>> { time, d_head, sparse },
                    attention.heads);
            case precision::bf16:
                return heads_step(
                    attention_head<float_attention_products<kernels::operand_format::f32_bf16>> { time, d_head,
                                                                                                  sparse },
                    attention.heads);
            default:
                return heads_step(
                    attention_head<float_attention_products<kernels::operand_format::f32_f32>> { time, d_head, sparse },
                    attention.heads);
            }
        }

        session_step operator()(const layer_norm_step& norm) const
        {
            const std::vector<float> weight = copied(norm.weights.weight);
            const bool has_bias = !norm.weights.bias.empty();
            const std::vector<float> bias = has_bias ? copied(norm.weights.bias) : std::vector<float>(weight.size());
            return row_step(
                [weight, bias, eps = norm.eps](const step_operands& at, std::size_t rows, std::size_t features)
                {
                    const auto stride = static_cast<std::ptrdiff_t>(features);
                    kernels::best_row_functions().layer_norm({ at.reals(), stride }, { at.second_reals(), stride },
                                                             { weight.data(), bias.data(), eps },
                                                             { at.result(), stride }, { rows, features });
                });
        }

        session_step operator()(const activation_step& activation) const
        {
            return row_step(
                [function = activation.function](const step_operands& at, std::size_t rows, std::size_t features)
                { kernels::best_row_functions().activate(function, at.reals(), at.result(), rows * features); });
        }

        session_step operator()(const softmax_step&) const
        {
            return row_step(
                [](const step_operands& at, std::size_t rows, std::size_t features)
                {
                    const auto stride = static_cast<std::ptrdiff_t>(features);
                    kernels::best_row_functions().softmax({ at.reals(), stride }, 1.0f, { at.result(), stride },
                                                          { rows, features });
                });
        }

        session_step operator()(const add_step&) const
        {
            return row_step(
                [](const step_operands& at, std::size_t rows, std::size_t features)
                { kernels::best_row_functions().add(at.reals(), at.second_reals(), at.result(), rows * features); });
        }

        session_step operator()(const reshape_step&) const
        {
            return row_step([](const step_operands& at, std::size_t rows, std::size_t features)
                            { std::copy_n(at.reals(), rows * features, at.result()); });
        }

        session_step operator()(const table_step& step) const
        {
            const std::vector<float> table = copied(step.table);
            const auto run = [table, size = y_.size()](const step_operands& at, const any_executor&)
            {
                for (std::size_t i = 0; i < at.batch; ++i)
                    kernels::best_row_functions().add(at.reals() + i * size, table.data(), at.result() + i * size,
                                                      size);
            };
            return { 0, run };
        }

        session_step operator()(const embedding_step& step) const
        {
            const std::vector<float> table = copied(step.table);
            const auto run = [table, y = y_](const step_operands& at, const any_executor&)
            {
                const std::size_t entries = table.size() / y.features;
                for (std::size_t i = 0; i < at.batch * y.time; ++i)
                {
                    const float index = at.reals()[i];
                    require(index >= 0.0f && index < static_cast<float>(entries), "the embedding has ", entries,
                            " entries, but value ", i, " of its input is ", index);
                    std::copy_n(table.data() + static_cast<std::size_t>(index) * y.features, y.features,
                                at.result() + i * y.features);
                }
            };
            return { 0, run };
        }

        session_step operator()(const pooling_step& step) const
        {
            const pooling_operation& pooling = step.pooling;
            const bool all = pooling.kernel == 0;
            const kernels::pool_window window { x_.time, x_.features, all ? x_.time : pooling.kernel,
                                                all ? 1 : pooling.stride, pooling.padding };
            const auto run =
                [window, function = pooling.function, x = x_, y = y_](const step_operands& at, const any_executor&)
            {
                const kernels::row_functions& rows = kernels::best_row_functions();
                const auto pool = function == pooling_function::max ? rows.max_pool : rows.mean_pool;
                for (std::size_t i = 0; i < at.batch; ++i)
                    pool(window, at.reals() + i * x.size(), at.result() + i * y.size());
            };
            return { 0, run };
        }

    private:
        const layer_precision& precision_of_layer() const
        {
            return quantized_.plan[quantized_.network.layers()[step_.layer].name];
        }

        /// All heads of all samples, each on its own.
        template <class Head>
        session_step heads_step(const Head& head, std::size_t heads) const
        {
            const std::size_t d_model = y_.features, d_head = d_model / heads, time = x_.time;
            const auto run = [=](const step_operands& at, const any_executor& threads)
            {
                threads.run(at.batch * heads,
                            [&](std::size_t i)
                            {
                                const std::size_t first = i / heads * time, column = i % heads * d_head;
                                const float* q = at.reals() + first * 3 * d_model + column;
                                head(q, q + d_model, q + 2 * d_model, 3 * d_model,
                                     at.result() + first * d_model + column, d_model);
                            });
            };
            return { 0, run };
        }

        /// Where the rows of a product's input are: in place, or gathered into the scratch memory.
        static void place_rows(product_operands& operands, const step_operands& at, const product_rows& rows,
                               bool are_codes, sample_shape x, sample_shape y, std::size_t in_features)
        {
            if (const auto* windows = std::get_if<row_windows>(&rows))
            {
                for (std::size_t i = 0; i < at.batch; ++i)
                    gather_windows(at.reals() + i * x.size(), x, *windows, y.time,
                                   at.scratch + i * y.time * in_features);
                operands.x = at.scratch;
                operands.x_stride = in_features;
                return;
            }
            const bool last = std::get<time_steps>(rows) == time_steps::last;
            const std::size_t first = last ? (x.time - 1) * x.features : 0;
            operands.x_stride = last ? x.size() : x.features;
            if (are_codes)
                operands.x_codes = reinterpret_cast<const std::uint8_t*>(at.x) + first;
            else
                operands.x = at.reals() + first;
        }

        /// A step on all rows of the batch at once.
        template <class Run>
        session_step row_step(Run run) const
        {
            return { 0, [run, y = y_](const step_operands& at, const any_executor&)
                     { run(at, at.batch * y.time, y.features); } };
        }

        std::vector<float> copied(const std::string& name) const { return quantized_.network.weights()[name].values; }

        const quantized_model& quantized_;
        const std::vector<value_storage>& storage_;
        std::size_t index_;
        const program_step& step_;
        sample_shape x_, y_;
    };

    QUANTKIT_MODEL_FUNCTION std::vector<session_step> compile_steps(const quantized_model& quantized,
                                                                    const std::vector<value_storage>& storage)
    {
        std::vector<session_step> steps;
        for (std::size_t i = 0; i < quantized.steps.steps.size(); ++i)
            steps.push_back(std::visit(step_compiler { quantized, storage, i }, quantized.steps.steps[i].operation));
        return steps;
    }
}
