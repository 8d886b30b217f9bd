// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// One linear layer from codes to codes, put together from its parameters as the vectors give them.
#pragma once

#include <quantkit/tensor/int8_linear.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

namespace quantkit::golden
{
    /// weight codes [n, k] with one scale, or one a row, and one zero_point for all.
    inline quantized_tensor<int8_full> weight_of(const tensor_shape& shape, std::vector<std::int8_t> codes,
                                                 std::span<const float> scales, std::int32_t zero_point = 0)
    {
        qparams_list params;
        for (const float scale : scales)
            params.push_back({ scale, zero_point });
        const bool is_per_row = scales.size() > 1;
        return { shape, std::move(codes), std::move(params),
                 is_per_row ? any_granularity(per_axis { 0 }) : any_granularity(per_tensor {}) };
    }

    struct static_layer
    {
        quantized_tensor<int8_full> weight;
        std::vector<float> bias;
        bool has_relu = false;
        qparams input, output;

        /// x [m, k] uint8 codes
        template <quantized_range Output>
        matrix<typename Output::code_type> run(const tensor_view<const std::uint8_t>& x) const
        {
            const auto with = [&](auto stages) { return int8_linear { weight, static_input { input }, stages }(x); };
            if (has_relu)
                return with(epilogue { add_bias { bias }, relu {}, quantize_to<Output> { output } });
            return with(epilogue { add_bias { bias }, quantize_to<Output> { output } });
        }
    };

    template <class Matrix>
    auto elements_of(const Matrix& matrix)
    {
        return std::span(matrix.data(), static_cast<std::size_t>(matrix.size()));
    }
}
