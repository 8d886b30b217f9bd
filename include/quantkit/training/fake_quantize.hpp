// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Fake-quantization of tensors without gaps and its gradients, with qparams for the whole tensor or for each index of
/// an axis. Formulas: kernels/fake_quant_gradient.hpp.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/parameter_shape.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/rounding.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/kernel_table.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace quantkit::training
{
    /// A row-major tensor as [outer, channels, inner], the qparams being those of the channels.
    struct channel_layout
    {
        std::size_t outer = 1, channels = 1, inner = 0;

        QUANTKIT_INLINE std::size_t size() const { return outer * channels * inner; }
        /// Of what shares a pair of qparams.
        QUANTKIT_INLINE std::size_t values_per_channel() const { return outer * inner; }
        /// Where the inner values of (o, channel) begin.
        QUANTKIT_INLINE std::size_t offset(std::size_t o, std::size_t channel) const
        {
            return (o * channels + channel) * inner;
        }
    };

    /// One of a channel's values, with its gradient.
    struct quantized_values
    {
        const float* x;
        const float* y;
        const float* d_y;
    };
}

namespace quantkit::training::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// axis  nothing: one channel. Throws unless it exists.
    inline channel_layout layout_of(const tensor_shape& shape, std::optional<std::ptrdiff_t> axis)
    {
        channel_layout layout { 1, 1, 1 };
        if (!axis)
        {
            layout.inner = static_cast<std::size_t>(element_count(shape));
            return layout;
        }
        const std::size_t at = quantkit::detail::checked_axis(shape, *axis);
        for (std::size_t i = 0; i < shape.rank(); ++i)
            (i < at ? layout.outer : i == at ? layout.channels : layout.inner) *= static_cast<std::size_t>(shape[i]);
        return layout;
    }

    /// The code that a learned zero point stands for: the nearest one, ties to even, within the bounds.
    inline std::int32_t code_of_zero_point(float zero_point, quant_bounds bounds)
    {
        return static_cast<std::int32_t>(std::clamp(static_cast<double>(round_half_even(zero_point)),
                                                    static_cast<double>(bounds.quant_min),
                                                    static_cast<double>(bounds.quant_max)));
    }

    /// What LSQ multiplies the gradients of qparams with: 1 / sqrt(values * quant_max), values being those that share
    /// the pair (Esser et al. 2020, arXiv:1902.08153, section 2.2).
    inline double lsq_gradient_factor(std::size_t values, quant_bounds bounds)
    {
        return 1.0 / std::sqrt(static_cast<double>(values) * std::max(bounds.quant_max, 1));
    }

    /// Throws unless there is a valid pair for each channel, near enough for floats to count its steps.
    inline void check_channels(const channel_layout& layout, const qparams_list& params, quant_bounds bounds)
    {
        require(params.size() == layout.channels, layout.channels, " channels have ", params.size(),
                " pairs of scale and zero_point");
        require(std::int64_t { bounds.quant_max } - bounds.quant_min < (1 << 24), "codes from ", bounds.quant_min,
                " to ", bounds.quant_max, " are more than floats can count");
        check_qparams(params, bounds);
    }

    /// x, y  [layout.size()], may be the same; params as check_channels wants them
    inline void fake_quantize(const float* x, float* y, const channel_layout& layout, const qparams_list& params,
                              quant_bounds bounds)
    {
        for (std::size_t o = 0; o < layout.outer; ++o)
            for (std::size_t c = 0; c < layout.channels; ++c)
            {
                const std::size_t at = layout.offset(o, c);
                kernels::active_kernels().fake_quantize(x + at, y + at, layout.inner, params[c], bounds);
            }
    }

    /// d_x += d_y where x is inside the bounds.
    inline void fake_quantize_backward(const float* x, const float* d_y, float* d_x, const channel_layout& layout,
                                       const qparams_list& params, quant_bounds bounds)
    {
        for (std::size_t o = 0; o < layout.outer; ++o)
            for (std::size_t c = 0; c < layout.channels; ++c)
            {
                const std::size_t at = layout.offset(o, c);
                kernels::active_kernels().add_fake_quantize_gradient(x + at, d_y + at, d_x + at, layout.inner,
                                                                     params[c], bounds);
            }
    }

    /// The gradients by each channel's scale and zero point, without LSQ's factor.
    ///
    /// values  x, y = fake_quantize(x) and the gradient by y, each [layout.size()]
    inline std::vector<qparams_gradient> fake_quantize_qparams_backward(const quantized_values& values,
                                                                        const channel_layout& layout,
                                                                        const qparams_list& params, quant_bounds bounds)
    {
        std::vector<qparams_gradient> gradients(layout.channels);
        for (std::size_t o = 0; o < layout.outer; ++o)
            for (std::size_t c = 0; c < layout.channels; ++c)
            {
                const std::size_t at = layout.offset(o, c);
                gradients[c] = kernels::active_kernels().sum_qparams_gradient(
                    values.x + at, values.y + at, values.d_y + at, layout.inner, params[c], bounds, gradients[c]);
            }
        return gradients;
    }
}
