// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Tensors of floats to the nearest values that have a code, without leaving float:
/// y = (clamp(zero_point + round(x / scale), quant_min, quant_max) - zero_point) * scale.
///
/// Bit for bit dequantize(quantize(x)), with the same behaviour at infinities and NaN (tensor/quantizer.hpp).
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/rounding.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/fake_quant.hpp>
#include <quantkit/kernels/kernel_table.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/tensor/elementwise.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/view.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace quantkit
{
    namespace detail
    {
        /// Real is float: the kernels know no other.
        template <class Real, class Rounding, class Scaling, class Arch>
        struct fake_quantize_operation
        {
            quant_bounds bounds;
            Rounding rounding;
            Scaling scaling;
            kernels::active_kernels_of<Arch> kernels = kernels::active_kernels<Arch>();

            void operator()(const Real* x, Real* y, std::size_t count, qparams params, std::uint64_t index) const
            {
                if constexpr (are_default_policies<Rounding, Scaling>)
                    kernels.fake_quantize(x, y, count, params, bounds);
                else
                    kernels::fake_quantize(x, y, count, params, bounds, rounding, scaling, index,
                                           kernels::compiled_arch<Arch> {});
            }

            void operator()(const Real* x, Real* y, std::size_t count, const float* scale,
                            const std::int32_t* zero_point, std::uint64_t index) const
            {
                if constexpr (are_default_policies<Rounding, Scaling>)
                    kernels.fake_quantize_each(x, y, count, scale, zero_point, bounds);
                else
                    kernels::fake_quantize_each(x, y, count, scale, zero_point, bounds, rounding, scaling, index,
                                                kernels::compiled_arch<Arch> {});
            }
        };
    }

    /// A tensor that can be returned: an Eigen matrix or tensor that owns its elements, a std::vector.
    template <class Tensor>
    concept returnable_tensor = tensor_of<Tensor, float> && requires(const Tensor& tensor)
    {
        tensor_traits<Tensor>::like(tensor);
    };

    /// Fake-quantizes any number of tensors with the same parameters; may be used by several threads at once.
    template <quantized_range Range, granularity Granularity = per_tensor, rounding_policy Rounding = half_even,
              scaling_policy Scaling = by_reciprocal>
    class fake_quantizer : public quantizer_settings<Range, Granularity, Rounding, Scaling>
    {
    public:
        using quantizer_settings<Range, Granularity, Rounding, Scaling>::quantizer_settings;

        template <returnable_tensor Tensor, class Arch = kernels::active_arch>
        auto operator()(const Tensor& x) const
        {
            auto y = tensor_traits<Tensor>::like(x);
            this->template apply<detail::fake_quantize_operation, Arch, float>(view_of(x), view_of(y));
            return y;
        }

        /// y       any layout, of x's shape; x itself, or not overlapping it
        template <tensor_of<float> Tensor, writable_tensor_of<float> Output, class Arch = kernels::active_arch>
        void operator()(const Tensor& x, Output&& y) const
        {
            this->template apply<detail::fake_quantize_operation, Arch, float>(view_of(x), view_of(y));
        }
    };

    /// Measures the range of x itself: symmetric for signed ranges, affine for unsigned ones.
    template <quantized_range Range, returnable_tensor Tensor, granularity Granularity = per_tensor,
              quantization_scheme Scheme = default_scheme<Range>, rounding_policy Rounding = half_even,
              scaling_policy Scaling = by_reciprocal, class Arch = kernels::active_arch>
    auto fake_quantize(const Tensor& x, Granularity granularity = {}, const Scheme& scheme = {}, Rounding rounding = {},
                       Scaling scaling = {})
    {
        qparams_list params = measured_qparams<Range, Tensor, Granularity, Scheme, Arch>(x, granularity, scheme);
        const fake_quantizer<Range, Granularity, Rounding, Scaling> call(std::move(params), granularity, rounding,
                                                                         scaling);
        return call.template operator()<Tensor, Arch>(x);
    }

    /// With given parameters: one pair (also a plain qparams), or one per parameter.
    template <quantized_range Range, returnable_tensor Tensor, granularity Granularity = per_tensor,
              rounding_policy Rounding = half_even, scaling_policy Scaling = by_reciprocal,
              class Arch = kernels::active_arch>
    auto fake_quantize(const Tensor& x, qparams_list params, Granularity granularity = {}, Rounding rounding = {},
                       Scaling scaling = {})
    {
        const fake_quantizer<Range, Granularity, Rounding, Scaling> call(std::move(params), granularity, rounding,
                                                                         scaling);
        return call.template operator()<Tensor, Arch>(x);
    }

    /// Measures the range of x, writes into existing storage, which may be x itself, and returns the parameters.
    template <quantized_range Range, tensor_of<float> Tensor, writable_tensor_of<float> Output,
              granularity Granularity = per_tensor, quantization_scheme Scheme = default_scheme<Range>,
              rounding_policy Rounding = half_even, scaling_policy Scaling = by_reciprocal,
              class Arch = kernels::active_arch>
    qparams_list fake_quantize(const Tensor& x, Output&& y, Granularity granularity = {}, const Scheme& scheme = {},
                               Rounding rounding = {}, Scaling scaling = {})
    {
        qparams_list params = measured_qparams<Range, Tensor, Granularity, Scheme, Arch>(x, granularity, scheme);
        const fake_quantizer<Range, Granularity, Rounding, Scaling> call(std::move(params), granularity, rounding,
                                                                         scaling);
        call.template operator()<Tensor, Output, Arch>(x, std::forward<Output>(y));
        return call.params();
    }

    /// With given parameters, into existing storage, which may be x itself.
    template <quantized_range Range, tensor_of<float> Tensor, writable_tensor_of<float> Output,
              granularity Granularity = per_tensor, rounding_policy Rounding = half_even,
              scaling_policy Scaling = by_reciprocal, class Arch = kernels::active_arch>
    void fake_quantize(const Tensor& x, Output&& y, qparams_list params, Granularity granularity = {},
                       Rounding rounding = {}, Scaling scaling = {})
    {
        const fake_quantizer<Range, Granularity, Rounding, Scaling> call(std::move(params), granularity, rounding,
                                                                         scaling);
        call.template operator()<Tensor, Output, Arch>(x, std::forward<Output>(y));
    }
}
