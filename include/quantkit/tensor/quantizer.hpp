// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Tensors of floats to codes: q = clamp(zero_point + round(x / scale), quant_min, quant_max).
///
/// The codes do not depend on the layout of the tensor, nor on the instruction set. Values beyond the range saturate,
/// also infinities; NaN gives quant_min. Ranges that are measured here skip NaN and refuse infinities.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/rounding.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/kernel_table.hpp>
#include <quantkit/kernels/quantize.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/observer.hpp>
#include <quantkit/tensor/elementwise.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>
#include <quantkit/tensor/view.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace quantkit
{
    namespace detail
    {
        template <class Code, class Rounding, class Scaling, class Arch>
        struct quantize_operation
        {
            quant_bounds bounds;
            Rounding rounding;
            Scaling scaling;
            kernels::active_code_kernels_of<Arch, Code> kernels =
                kernels::active_kernels<Arch>().template codes<Code>();

            void operator()(const float* x, Code* q, std::size_t count, qparams params, std::uint64_t index) const
            {
                if constexpr (are_default_policies<Rounding, Scaling>)
                    kernels.quantize(x, q, count, params, bounds);
                else
                    kernels::quantize(x, q, count, params, bounds, rounding, scaling, index,
                                      kernels::compiled_arch<Arch> {});
            }

            void operator()(const float* x, Code* q, std::size_t count, const float* scale,
                            const std::int32_t* zero_point, std::uint64_t index) const
            {
                if constexpr (are_default_policies<Rounding, Scaling>)
                    kernels.quantize_each(x, q, count, scale, zero_point, bounds);
                else
                    kernels::quantize_each(x, q, count, scale, zero_point, bounds, rounding, scaling, index,
                                           kernels::compiled_arch<Arch> {});
            }
        };
    }

    /// One pair per parameter, from the tensor's own range; throws where a tensor without elements has none.
    template <quantized_range Range, tensor_of<float> Tensor, granularity Granularity = per_tensor,
              quantization_scheme Scheme = default_scheme<Range>, class Arch = kernels::active_arch>
    qparams_list measured_qparams(const Tensor& x, Granularity granularity = {}, const Scheme& scheme = {})
    {
        tensor_view<const float> view = view_of(x);
        require(!view.empty(), "cannot measure the range of an empty tensor of shape ", view.shape());
        return choose_qparams<Range>(measured_ranges<decltype(view), Granularity, Arch>(view, granularity), scheme);
    }

    /// What quantizer and fake_quantizer are made from.
    template <quantized_range Range, granularity Granularity, rounding_policy Rounding, scaling_policy Scaling>
    class quantizer_settings
    {
    public:
        /// params  one pair (also a plain qparams), or one per parameter; throws unless they are valid for Range
        explicit quantizer_settings(qparams_list params, Granularity granularity = {}, Rounding rounding = {},
                                    Scaling scaling = {})
            : params_(std::move(params))
            , granularity_(granularity)
            , rounding_(rounding)
            , scaling_(scaling)
        {
            check_qparams(params_, Range::bounds);
        }

        /// From what an observer has seen.
        template <range_observer Observer, quantization_scheme Scheme = default_scheme<Range>>
        explicit quantizer_settings(const Observer& observer, const Scheme& scheme = {}, Rounding rounding = {},
                                    Scaling scaling = {})
            : quantizer_settings(choose_qparams<Range>(observer, scheme), Granularity {}, rounding, scaling)
        {
        }

        /// From what an observer per parameter has seen, with its axis and group_size.
        template <ranges_observer Observer, quantization_scheme Scheme = default_scheme<Range>>
        explicit quantizer_settings(const Observer& observer, const Scheme& scheme = {}, Rounding rounding = {},
                                    Scaling scaling = {})
            : quantizer_settings(choose_qparams<Range>(observer, scheme), observer.granularity(), rounding, scaling)
        {
        }

        const qparams_list& params() const { return params_; }
        Granularity granularity() const { return granularity_; }

    protected:
        /// The Operation with these settings, over x; throws unless the parameters fit its shape.
        template <template <class, class, class, class> class Operation, class Arch, class Out>
        void apply(const tensor_view<const float>& x, const tensor_view<Out>& out) const
        {
            check_qparams(params_, Range::bounds, x.shape(), granularity_);
            const Operation<Out, Rounding, Scaling, Arch> operation { Range::bounds, rounding_, scaling_ };
            detail::transform(x, out, params_, granularity_, detail::order_for<Rounding>, operation);
        }

    private:
        qparams_list params_;
        [[no_unique_address]] Granularity granularity_;
        [[no_unique_address]] Rounding rounding_;
        [[no_unique_address]] Scaling scaling_;
    };

    /// Quantizes any number of tensors with the same parameters; may be used by several threads at once.
    template <quantized_range Range, granularity Granularity = per_tensor, rounding_policy Rounding = half_even,
              scaling_policy Scaling = by_reciprocal>
    class quantizer : public quantizer_settings<Range, Granularity, Rounding, Scaling>
    {
    public:
        using code_type = typename Range::code_type;
        using quantizer_settings<Range, Granularity, Rounding, Scaling>::quantizer_settings;

        template <tensor_of<float> Tensor, class Arch = kernels::active_arch>
        quantized_tensor<Range> operator()(const Tensor& x) const
        {
            const tensor_view<const float> view = view_of(x);
            std::vector<code_type> codes(static_cast<std::size_t>(view.size()));
            this->template apply<detail::quantize_operation, Arch, code_type>(view, { codes.data(), view.shape() });
            return { codes_in_range, view.shape(), std::move(codes), this->params(), this->granularity() };
        }

        /// codes   any layout, of x's shape, not overlapping it
        template <tensor_of<float> Tensor, writable_tensor_of<code_type> Codes, class Arch = kernels::active_arch>
        void operator()(const Tensor& x, Codes&& codes) const
        {
            this->template apply<detail::quantize_operation, Arch, code_type>(view_of(x), view_of(codes));
        }
    };

    /// Measures the range of x itself, as weights need it: symmetric for signed ranges, affine for unsigned ones.
    template <quantized_range Range, tensor_of<float> Tensor, granularity Granularity = per_tensor,
              quantization_scheme Scheme = default_scheme<Range>, rounding_policy Rounding = half_even,
              scaling_policy Scaling = by_reciprocal, class Arch = kernels::active_arch>
    quantized_tensor<Range> quantize(const Tensor& x, Granularity granularity = {}, const Scheme& scheme = {},
                                     Rounding rounding = {}, Scaling scaling = {})
    {
        qparams_list params = measured_qparams<Range, Tensor, Granularity, Scheme, Arch>(x, granularity, scheme);
        const quantizer<Range, Granularity, Rounding, Scaling> call(std::move(params), granularity, rounding, scaling);
        return call.template operator()<Tensor, Arch>(x);
    }

    /// With given parameters: one pair (also a plain qparams), or one per parameter.
    template <quantized_range Range, tensor_of<float> Tensor, granularity Granularity = per_tensor,
              rounding_policy Rounding = half_even, scaling_policy Scaling = by_reciprocal,
              class Arch = kernels::active_arch>
    quantized_tensor<Range> quantize(const Tensor& x, qparams_list params, Granularity granularity = {},
                                     Rounding rounding = {}, Scaling scaling = {})
    {
        const quantizer<Range, Granularity, Rounding, Scaling> call(std::move(params), granularity, rounding, scaling);
        return call.template operator()<Tensor, Arch>(x);
    }

    /// Measures the range of x, writes the codes into existing storage, and returns the parameters.
    template <quantized_range Range, tensor_of<float> Tensor, writable_tensor_of<typename Range::code_type> Codes,
              granularity Granularity = per_tensor, quantization_scheme Scheme = default_scheme<Range>,
              rounding_policy Rounding = half_even, scaling_policy Scaling = by_reciprocal,
              class Arch = kernels::active_arch>
    qparams_list quantize(const Tensor& x, Codes&& codes, Granularity granularity = {}, const Scheme& scheme = {},
                          Rounding rounding = {}, Scaling scaling = {})
    {
        qparams_list params = measured_qparams<Range, Tensor, Granularity, Scheme, Arch>(x, granularity, scheme);
        const quantizer<Range, Granularity, Rounding, Scaling> call(std::move(params), granularity, rounding, scaling);
        call.template operator()<Tensor, Codes, Arch>(x, std::forward<Codes>(codes));
        return call.params();
    }

    /// With given parameters, into existing storage.
    template <quantized_range Range, tensor_of<float> Tensor, writable_tensor_of<typename Range::code_type> Codes,
              granularity Granularity = per_tensor, rounding_policy Rounding = half_even,
              scaling_policy Scaling = by_reciprocal, class Arch = kernels::active_arch>
    void quantize(const Tensor& x, Codes&& codes, qparams_list params, Granularity granularity = {},
                  Rounding rounding = {}, Scaling scaling = {})
    {
        const quantizer<Range, Granularity, Rounding, Scaling> call(std::move(params), granularity, rounding, scaling);
        call.template operator()<Tensor, Codes, Arch>(x, std::forward<Codes>(codes));
    }
}
