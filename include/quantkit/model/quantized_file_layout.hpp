// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What writer and reader of quantized models agree on; quantized_file.hpp describes the format.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/int4.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/io/data_type.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/layer_weights.hpp>
#include <quantkit/model/product_weights.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline constexpr std::string_view quantized_format = "quantkit.quantized_model", quantized_version = "1";
    inline constexpr std::string_view plan_key = "plan/", products_key = "products/", outputs_key = "outputs/",
                                      weights_key = "weights/";

    /// "products/fc1/" or "products/attn/qkv.": weight, scale, zero_point, bias or input follow.
    inline std::string product_key(const std::string& layer, std::string_view part)
    {
        return concat(products_key, layer, "/", part, part.empty() ? "" : ".");
    }

    inline data_type file_type_of(precision weights)
    {
        switch (weights)
        {
        case precision::int8:
            return data_type::int8;
        case precision::int16:
            return data_type::int16;
        case precision::int4:
            return data_type::uint8;
        case precision::fp16:
            return data_type::float16;
        case precision::bf16:
            return data_type::bfloat16;
        default:
            return data_type::float32;
        }
    }

    /// Of a matrix in the file.
    inline tensor_shape file_shape_of(const tensor_shape& matrix, precision weights)
    {
        if (weights != precision::int4)
            return matrix;
        return { static_cast<std::ptrdiff_t>(packed_int4_bytes(checked_element_count(matrix, bits_of(weights)))) };
    }

    inline bool keeps_zero_points(const qparams_list& params)
    {
        return std::any_of(params.zero_points().begin(), params.zero_points().end(),
                           [](std::int32_t zero_point) { return zero_point != 0; });
    }

    /// Also a bias that came only with quantizing.
    inline bool keeps_bias(const layer_product& product, const product_weights& weights)
    {
        return product.has_bias() || (weights.bias.array() != 0.0f).any();
    }

    /// Does it; names the owner in what it throws.
    template <class Action>
    auto in_the_name_of(std::string_view owner, Action action)
    {
        try
        {
            return action();
        }
        catch (const std::invalid_argument& error)
        {
            throw_invalid("'", owner, "': ", without_prefix(error.what()));
        }
    }
}
