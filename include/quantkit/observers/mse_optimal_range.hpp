// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The range with the least mean squared error for values that are all at hand, such as weights.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>
#include <quantkit/kernels/error_sums.hpp>
#include <quantkit/kernels/kernel_table.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/range_search.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <vector>

namespace quantkit
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// The finite values in row-major order, so that the memory layout cannot be seen in their sums.
        inline std::vector<float> finite_values(const tensor_view<const float>& x)
        {
            std::vector<float> values;
            values.reserve(static_cast<std::size_t>(x.size()));
            const tensor_strides no_output = steps_of(x.shape(), per_tensor {}).strides;
            for_each_run(x.shape(), x.strides(), no_output, per_tensor {}, walk_order::logical,
                         [&](const tensor_run& run)
                         {
                             for (std::ptrdiff_t i = 0; i < run.count; ++i)
                                 if (const float value = x.data()[run.start.input + i * run.step.input];
                                     std::isfinite(value))
                                     values.push_back(value);
                         });
            return values;
        }

        /// What the quantizer's own kernel makes of the values.
        template <class Arch>
        class error_of_values
        {
        public:
            /// values  finite; they must outlive this
            error_of_values(const std::vector<float>& values, quant_bounds bounds)
                : values_(values)
                , bounds_(bounds)
            {
            }

            double count() const { return static_cast<double>(values_.size()); }

            double operator()(qparams params) const
            {
                std::array<float, error_block> quantized; // NOLINT: filled before it is read
                error_sums sums;
                for (std::size_t begin = 0; begin < values_.size(); begin += error_block)
                {
                    const std::size_t count = std::min(error_block, values_.size() - begin);
                    kernels_.fake_quantize(values_.data() + begin, quantized.data(), count, params, bounds_);
                    sums = kernels_.sum_errors(values_.data() + begin, quantized.data(), count, sums);
                }
                return sums.squared_error;
            }

        private:
            const std::vector<float>& values_;
            quant_bounds bounds_;
            kernels::active_kernels_of<Arch> kernels_ = kernels::active_kernels<Arch>();
        };

        /// values  finite
        template <class Arch, quantization_scheme Scheme>
        real_range mse_range_of(const std::vector<float>& values, quant_bounds bounds, const Scheme& scheme)
        {
            const real_range observed = measured_range<std::vector<float>, Arch>(values);
            if (observed == nothing_observed)
                return observed;
            const error_of_values<Arch> error(values, bounds);
            range_search search(observed, bounds, scheme, error);
            search.run(4, [](auto& at, moved_ends ends, factor_interval interval)
                       { at.golden_section(ends, interval, 0x1p-10); });
            return search.best();
        }
    }

    /// The range whose values, quantized (half_even) and dequantized, have the least squared error: never a larger one
    /// than the tensor's own range has.
    ///
    /// Each end of that range is multiplied by a factor: 4 factors in every halving, then golden-section search between
    /// the neighbours of the best one, to 2^-10 of the factor. Schemes that use both ends get them one after the other.
    /// Some 30 to 200 passes over a copy of the finite values; the layout of the tensor does not change the result.
    ///
    /// NaN and infinities are left out: they saturate whatever the range. Without any other value it is
    /// nothing_observed; of constant values it is their range. Throws what the scheme throws.
    template <tensor_of<float> Tensor, quantization_scheme Scheme, class Arch = kernels::active_arch>
    real_range mse_optimal_range(const Tensor& x, quant_bounds bounds, const Scheme& scheme)
    {
        return detail::mse_range_of<Arch>(detail::finite_values(view_of(x)), bounds, scheme);
    }

    template <quantized_range Range, tensor_of<float> Tensor, quantization_scheme Scheme = default_scheme<Range>>
    real_range mse_optimal_range(const Tensor& x, const Scheme& scheme = {})
    {
        return mse_optimal_range(x, Range::bounds, scheme);
    }
}
