// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How each value of a quantized model lies in memory, and what it is rounded to.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/kernels/kernel_table.hpp>
#include <quantkit/model/quantized_model.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <variant>
#include <vector>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct value_storage
    {
        std::optional<qparams> codes {};    ///< it lies in memory as uint8 codes of these
        std::optional<qparams> rounded {};  ///< it lies there as floats that are values of such codes
        std::optional<precision> format {}; ///< it lies there as floats that are values of fp16 or bf16
    };

    /// Finds the values that may stay codes from one product to the next.
    class storage_choice
    {
    public:
        explicit storage_choice(const quantized_model& quantized)
            : quantized_(quantized)
        {
        }

        std::vector<value_storage> operator()() const
        {
            std::vector<value_storage> all;
            for (value_id value = 0; value < quantized_.steps.values.size(); ++value)
                all.push_back(of(value));
            return all;
        }

    private:
        value_storage of(value_id value) const
        {
            if (const std::optional<qparams> codes = codes_of(value))
                return { codes, {}, {} };
            for (const std::size_t layer : quantized_.steps.values[value].layers)
            {
                const layer_precision& precision = precision_of(layer);
                if (precision.quantize_output && !has_qparams(precision.weights)
                    && precision.weights != precision::fp32)
                    return { {}, {}, precision.weights };
            }
            return { {}, quantized_.outputs[value], {} };
        }

        const layer_precision& precision_of(std::size_t layer) const
        {
            return quantized_.plan[quantized_.network.layers()[layer].name];
        }

        /// The qparams in which one product can leave the value and all others read it.
        std::optional<qparams> codes_of(value_id value) const
        {
            std::optional<qparams> codes;
            bool is_made_by_product = false;
            for (std::size_t i = 0; i < quantized_.steps.steps.size(); ++i)
            {
                const program_step& step = quantized_.steps.steps[i];
                if (step.output == value)
                    is_made_by_product = makes_codes(i);
                for (const value_id input : step.inputs)
                    if (input == value)
                    {
                        if (!reads_codes(i, value) || (codes && codes != quantized_.products[i]->input))
                            return std::nullopt;
                        codes = quantized_.products[i]->input;
                    }
            }
            const bool same = !quantized_.outputs[value] || quantized_.outputs[value] == codes;
            return is_made_by_product && same ? codes : std::nullopt;
        }

        bool makes_codes(std::size_t step) const
        {
            const auto* product = std::get_if<product_step>(&quantized_.steps.steps[step].operation);
            return product != nullptr && !product->residual && is_calibrated_int8(step);
        }

        /// As the matrix that it multiplies, in whole rows. Codes of fewer bits are made where they are read: products
        /// leave codes of all 8.
        bool reads_codes(std::size_t step, value_id value) const
        {
            const auto* product = std::get_if<product_step>(&quantized_.steps.steps[step].operation);
            return product != nullptr && product->residual != value && std::holds_alternative<time_steps>(product->rows)
                   && is_calibrated_int8(step) && quantized_.products[step]->input_bounds == uint8_full::bounds;
        }

        bool is_calibrated_int8(std::size_t step) const
        {
            const layer_precision& precision = precision_of(quantized_.steps.steps[step].layer);
            return precision.weights == precision::int8 && precision.activations == activation_mode::calibrated;
        }

        const quantized_model& quantized_;
    };

    /// Rounds floats in place, as the storage says.
    template <class Arch = kernels::active_arch>
    void round_in_place(float* x, std::size_t count, const value_storage& storage)
    {
        const auto& table = kernels::active_kernels<Arch>();
        if (storage.rounded)
            return table.fake_quantize(x, x, count, *storage.rounded, uint8_full::bounds);
        if (!storage.format)
            return;
        constexpr std::size_t piece = 1024;
        std::array<std::uint16_t, piece> halves;
        for (std::size_t first = 0; first < count; first += piece)
        {
            const std::size_t length = std::min(piece, count - first);
            if (*storage.format == precision::fp16)
            {
                table.float_to_half(x + first, halves.data(), length);
                table.half_to_float(halves.data(), x + first, length);
            }
            else
            {
                table.float_to_bfloat16(x + first, halves.data(), length);
                table.bfloat16_to_float(halves.data(), x + first, length);
            }
        }
    }
}
