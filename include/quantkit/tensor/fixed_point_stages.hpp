// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The stages of an epilogue without floating point: they work on the exact sums of a layer with static input.
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/fixed_point.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/gemm/packing.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace quantkit
{
    /// x + bias[column] on the exact sums, whose unit is scale_x * scale_w; requantize_fixed_point follows.
    class add_integer_bias
    {
    public:
        static constexpr bool takes_sums = true;

        /// bias  one value per output; copied
        template <class Arch = kernels::active_arch>
        explicit add_integer_bias(std::span<const std::int32_t> bias)
            : size_(bias.size())
            , opposite_(kernels::padded_columns(bias.size()))
        {
            for (std::size_t i = 0; i < size_; ++i)
                opposite_[i] = static_cast<std::int32_t>(0u - static_cast<std::uint32_t>(bias[i]));
        }

        QUANTKIT_INLINE void check_columns(std::size_t columns) const
        {
            require(size_ == columns, "the bias has ", size_, " values, but the layer has ", columns, " outputs");
        }

        QUANTKIT_INLINE kernels::subtract_columns stage() const { return { opposite_.data() }; }

    private:
        std::size_t size_ = 0;
        aligned_buffer<std::int32_t> opposite_;
    };

    /// The last stage of a layer without floating point: q = clamp(zero_point + sum * multiplier[column]), the product
    /// rounded as TensorFlow Lite rounds it (core/fixed_point.hpp). Only add_integer_bias may stand before it.
    template <quantized_range Range = uint8_full, class Rounding = double_rounding>
    class requantize_fixed_point
    {
        static_assert(sizeof(typename Range::code_type) == 1, "layers return 8-bit codes or floats");

    public:
        using code_type = typename Range::code_type;
        static constexpr bool takes_sums = true;

        /// multipliers  scale_x * scale_w / scale_y, one or one per output
        /// kept         codes beyond are clamped; a ReLU keeps { zero_point, quant_max }
        /// Throws as to_fixed_point(), and where zero_point or kept lie outside the range.
        template <class Arch = kernels::active_arch>
        requantize_fixed_point(std::span<const double> multipliers, std::int32_t zero_point,
                               quant_bounds kept = Range::bounds)
            : requantize_fixed_point(multipliers.data(), multipliers.size(), zero_point, kept)
        {
        }

        QUANTKIT_INLINE requantize_fixed_point(double multiplier, std::int32_t zero_point,
                                               quant_bounds kept = Range::bounds)
            : requantize_fixed_point(&multiplier, 1, zero_point, kept)
        {
        }

        QUANTKIT_INLINE void check_columns(std::size_t columns) const
        {
            require(size_ == 1 || size_ == columns, "there are ", size_, " multipliers, but the layer has ", columns,
                    " outputs");
        }

        QUANTKIT_INLINE kernels::stage_list<kernels::rescale_fixed_point<Rounding>, kernels::clamp_to_codes> stages()
            const
        {
            return { kernels::rescale_fixed_point<Rounding> { q31_.data(), shift_.data(), std::size_t { size_ > 1 } },
                     codes_ };
        }

    private:
        QUANTKIT_INLINE requantize_fixed_point(const double* multipliers, std::size_t count, std::int32_t zero_point,
                                               quant_bounds kept)
            : size_(count)
            , q31_(kernels::padded_columns(count))
            , shift_(kernels::padded_columns(count))
            , codes_ { zero_point, kept }
        {
            constexpr quant_bounds all = Range::bounds;
            require(size_ > 0, "requantize_fixed_point needs a multiplier");
            require(zero_point >= all.quant_min && zero_point <= all.quant_max, "zero_point ", zero_point,
                    " lies outside [", all.quant_min, ", ", all.quant_max, "]");
            require(kept.quant_min >= all.quant_min && kept.quant_min <= kept.quant_max
                        && kept.quant_max <= all.quant_max,
                    "cannot keep the codes [", kept.quant_min, ", ", kept.quant_max, "] of [", all.quant_min, ", ",
                    all.quant_max, "]");
            for (std::size_t i = 0; i < size_; ++i)
            {
                const fixed_point_multiplier fixed = to_fixed_point(multipliers[i]);
                require(fixed.shift <= Rounding::max_shift, "this rounding takes multipliers below 2^",
                        Rounding::max_shift, ", but one is ", multipliers[i]);
                q31_[i] = fixed.q31;
                shift_[i] = fixed.shift;
            }
        }

        std::size_t size_ = 0;
        aligned_buffer<std::int32_t> q31_, shift_;
        kernels::clamp_to_codes codes_;
    };
}
