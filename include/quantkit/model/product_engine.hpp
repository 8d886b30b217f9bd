// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A product of any precision behind one interface: packed weights with bias, activation, residual and requantization
/// in the epilogue.
#pragma once

#include <quantkit/core/any_executor.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/model/layer.hpp>
#include <quantkit/model/layer_precision.hpp>
#include <quantkit/model/product_weights.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// One call's matrices: floats, or codes where the engine takes or returns them. Strides in elements.
    struct product_operands
    {
        std::size_t rows = 0;
        const float* x = nullptr;
        const std::uint8_t* x_codes = nullptr;
        std::size_t x_stride = 0;
        float* y = nullptr;
        std::uint8_t* y_codes = nullptr;
        std::size_t y_stride = 0;
    };

    class product_engine
    {
    public:
        virtual ~product_engine() = default;
        /// Computes all rows. Operands fit: the session has seen to it.
        virtual void run(const product_operands& operands, const any_executor& threads) const = 0;
    };

    /// What a product does besides multiplying.
    struct product_options
    {
        activation_function activation = activation_function::none;
        bool accumulate = false;                ///< adds to what y holds
        std::optional<qparams> output_codes {}; ///< returns uint8 codes; only with int8 weights, calibrated activations
    };
}
