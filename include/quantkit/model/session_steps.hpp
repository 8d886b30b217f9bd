// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The steps of a program, compiled: each knows its shapes and owns its weights.
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/model/compiled.hpp>
#include <quantkit/model/quantized_model.hpp>
#include <quantkit/model/value_storage.hpp>

#include <cstddef>
#include <functional>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One call of a step: the memory of a batch. Values are floats, or codes where their storage says so.
    struct step_operands
    {
        std::size_t batch;
        std::byte* x;
        std::byte* second; ///< the second input, if there is one
        std::byte* y;
        float* scratch;

        const float* reals() const { return reinterpret_cast<const float*>(x); }
        const float* second_reals() const { return reinterpret_cast<const float*>(second); }
        float* result() const { return reinterpret_cast<float*>(y); }
    };

    struct session_step
    {
        std::size_t scratch_bytes = 0; ///< of one sample
        std::function<void(const step_operands&, const any_executor&)> run;
    };

    /// Packs the weights of all steps. Throws as the layers of the plan's precisions.
    QUANTKIT_MODEL_FUNCTION std::vector<session_step> compile_steps(const quantized_model& quantized,
                                                                    const std::vector<value_storage>& storage);
}

#if !defined(QUANTKIT_COMPILED_MODEL)
#include <quantkit/model/compile_steps.hpp>
#endif
