// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The engines of product_engine.hpp: all linear layers of tensor/, with every epilogue that a step may need.
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/model/product_engine.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/int16_linear.hpp>
#include <quantkit/tensor/int8_linear.hpp>
#include <quantkit/tensor/real_linear.hpp>
#include <quantkit/tensor/w4a8_linear.hpp>
#include <quantkit/tensor/weight_only_linear.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    template <class Layer>
    inline constexpr bool takes_codes = false;
    template <class Range, class... Stages>
    inline constexpr bool takes_codes<int8_linear<static_input<Range>, Stages...>> = true;

    template <class Layer>
    class layer_engine final : public product_engine
    {
        using output_type = typename Layer::output_type;

    public:
        explicit layer_engine(Layer layer)
            : layer_(std::move(layer))
        {
        }

        void run(const product_operands& at, const any_executor& threads) const override
        {
            const auto rows = static_cast<std::ptrdiff_t>(at.rows);
            const auto in = static_cast<std::ptrdiff_t>(layer_.in_features());
            const auto out = static_cast<std::ptrdiff_t>(layer_.out_features());
            const auto x_stride = static_cast<std::ptrdiff_t>(at.x_stride);
            const tensor_view<output_type> y(output(at), rows, out, static_cast<std::ptrdiff_t>(at.y_stride), 1);
            if constexpr (takes_codes<Layer>)
                if (at.x_codes != nullptr)
                    return layer_(tensor_view<const std::uint8_t>(at.x_codes, rows, in, x_stride, 1), y, threads);
            layer_(tensor_view<const float>(at.x, rows, in, x_stride, 1), y, threads);
        }

    private:
        static output_type* output(const product_operands& at)
        {
            if constexpr (std::same_as<output_type, float>)
                return at.y;
            else
                return at.y_codes;
        }

        Layer layer_;
    };

    template <class Layer>
    std::unique_ptr<product_engine> engine_of(Layer layer)
    {
        return std::make_unique<layer_engine<Layer>>(std::move(layer));
    }

    inline auto float_epilogue_of(const vector_f& bias, const product_options& options)
    {
        return epilogue { add_bias { bias }, activation { options.activation }, accumulate_if { options.accumulate } };
    }

    inline std::unique_ptr<product_engine> real_engine(const matrix_f& weight, const vector_f& bias,
                                                       const layer_precision& layer, const product_options& options)
    {
        if (layer.weights == precision::fp16)
            return engine_of(real_linear { weight, fp16_weights {}, float_epilogue_of(bias, options) });
        if (layer.weights == precision::bf16)
            return engine_of(real_linear { weight, bf16_weights {}, float_epilogue_of(bias, options) });
        return engine_of(real_linear { weight, fp32_weights {}, float_epilogue_of(bias, options) });
    }

    inline std::unique_ptr<product_engine> int8_engine(const quantized_tensor<int8_narrow>& weight,
                                                       const vector_f& bias, const layer_precision& layer,
                                                       const product_weights& weights, const product_options& options)
    {
        switch (layer.activations)
        {
        case activation_mode::real:
            return engine_of(weight_only_linear { weight, float_epilogue_of(bias, options) });
        case activation_mode::dynamic_per_tensor:
            return engine_of(int8_linear { weight, dynamic_per_tensor {}, float_epilogue_of(bias, options) });
        case activation_mode::dynamic_per_row:
            return engine_of(int8_linear { weight, dynamic_per_row {}, float_epilogue_of(bias, options) });
        default:
            break;
        }
        const static_input<uint8_full> input { weights.input.value(), weights.input_bounds };
        if (!options.output_codes)
            return engine_of(int8_linear { weight, input, float_epilogue_of(bias, options) });
        return engine_of(int8_linear { weight, input,
                                       epilogue { add_bias { bias }, activation { options.activation },
                                                  quantize_to<uint8_full> { *options.output_codes } } });
    }

    inline std::unique_ptr<product_engine> int4_engine(const quantized_tensor<int4_narrow>& weight,
                                                       const vector_f& bias, const layer_precision& layer,
                                                       const product_options& options)
    {
        if (layer.activations == activation_mode::real)
            return engine_of(weight_only_linear { weight, float_epilogue_of(bias, options) });
        return engine_of(w4a8_linear { weight, float_epilogue_of(bias, options) });
    }

    inline std::unique_ptr<product_engine> int16_engine(const quantized_tensor<int16_narrow>& weight,
                                                        const vector_f& bias, const layer_precision& layer,
                                                        const std::optional<qparams>& calibrated,
                                                        const product_options& options)
    {
        if (layer.activations == activation_mode::dynamic_per_tensor)
            return engine_of(int16_linear { weight, int16_per_tensor<> {}, float_epilogue_of(bias, options) });
        if (layer.activations == activation_mode::dynamic_per_row)
            return engine_of(int16_linear { weight, int16_per_row<> {}, float_epilogue_of(bias, options) });
        return engine_of(int16_linear { weight, static_input<int16_narrow> { calibrated.value() },
                                        float_epilogue_of(bias, options) });
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Packs the weights. Throws as the layer of that precision.
    inline std::unique_ptr<product_engine> make_engine(const product_weights& weights, const layer_precision& layer,
                                                       const product_options& options)
    {
        require(layer.activations != activation_mode::calibrated || weights.input,
                "calibrated activations need qparams");
        const auto make = [&](const auto& weight) -> std::unique_ptr<product_engine>
        {
            using type = std::remove_cvref_t<decltype(weight)>;
            if constexpr (std::same_as<type, matrix_f>)
                return detail::real_engine(weight, weights.bias, layer, options);
            else if constexpr (std::same_as<type, quantized_tensor<int8_narrow>>)
                return detail::int8_engine(weight, weights.bias, layer, weights, options);
            else if constexpr (std::same_as<type, quantized_tensor<int4_narrow>>)
                return detail::int4_engine(weight, weights.bias, layer, options);
            else
                return detail::int16_engine(weight, weights.bias, layer, weights.input, options);
        };
        return std::visit(make, weights.weight);
    }
}
