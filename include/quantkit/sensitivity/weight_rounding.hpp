// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How rounding changes a weight, for scores that run nothing.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/model/weight_set.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Symmetric codes of 2 to 8 bits with one scale for each output, the first axis; bits 0: as it is.
    struct weight_rounding
    {
        std::string name;
        int bits = 8;
    };

    /// FP32, and INT8, INT4, INT3 and INT2 weights.
    inline std::vector<weight_rounding> weight_roundings()
    {
        return {
            { "FP32", 0 }, { "INT8 weights", 8 }, { "INT4 weights", 4 }, { "INT3 weights", 3 }, { "INT2 weights", 2 }
        };
    }

    /// [elements] rounded minus original. Throws for other bits.
    inline std::vector<float> weight_change(const weight_tensor& weight, int bits)
    {
        require(bits == 0 || (bits >= 2 && bits <= 8), "weights are rounded to 2 to 8 bits, not ", bits);
        std::vector<float> change(weight.values.size());
        if (bits == 0 || change.empty())
            return change;
        const std::int32_t most = (1 << (bits - 1)) - 1;
        const quant_bounds bounds { -most, most };
        const std::size_t rows = static_cast<std::size_t>(weight.shape[0]), columns = change.size() / rows;
        for (std::size_t row = 0; row < rows; ++row)
        {
            const float* const values = weight.values.data() + row * columns;
            const auto [low, high] = std::minmax_element(values, values + columns);
            const qparams params = symmetric { .eps = std::numeric_limits<float>::min() }({ *low, *high }, bounds);
            for (std::size_t i = 0; i < columns; ++i)
                change[row * columns + i] =
                    dequantize_value(quantize_value(values[i], params, bounds), params) - values[i];
        }
        return change;
    }
}
