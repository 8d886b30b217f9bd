// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A quantized model that was read from a file is refused by the session, or runs: with the announced shape, and the
/// same bits on several threads.
///
/// Inputs are those of quantized_file_target.hpp.
#pragma once

#include <quantkit/model/quantized_model.hpp>
#include <quantkit/model/session.hpp>

#include "fuzz/backwards.hpp"
#include "fuzz/finding.hpp"
#include "fuzz/quantized_file_target.hpp"

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::fuzz
{
    inline constexpr std::size_t fuzzed_batch = 2;

    /// What a step of a sample reads to make its result, roughly.
    inline std::size_t work_of(const program_step& step, sample_shape from, sample_shape to)
    {
        if (const auto* product = std::get_if<product_step>(&step.operation))
            return to.size() * product->in_features;
        if (std::holds_alternative<attention_step>(step.operation))
            return from.size() * from.time;
        if (const auto* pooling = std::get_if<pooling_step>(&step.operation))
            return to.size() * std::min(from.time, pooling->pooling.kernel == 0 ? from.time : pooling->pooling.kernel);
        return to.size();
    }

    /// Runs in milliseconds: more is no finding, only slow.
    inline bool is_small(const program& steps)
    {
        constexpr std::size_t most_values = std::size_t { 1 } << 14, most_work = std::size_t { 1 } << 20;
        const auto fits = [&](sample_shape shape)
        { return shape.time <= most_values && shape.features <= most_values && shape.size() <= most_values; };
        if (!std::ranges::all_of(steps.values, [&](const program_value& value) { return fits(value.shape); }))
            return false;
        return std::ranges::all_of(
            steps.steps,
            [&](const program_step& step) {
                return work_of(step, steps.values[step.inputs[0]].shape, steps.values[step.output].shape) <= most_work;
            });
    }

    inline bool chooses_from_table(const program& steps)
    {
        return std::ranges::any_of(steps.steps, [](const program_step& step)
                                   { return std::holds_alternative<embedding_step>(step.operation); });
    }

    /// Small whole numbers, and unless they are to choose from a table, one in four negative or between them.
    inline matrix_f fuzzed_input(const session& compiled, bool chooses)
    {
        matrix_f x(static_cast<Eigen::Index>(fuzzed_batch * compiled.input_shape().time),
                   static_cast<Eigen::Index>(compiled.input_shape().features));
        for (Eigen::Index i = 0; i < x.size(); ++i)
            x.data()[i] = static_cast<float>(i % 3) + (i % 4 == 3 && !chooses ? -1.5f : 0.0f);
        return x;
    }

    inline void check_session(const session& compiled, bool has_table)
    {
        const matrix_f x = fuzzed_input(compiled, has_table);
        matrix_f y;
        const bool ran = accepted([&] { y = compiled(x); });
        expect(ran || has_table, "a session takes every input of its shape");
        if (!ran)
            return;
        const sample_shape shape = compiled.output_shape();
        expect(y.rows() == static_cast<Eigen::Index>(fuzzed_batch * shape.time)
                   && y.cols() == static_cast<Eigen::Index>(shape.features),
               "results have the announced shape");
        const backwards as_three_threads { 3 };
        const matrix_f again = compiled(x, as_three_threads);
        expect(std::memcmp(y.data(), again.data(), static_cast<std::size_t>(y.size()) * sizeof(float)) == 0,
               "threads change no bit");
    }

    inline void try_session(std::span<const std::byte> input)
    {
        std::optional<std::vector<std::byte>> file = file_of(input);
        std::optional<quantized_model> quantized;
        if (!file || !accepted([&] { quantized = read_in_memory(std::move(*file)); }) || !is_small(quantized->steps))
            return;
        std::optional<session> compiled;
        if (accepted([&] { compiled.emplace(*quantized); }))
            check_session(*compiled, chooses_from_table(quantized->steps));
    }
}
