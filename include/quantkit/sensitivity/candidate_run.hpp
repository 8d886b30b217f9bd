// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How one step runs as a candidate, on all rows or on those that are needed.
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/program_steps.hpp>
#include <quantkit/model/session_steps.hpp>
#include <quantkit/model/value_storage.hpp>
#include <quantkit/sensitivity/candidate_steps.hpp>
#include <quantkit/sensitivity/needed_rows.hpp>
#include <quantkit/sensitivity/step_values.hpp>

#include <algorithm>
#include <cstddef>
#include <utility>
#include <variant>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Rounds what the step reads, runs it, and rounds its result.
    ///
    /// output  [count] samples of the step's result
    inline void run_candidate_step(const program& steps, const candidate_steps& compiled, std::size_t index,
                                   std::size_t count, const step_values& values, float* output,
                                   const any_executor& threads)
    {
        const program_step& step = steps.steps[index];
        const session_step& code = compiled.steps[index];
        const auto size_of_value = [&](value_id value) { return count * steps.values[value].shape.size(); };
        const float* input = values[step.inputs[0]];
        float_buffer rounded, scratch = take_buffer(count * code.scratch_bytes / sizeof(float));
        if (compiled.inputs[index])
        {
            const std::size_t size = size_of_value(step.inputs[0]);
            rounded = take_buffer(size);
            std::copy_n(input, size, rounded.data());
            round_in_place(rounded.data(), size, { {}, compiled.inputs[index], {} });
            input = rounded.data();
        }
        const auto bytes = [](const float* memory) { return reinterpret_cast<std::byte*>(const_cast<float*>(memory)); };
        code.run({ count, bytes(input), step.inputs.size() > 1 ? bytes(values[step.inputs[1]]) : nullptr, bytes(output),
                   scratch.data() },
                 threads);
        round_in_place(output, size_of_value(step.output), compiled.values[step.output]);
        give_back(std::move(rounded));
        give_back(std::move(scratch));
    }

    /// The same bits in the rows that are needed, where that is less work; the others are 0 then.
    inline void run_needed_rows(const program& steps, const candidate_steps& compiled, std::size_t index,
                                const needed_rows& needed, std::size_t count, const step_values& values, float* output)
    {
        const program_step& step = steps.steps[index];
        const std::size_t packed = needed.samples(count);
        if (packed == count || !std::visit(treats_rows_alike {}, step.operation))
            return run_candidate_step(steps, compiled, index, count, values, output, {});
        step_values inside(steps.values.size());
        for (const value_id input : step.inputs)
        {
            const sample_shape shape = steps.values[input].shape;
            needed.pack(values[input], count, shape.features, inside.make(input, packed * shape.size()));
        }
        const sample_shape shape = steps.values[step.output].shape;
        float* const result = inside.make(step.output, packed * shape.size());
        run_candidate_step(steps, compiled, index, packed, inside, result, {});
        needed.unpack(result, count, shape.features, output);
    }
}
