// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Which time steps of a value the model's output depends on, and how to run a step on these alone.
///
/// A head that reads the last time step leaves the rows before it to nobody: of an encoder's last block, only the
/// attention needs them. Steps that treat every row alike run on the needed rows of all samples, packed into as few
/// samples as hold them:
///
///     [sample, time, features] -> needed rows, one behind the other -> fewer samples, the last one filled up with
///     zeros
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/model/program_steps.hpp>

#include <algorithm>
#include <cstddef>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Time steps [first, time) of each sample.
    struct needed_rows
    {
        std::size_t time = 1, first = 0;

        std::size_t rows() const { return time - first; }

        /// Samples that hold the needed rows of `count` samples.
        std::size_t samples(std::size_t count) const { return (count * rows() + time - 1) / time; }

        /// x [count, time, features] -> packed [samples(count), time, features]
        void pack(const float* x, std::size_t count, std::size_t features, float* packed) const
        {
            const std::size_t size = rows() * features;
            for (std::size_t i = 0; i < count; ++i)
                std::copy_n(x + (i * time + first) * features, size, packed + i * size);
            std::fill(packed + count * size, packed + samples(count) * time * features, 0.0f);
        }

        /// The other way round; rows that nobody needs become 0.
        void unpack(const float* packed, std::size_t count, std::size_t features, float* x) const
        {
            const std::size_t size = rows() * features;
            for (std::size_t i = 0; i < count; ++i)
            {
                float* const sample = x + i * time * features;
                std::fill_n(sample, first * features, 0.0f);
                std::copy_n(packed + i * size, size, sample + first * features);
            }
        }
    };

    /// The first time step of its inputs that a step needs for time steps [first, ...) of its result.
    struct first_row_read
    {
        std::size_t first, input_time;
        bool keeps_shape;

        std::size_t operator()(const product_step& product) const
        {
            if (const auto* const windows = std::get_if<row_windows>(&product.rows))
                return windows->mode == padding_mode::zeros ? first_of_window(windows->stride, windows->padding) : 0;
            return std::get<time_steps>(product.rows) == time_steps::all ? first : input_time - 1;
        }
        std::size_t operator()(const pooling_step& step) const
        {
            return step.pooling.kernel == 0 ? 0 : first_of_window(step.pooling.stride, step.pooling.padding);
        }
        std::size_t operator()(const layer_norm_step&) const { return first; }
        std::size_t operator()(const activation_step&) const { return first; }
        std::size_t operator()(const softmax_step&) const { return first; }
        std::size_t operator()(const table_step&) const { return first; }
        std::size_t operator()(const add_step&) const { return first; }
        std::size_t operator()(const reshape_step&) const { return keeps_shape ? first : 0; }
        std::size_t operator()(const attention_step&) const { return 0; }
        std::size_t operator()(const embedding_step&) const { return 0; }

    private:
        std::size_t first_of_window(std::size_t stride, std::size_t padding) const
        {
            return first * stride - std::min(first * stride, padding);
        }
    };

    /// [values] of which time steps the output depends; of a value that nothing reads, of all.
    inline std::vector<needed_rows> needed_rows_of(const program& steps)
    {
        std::vector<needed_rows> needed;
        for (const program_value& value : steps.values)
            needed.push_back({ value.shape.time, value.shape.time });
        needed[steps.output].first = 0;
        const auto read_all_unread = [](needed_rows& rows) { rows.first = rows.first == rows.time ? 0 : rows.first; };
        for (auto step = steps.steps.rbegin(); step != steps.steps.rend(); ++step)
        {
            read_all_unread(needed[step->output]);
            for (const value_id input : step->inputs)
            {
                const first_row_read read { needed[step->output].first, needed[input].time,
                                            steps.values[input].shape == steps.values[step->output].shape };
                needed[input].first = std::min(needed[input].first, std::visit(read, step->operation));
            }
        }
        std::for_each(needed.begin(), needed.end(), read_all_unread);
        return needed;
    }

    /// Steps whose rows are results of the same rows of their inputs, wherever these lie.
    struct treats_rows_alike
    {
        bool operator()(const product_step& product) const
        {
            const auto* const rows = std::get_if<time_steps>(&product.rows);
            return rows != nullptr && *rows == time_steps::all;
        }
        bool operator()(const layer_norm_step&) const { return true; }
        bool operator()(const activation_step&) const { return true; }
        bool operator()(const softmax_step&) const { return true; }
        bool operator()(const add_step&) const { return true; }
        template <class Other>
        bool operator()(const Other&) const
        {
            return false;
        }
    };
}
