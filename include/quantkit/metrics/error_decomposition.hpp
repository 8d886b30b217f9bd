// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Where the error of a quantized tensor comes from: from clipping, from rounding, or from a shift of all values.
///
/// With x a value, c = clamp(x, real value of quant_min, real value of quant_max) and y its approximation,
///
///     x - y = (x - c) + (c - y)                          error = clipping + rounding
///     sum (x - y)^2 = sum (x - c)^2 + sum (c - y)^2 + 2 sum (x - c) (c - y)
///
/// The last sum, the cross term, is 0 where codes are the nearest ones: a value that is clipped has the end of the
/// range as its approximation, and no rounding error. All sums are exact, so that the rule holds without any rounding;
/// what is read off them as double is rounded once.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/core/tensor_walk.hpp>
#include <quantkit/kernels/kernel_table.hpp>
#include <quantkit/metrics/error_metrics.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <variant>
#include <vector>

namespace quantkit
{
    /// Infinite values have an infinite clipping error, and a cross term of NaN; NaN makes all errors NaN.
    struct error_decomposition
    {
        exact_error_sums total;    ///< x and its approximation
        exact_error_sums clipping; ///< x and x clamped
        exact_error_sums rounding; ///< x clamped and its approximation

        /// Values.
        QUANTKIT_INLINE std::uint64_t count() const { return total.count; }
        /// Sums over all values; squared_error() is the sum of both others and twice the cross_term().
        QUANTKIT_INLINE double squared_error() const { return total.squared_error(); }
        QUANTKIT_INLINE double squared_clipping_error() const { return clipping.squared_error(); }
        QUANTKIT_INLINE double squared_rounding_error() const { return rounding.squared_error(); }

        /// sum of clipping error times rounding error.
        QUANTKIT_INLINE double cross_term() const
        {
            if (!total.absolute_error.is_finite())
                return std::numeric_limits<double>::quiet_NaN();
            exact_sum twice = total.exact_squared_error();
            twice -= clipping.exact_squared_error();
            twice -= rounding.exact_squared_error();
            return 0.5 * twice.value();
        }

        /// Mean of x - y: what quantization shifts all values by; 0 if empty.
        QUANTKIT_INLINE double bias_shift() const
        {
            return count() == 0 ? 0.0 : total.error.value() / static_cast<double>(count());
        }

        /// Share of the squared error that adding the bias shift to every approximation would remove: from 0, also
        /// without error, to 1.
        QUANTKIT_INLINE double bias_share() const
        {
            const double squared = squared_error();
            return squared == 0.0 ? 0.0 : std::clamp(bias_shift() * total.error.value() / squared, 0.0, 1.0);
        }

        QUANTKIT_INLINE error_decomposition& operator+=(const error_decomposition& other)
        {
            total += other.total;
            clipping += other.clipping;
            rounding += other.rounding;
            return *this;
        }

        friend bool operator==(const error_decomposition&, const error_decomposition&) = default;
    };

    /// Of the whole tensor, and of the part of each pair of scale and zero_point, row-major in parameter_shape.
    struct decomposed_error
    {
        error_decomposition whole;
        std::vector<error_decomposition> parts;
    };

    /// What a quantizer returns: codes and what they mean.
    template <class Quantized>
    concept quantized_codes = requires(const Quantized& quantized)
    {
        Quantized::range_type::bounds;
        quantized.view();
        quantized.params();
        quantized.granularity();
    };
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct given_approximation
    {
        QUANTKIT_INLINE float operator()(float y, qparams, quant_bounds) const { return y; }
    };

    struct nearest_code
    {
        QUANTKIT_INLINE float operator()(float x, qparams params, quant_bounds bounds) const
        {
            return dequantize_value(quantize_value(x, params, bounds), params);
        }
    };

    struct given_code
    {
        template <class Code>
        QUANTKIT_INLINE float operator()(Code q, qparams params, quant_bounds) const
        {
            return dequantize_value(q, params);
        }
    };

    /// Values of one parameter that wait until they are enough for a kernel.
    struct waiting_values
    {
        static constexpr std::size_t capacity = 64;
        float x[capacity], y[capacity];
        std::size_t count = 0;
    };

    template <class Source, class Approximate, class Arch>
    class error_decomposer
    {
    public:
        error_decomposer(const float* x, const Source* source, const qparams_list& params, quant_bounds bounds)
            : x_(x)
            , source_(source)
            , params_(params)
            , bounds_(bounds)
            , parts_(params.size())
            , waiting_(params.size())
        {
        }

        void add(const tensor_run& run)
        {
            for (std::ptrdiff_t i = 0; i < run.count; ++i)
            {
                const auto parameter = static_cast<std::size_t>(run.start.parameter + i * run.step.parameter);
                waiting_values& waiting = waiting_[parameter];
                waiting.x[waiting.count] = x_[run.start.input + i * run.step.input];
                waiting.y[waiting.count] =
                    Approximate {}(source_[run.start.output + i * run.step.output], params_[parameter], bounds_);
                if (++waiting.count == waiting_values::capacity)
                    decompose(parameter);
            }
        }

        decomposed_error result()
        {
            decomposed_error result;
            for (std::size_t parameter = 0; parameter < parts_.size(); ++parameter)
            {
                decompose(parameter);
                result.whole += parts_[parameter];
            }
            result.parts = std::move(parts_);
            return result;
        }

    private:
        void decompose(std::size_t parameter)
        {
            waiting_values& waiting = waiting_[parameter];
            const float lowest = dequantize_value(bounds_.quant_min, params_[parameter]);
            const float highest = dequantize_value(bounds_.quant_max, params_[parameter]);
            float clamped[waiting_values::capacity];
            for (std::size_t i = 0; i < waiting.count; ++i)
                clamped[i] = std::clamp(waiting.x[i], lowest, highest);
            error_decomposition& part = parts_[parameter];
            kernels_.sum_errors_exactly(waiting.x, waiting.y, waiting.count, part.total);
            kernels_.sum_errors_exactly(waiting.x, clamped, waiting.count, part.clipping);
            kernels_.sum_errors_exactly(clamped, waiting.y, waiting.count, part.rounding);
            waiting.count = 0;
        }

        const float* x_;
        const Source* source_;
        const qparams_list& params_;
        quant_bounds bounds_;
        std::vector<error_decomposition> parts_;
        std::vector<waiting_values> waiting_;
        kernels::active_kernels_of<Arch> kernels_ = kernels::active_kernels<Arch>();
    };

    template <class Approximate, class Arch, class Source, granularity Granularity>
    decomposed_error decomposed(const tensor_view<const float>& x, const tensor_view<const Source>& source,
                                const qparams_list& params, quant_bounds bounds, Granularity granularity)
    {
        require(x.shape() == source.shape(), "a tensor has the shape ", x.shape(), ", but its approximation has ",
                source.shape());
        const tensor_shape parameters = parameter_shape(x.shape(), granularity);
        require(static_cast<std::ptrdiff_t>(params.size()) == element_count(parameters), "a tensor of shape ",
                x.shape(), " needs ", element_count(parameters), " pairs of scale and zero_point, but has ",
                params.size());
        check_qparams(params, bounds);
        error_decomposer<Source, Approximate, Arch> decomposer(x.data(), source.data(), params, bounds);
        for_each_run(x.shape(), x.strides(), source.strides(), granularity, walk_order::memory,
                     [&](const tensor_run& run) { decomposer.add(run); });
        return decomposer.result();
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The error of rounding x to the nearest codes (half_even, by_reciprocal).
    ///
    /// x       any layout; throws unless there is one valid pair of scale and zero_point for each of its parameters
    template <tensor_of<float> Tensor, granularity Granularity = per_tensor, class Arch = kernels::active_arch>
    decomposed_error decompose_error(const Tensor& x, const qparams_list& params, quant_bounds bounds,
                                     Granularity granularity = {})
    {
        const tensor_view<const float> view = view_of(x);
        return detail::decomposed<detail::nearest_code, Arch>(view, view, params, bounds, granularity);
    }

    /// The error of any approximation of x, whatever made it: other roundings, other formats.
    ///
    /// approximation  of x's shape, in any layout
    template <tensor_of<float> Tensor, tensor_of<float> Approximation, granularity Granularity = per_tensor,
              class Arch = kernels::active_arch>
    decomposed_error decompose_error(const Tensor& x, const Approximation& approximation, const qparams_list& params,
                                     quant_bounds bounds, Granularity granularity = {})
    {
        return detail::decomposed<detail::given_approximation, Arch>(tensor_view<const float>(view_of(x)),
                                                                     tensor_view<const float>(view_of(approximation)),
                                                                     params, bounds, granularity);
    }

    /// The error of what a quantizer made of x, with its codes, parameters and granularity.
    template <tensor_of<float> Tensor, quantized_codes Quantized, class Arch = kernels::active_arch>
    decomposed_error decompose_error(const Tensor& x, const Quantized& quantized)
    {
        return std::visit(
            [&](auto granularity)
            {
                return detail::decomposed<detail::given_code, Arch>(tensor_view<const float>(view_of(x)),
                                                                    quantized.view(), quantized.params(),
                                                                    Quantized::range_type::bounds, granularity);
            },
            quantized.granularity());
    }
}
