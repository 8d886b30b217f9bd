// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// One linear layer for every precision: which, is a value.
///
///     const auto layer = quantkit::linear(weight, quantkit::fp16_weights {}, epilogue { add_bias { bias }, relu {} });
///     const auto small = quantkit::linear(weight, quantkit::weight_only<int4_full> { per_group { 1, 32 } });
///
/// A precision quantizes the float weights [out_features, in_features] its way and makes the layer that runs them; all
/// these layers share linear_layer.hpp's front door, epilogues, threads and errors. A precision of the user's works as
/// well, if it has such a make().
#pragma once

#include <quantkit/core/granularity.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/int16_linear.hpp>
#include <quantkit/tensor/int8_linear.hpp>
#include <quantkit/tensor/linear_input.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/real_linear.hpp>
#include <quantkit/tensor/w4a8_linear.hpp>
#include <quantkit/tensor/weight_only_linear.hpp>

#include <utility>
#include <variant>

namespace quantkit
{
    namespace detail
    {
        /// Codes of the weights, with the scheme that suits the range; which granularity, is known at run time.
        template <quantized_range Range, tensor_of<float> Weight>
        quantized_tensor<Range> quantized_weight(const Weight& weight, const any_granularity& granularity)
        {
            return std::visit([&](auto known) { return quantize<Range>(weight, known); }, granularity);
        }
    }

    /// Codes in memory, floats in the product (weight_only_linear.hpp): 4 or 8 bits.
    template <quantized_range Range = int8_narrow>
    struct weight_only
    {
        any_granularity granularity = per_axis { 0 };

        template <tensor_of<float> Weight, class... Stages>
        auto make(const Weight& weight, epilogue<Stages...> stages) const
        {
            return weight_only_linear(detail::quantized_weight<Range>(weight, granularity), std::move(stages));
        }
    };

    /// INT8 weights and activations (int8_linear.hpp). Input is static_input, dynamic_per_tensor or dynamic_per_row.
    template <linear_input Input = dynamic_per_row<>, quantized_range Range = int8_narrow>
    struct int8_precision
    {
        Input input {};
        any_granularity granularity = per_axis { 0 };

        template <tensor_of<float> Weight, class... Stages>
        auto make(const Weight& weight, epilogue<Stages...> stages) const
        {
            return int8_linear(detail::quantized_weight<Range>(weight, granularity), input, std::move(stages));
        }
    };

    /// INT16 weights and activations (int16_linear.hpp).
    template <linear_input Input = int16_per_row<>, quantized_range Range = int16_narrow>
    struct int16_precision
    {
        Input input {};
        any_granularity granularity = per_axis { 0 };

        template <tensor_of<float> Weight, class... Stages>
        auto make(const Weight& weight, epilogue<Stages...> stages) const
        {
            return int16_linear(detail::quantized_weight<Range>(weight, granularity), input, std::move(stages));
        }
    };

    /// INT4 weights, activations in 8 bits per row (w4a8_linear.hpp).
    template <quantized_range Range = int4_full>
    struct w4a8_precision
    {
        any_granularity granularity = per_group { 1, 32 };

        template <tensor_of<float> Weight, class... Stages>
        auto make(const Weight& weight, epilogue<Stages...> stages) const
        {
            return w4a8_linear(detail::quantized_weight<Range>(weight, granularity), std::move(stages));
        }
    };

    /// The layer y = epilogue(x * W^T) of this precision.
    ///
    /// weight     [out_features, in_features] floats, any strides; not kept
    /// precision  fp32_weights, fp16_weights, bf16_weights, bf16_dot_weights, weight_only, int8_precision,
    ///            int16_precision, w4a8_precision, or a type of yours with make(weight, epilogue)
    /// Throws as the layer's constructor and the quantizer.
    template <tensor_of<float> Weight, class Precision, class... Stages>
    auto linear(const Weight& weight, const Precision& precision, epilogue<Stages...> stages = epilogue<Stages...> {})
    {
        if constexpr (real_weights<Precision>)
            return real_linear(weight, precision, std::move(stages));
        else
            return precision.make(weight, std::move(stages));
    }
}
