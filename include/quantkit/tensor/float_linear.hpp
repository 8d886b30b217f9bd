// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The float twin of int8_linear.hpp: y = epilogue(x * W^T) in FP32, with the same stages.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/real_linear.hpp>

#include <utility>

namespace quantkit
{
    template <class... Stages>
    class float_linear : public real_linear<fp32_weights, Stages...>
    {
    public:
        /// weight  [out_features, in_features], any strides; packed here, not kept
        /// Throws with the values where shapes do not fit.
        template <tensor_of<float> Weight, class Arch = kernels::active_arch>
        explicit float_linear(const Weight& weight, epilogue<Stages...> stages = epilogue<Stages...> {})
            : real_linear<fp32_weights, Stages...>(weight, fp32_weights {}, std::move(stages))
        {
        }
    };

    template <class Weight, class... Stages>
    float_linear(const Weight&, epilogue<Stages...>) -> float_linear<Stages...>;
    template <class Weight>
    float_linear(const Weight&) -> float_linear<>;
}
