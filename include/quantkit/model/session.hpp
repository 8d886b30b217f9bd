// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A model, compiled to run: weights packed, epilogues fused, memory planned. Start reading here.
///
///     layers  ->  steps on values       program.hpp
///             ->  codes of the weights  quantized_model.hpp
///             ->  packed products       product_engine.hpp
///             ->  who shares memory     memory_plan.hpp
///
/// A value between two products that both compute in calibrated INT8 stays codes: the first one's epilogue quantizes,
/// the second one reads.
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>
#include <quantkit/model/memory_plan.hpp>
#include <quantkit/model/quantized_model.hpp>
#include <quantkit/model/session_steps.hpp>
#include <quantkit/model/session_workspace.hpp>
#include <quantkit/tensor/types.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline std::vector<float> row_major_copy(const tensor_view<const float>& x)
    {
        std::vector<float> copy(static_cast<std::size_t>(x.size()));
        const auto take = [&](const tensor_run& run)
        {
            for (std::ptrdiff_t i = 0; i < run.count; ++i)
                copy[static_cast<std::size_t>(run.start.output + i * run.step.output)] =
                    x.data()[run.start.input + i * run.step.input];
        };
        for_each_run(x.shape(), x.strides(), row_major_strides(x.shape()), per_tensor {}, walk_order::memory, take);
        return copy;
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    class session
    {
    public:
        /// Packs the weights. Throws as the layers of the plan's precisions.
        explicit session(const quantized_model& quantized)
            : input_(quantized.network.input_shape())
            , output_(quantized.network.output_shape())
            , program_(quantized.steps)
            , storage_(detail::storage_choice(quantized)())
            , steps_(detail::compile_steps(quantized, storage_))
            , memory_(plan_memory(program_, value_bytes(), scratch_bytes()))
        {
        }

        /// In float throughout.
        explicit session(const model& network)
            : session(quantize_model(network, precision_plan {}))
        {
        }

        /// Of one sample.
        sample_shape input_shape() const { return input_; }
        /// Of one sample.
        sample_shape output_shape() const { return output_; }

        /// x          [batch, time * features], [batch * time, features] or [batch, time, features]; row-major without
        ///            gaps, else it is copied
        /// y          as many values, in one of these forms, row-major without gaps; must not overlap x
        /// workspace  of the calling thread; grows at the first call, after which nothing is allocated
        /// Throws with the shapes where they do not fit. The executor changes the time, never a bit of the result.
        template <tensor_of<float> X, writable_tensor_of<float> Y>
        void run(const X& x, Y&& y, session_workspace& workspace, const any_executor& threads = {}) const
        {
            run(x, y, workspace, threads, [](value_id, std::size_t, const float*) {});
        }

        /// after_value(value, count, data) is called for the input and whenever a value in float is there: what
        /// calibration observes.
        template <tensor_of<float> X, writable_tensor_of<float> Y, class AfterValue>
        void run(const X& x, Y&& y, session_workspace& workspace, const any_executor& threads,
                 const AfterValue& after_value) const
        {
            const tensor_view<const float> input = view_of(x);
            const tensor_view<float> output = view_of(y);
            const std::size_t batch = batch_of(input);
            require(output.size() == static_cast<std::ptrdiff_t>(batch * output_.size())
                        && output.strides() == row_major_strides(output.shape()),
                    "the output must hold ", batch, " x ", output_.time, " x ", output_.features,
                    " values without gaps, but has the shape ", output.shape());
            if (batch == 0)
                return;
            if (input.strides() == row_major_strides(input.shape()))
                return run_steps(input.data(), output.data(), batch, workspace, threads, after_value);
            const std::vector<float> copy = detail::row_major_copy(input);
            run_steps(copy.data(), output.data(), batch, workspace, threads, after_value);
        }

        /// [batch * time, features] of the output.
        template <tensor_of<float> X>
        matrix_f operator()(const X& x, const any_executor& threads = {}) const
        {
            const std::size_t batch = batch_of(view_of(x));
            matrix_f y(static_cast<Eigen::Index>(batch * output_.time), static_cast<Eigen::Index>(output_.features));
            session_workspace workspace;
            run(x, y, workspace, threads);
            return y;
        }

        /// Bytes of memory that a workspace needs for this many samples.
        std::size_t workspace_bytes(std::size_t batch) const
        {
            std::vector<std::size_t> offsets;
            memory_.find_offsets(batch, offsets);
            return offsets.back();
        }

    private:
        /// Samples in x.
        std::size_t batch_of(const tensor_view<const float>& x) const
        {
            const auto size = static_cast<std::size_t>(x.size()), sample = input_.size();
            const std::size_t last = x.rank() == 0 ? 0 : static_cast<std::size_t>(x.shape()[x.rank() - 1]);
            const bool fits = x.rank() == 2 ? last == sample || last == input_.features
                                            : x.rank() == 3 && last == input_.features
                                                  && x.shape()[1] == static_cast<std::ptrdiff_t>(input_.time);
            require(fits && size % sample == 0, "the input must have the shape [batch, ", input_.time, ", ",
                    input_.features, "], or that with two neighbouring axes made one, but has ", x.shape());
            return size / sample;
        }

        std::vector<std::size_t> value_bytes() const
        {
            std::vector<std::size_t> bytes;
            for (value_id value = 0; value < program_.values.size(); ++value)
            {
                const bool elsewhere = value == 0 || value == program_.output;
                const std::size_t element = storage_[value].codes ? sizeof(std::uint8_t) : sizeof(float);
                bytes.push_back(elsewhere ? 0 : program_.values[value].shape.size() * element);
            }
            return bytes;
        }

        std::vector<std::size_t> scratch_bytes() const
        {
            std::vector<std::size_t> bytes;
            for (const detail::session_step& step : steps_)
                bytes.push_back(step.scratch_bytes);
            return bytes;
        }

        template <class AfterValue>
        void run_steps(const float* x, float* y, std::size_t batch, session_workspace& workspace,
                       const any_executor& threads, const AfterValue& after_value) const
        {
            workspace.prepare(memory_, batch);
            after_value(value_id { 0 }, batch * input_.size(), x);
            const auto place = [&](value_id value) -> std::byte*
            {
                if (value == program_.output)
                    return reinterpret_cast<std::byte*>(y);
                return value == 0 ? reinterpret_cast<std::byte*>(const_cast<float*>(x))
                                  : workspace.slot(memory_.value_slots[value]);
            };
            for (std::size_t i = 0; i < steps_.size(); ++i)
            {
                const program_step& step = program_.steps[i];
                detail::step_operands at { batch, place(step.inputs[0]),
                                           step.inputs.size() > 1 ? place(step.inputs[1]) : nullptr, place(step.output),
                                           nullptr };
                if (memory_.scratch_slots[i] != memory_plan::no_slot)
                    at.scratch = reinterpret_cast<float*>(workspace.slot(memory_.scratch_slots[i]));
                steps_[i].run(at, threads);
                if (storage_[step.output].codes)
                    continue;
                const sample_shape shape = program_.values[step.output].shape;
                detail::round_in_place(at.result(), batch * shape.size(), storage_[step.output]);
                after_value(step.output, batch * shape.size(), at.result());
            }
        }

        sample_shape input_, output_;
        program program_;
        std::vector<detail::value_storage> storage_;
        std::vector<detail::session_step> steps_;
        memory_plan memory_;
    };
}
