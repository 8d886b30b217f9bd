// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A linear layer in 16-bit integers, where 8 are too few: y = epilogue(x * W^T), x [m, in_features] -> y [m,
/// out_features]. Both sides are symmetric, so that no zero point enters the sums.
///
///     x is quantized on its way into the kernel                        x = scale_x * a
///     sums = a * b^T                                                   int32 or int64, exact
///     y = epilogue(float(sums) * (scale_x * scale_w))                  float, or codes after quantize_to
///
/// Sums are int32 where |a| times the sum of any output's |weights| fits one, as it does for every k up to 512 with
/// narrow_range<12> on both sides; else they are int64, at about half the speed. Both give the same bits.
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/quantize_rows_s16.hpp>
#include <quantkit/kernels/gemm/select_s16.hpp>
#include <quantkit/kernels/gemm/wide_epilogue.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/linear_call.hpp>
#include <quantkit/tensor/linear_input.hpp>
#include <quantkit/tensor/linear_layer.hpp>
#include <quantkit/tensor/packed_weights.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>
#include <quantkit/tensor/workspace.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <type_traits>
#include <utility>
#include <variant>

namespace quantkit
{
    /// Symmetric without PyTorch's floor of 2^-23, below which the scales of 16-bit weights often lie: the floor is
    /// 2^-100, so that the reciprocal and the product of two are finite.
    struct fine_symmetric
    {
        QUANTKIT_INLINE qparams operator()(real_range range, quant_bounds bounds) const
        {
            return symmetric { 0x1p-100f, symmetric::middle(bounds) }(range, bounds);
        }
    };
    static_assert(quantization_scheme<fine_symmetric>);

    /// The inputs that int16_linear is made for; narrow ranges, as one of input and weights must have one.
    template <quantized_range Range = int16_narrow>
    using int16_per_row = dynamic_per_row<Range, fine_symmetric>;
    /// The same with one range for all rows.
    template <quantized_range Range = int16_narrow>
    using int16_per_tensor = dynamic_per_tensor<Range, fine_symmetric>;

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// Throws unless these weights have two axes and their scales along the first, or one for all.
        template <class WeightRange>
        void check_int16_weight_layout(const quantized_tensor<WeightRange>& weight)
        {
            require(weight.rank() == 2, "weights must have the shape [out_features, in_features], but have ",
                    weight.shape());
            const auto* axis = std::get_if<per_axis>(&weight.granularity());
            require(!std::holds_alternative<per_group>(weight.granularity()) && (axis == nullptr || axis->axis == 0),
                    "int16_linear needs weights quantized per_tensor or per_axis { 0 }");
        }

        /// The largest sum of |codes| of one output.
        template <class Range>
        std::int64_t largest_row_sum(const quantized_tensor<Range>& weight)
        {
            const std::size_t k = extent(weight.shape(), 1);
            std::int64_t largest = 0;
            for (std::size_t j = 0; j < extent(weight.shape(), 0); ++j)
            {
                std::int64_t sum = 0;
                for (const auto code : weight.codes().subspan(j * k, k))
                    sum += std::abs(int { code });
                largest = std::max(largest, sum);
            }
            return largest;
        }

        template <class Range>
        bool fits_int32(const quantized_tensor<Range>& weight, quant_bounds input_bounds)
        {
            constexpr std::int64_t largest_sum = std::numeric_limits<std::int32_t>::max();
            return kernels::largest_magnitude(input_bounds, 0) * largest_row_sum(weight) <= largest_sum;
        }

        /// Throws unless these are symmetric weights that fit the layer, and the kernel is exact for them.
        template <class Range>
        const quantized_tensor<Range>& checked_int16_weight(const quantized_tensor<Range>& weight,
                                                            quant_bounds input_bounds,
                                                            const kernels::micro_kernel& kernel)
        {
            using code = typename Range::code_type;
            static_assert(std::signed_integral<code> && kernels::packable_code<code>,
                          "int16_linear needs weights in signed codes of 16 or 8 bits");
            check_int16_weight_layout(weight);
            for (const std::int32_t zero_point : weight.zero_points())
                require(zero_point == 0, "int16_linear needs symmetric weights, but they have the zero_point ",
                        zero_point);
            const std::int64_t of_a = kernels::largest_magnitude(input_bounds, 0),
                               of_b = kernels::largest_magnitude(Range::bounds, 0);
            require(kernel.format == kernels::operand_format::s16_s16, "the micro-kernel ", kernel.name(),
                    " is for other codes than int16");
            if (!kernel.sums_in_halves && !fits_int32(weight, input_bounds))
                require_k_fits(extent(weight.shape(), 1), of_a, of_b);
            require(!kernel.sums_in_halves || kernels::max_accumulated_k(of_a, of_b) >= 2,
                    "int16_linear needs a narrow range on one side: two ", "products of magnitudes up to ", of_a,
                    " and ", of_b, " may overflow an int32");
            return weight;
        }

        /// The CPU's best with int32 sums where these weights allow them, else with int64.
        template <class Range>
        const kernels::micro_kernel& int16_kernel_for(const quantized_tensor<Range>& weight, quant_bounds input_bounds)
        {
            check_int16_weight_layout(weight);
            return fits_int32(weight, input_bounds) ? kernels::best_int16_kernel() : kernels::best_wide_kernel();
        }
    }

    /// Input  int16_per_row, int16_per_tensor or a static_input of a signed range of at most 16 bits, whose zero_point
    ///        is 0. Dynamic input skips NaN and refuses infinities; NaN gets the code quant_min. Static input
    ///        saturates.
    template <linear_input Input, class... Stages>
    class int16_linear : public linear_layer<int16_linear<Input, Stages...>, Stages...>
    {
        using input_range = typename Input::range_type;
        static_assert(std::same_as<typename input_range::code_type, std::int16_t>,
                      "activations are quantized to int16 ranges such as int16_narrow or narrow_range<12>");
        static_assert(!epilogue<Stages...>::takes_sums, "int16_linear gives its stages floats, not integer sums");

    public:
        using typename linear_layer<int16_linear, Stages...>::output_type;

        template <class Element>
        static constexpr bool accepts =
            std::same_as<Element, float> || (detail::is_static<Input> && std::same_as<Element, std::int16_t>);

        /// weight  [out_features, in_features], per_tensor or per_axis { 0 }, zero points 0; packed here, not kept
        /// Throws with the values where shapes, zero points or ranges do not fit.
        template <quantized_range WeightRange, class Arch = kernels::active_arch>
        int16_linear(const quantized_tensor<WeightRange>& weight, Input input,
                     epilogue<Stages...> stages = epilogue<Stages...> {})
            : int16_linear(weight, input, std::move(stages), detail::int16_kernel_for(weight, input_range::bounds))
        {
        }

        /// kernel  one of compiled_int16_kernels() or, with int64 sums, of compiled_wide_kernels()
        /// Throws as well where the kernel sums in int32, but in_features is so large that a sum may leave it.
        template <quantized_range WeightRange, class Arch = kernels::active_arch>
        int16_linear(const quantized_tensor<WeightRange>& weight, Input input, epilogue<Stages...> stages,
                     const kernels::micro_kernel& kernel)
            : input_(input)
            , stages_(std::move(stages))
            , weights_(detail::checked_int16_weight(weight, input_range::bounds, kernel).view(), kernel)
            , scales_(kernels::padded_columns(weights_.n()))
        {
            if constexpr (detail::is_static<Input>)
                require_symmetric(input_.params);
            stages_.check_columns(out_features());
            for (std::size_t j = 0; j < out_features(); ++j)
                scales_[j] = weight.scales()[weight.scales().size() == 1 ? 0 : j];
        }

        QUANTKIT_INLINE std::size_t in_features() const { return weights_.k(); }
        QUANTKIT_INLINE std::size_t out_features() const { return weights_.n(); }
        QUANTKIT_INLINE const kernels::micro_kernel& kernel() const { return weights_.kernel(); }
        QUANTKIT_INLINE const epilogue<Stages...>& stages() const { return stages_; }

        /// Of the integers that hold the sums: 32 or 64.
        QUANTKIT_INLINE int sum_bits() const { return kernel().sums_in_halves ? 64 : 32; }

        /// Bytes of the packed codes and their scales: what one call with m = 1 reads.
        QUANTKIT_INLINE std::size_t weight_bytes() const
        {
            return kernels::packed_b_bytes(kernel().format, out_features(), in_features())
                   + scales_.size() * sizeof(float);
        }

        /// What operator() does with input and output that fit.
        template <class Arch, class Element, class Executor>
        void run(const tensor_view<const Element>& x, kernels::matrix_view<output_type> y,
                 const Executor& threads) const
        {
            const kernels::gemm_extents size { detail::extent(x.shape(), 0), out_features(), in_features() };
            if constexpr (std::same_as<Element, std::int16_t>)
            {
                const kernels::code_rows<std::int16_t> rows { detail::matrix_view_of(x) };
                detail::check_codes(rows.a, size, input_range::bounds);
                run_static(size, rows, y, threads);
            }
            else
            {
                kernels::float_rows floats { detail::matrix_view_of(x), nullptr, 0, input_range::bounds,
                                             kernels::row_kernels_of<Arch>(kernel().lanes) };
                const kernels::quantize_s16_function quantize = kernels::quantize_s16_of<Arch>(kernel().lanes);
                if constexpr (detail::is_static<Input>)
                {
                    floats.params = &input_.params;
                    floats.bounds = input_.bounds;
                    run_static(size, kernels::s16_rows { floats, quantize }, y, threads);
                }
                else
                    run_dynamic(size, kernels::s16_rows { floats, quantize }, y, threads);
            }
        }

    private:
        QUANTKIT_INLINE static void require_symmetric(qparams params)
        {
            require(params.zero_point == 0, "int16_linear needs symmetric input, but its zero_point is ",
                    params.zero_point);
        }

        template <class Source, class Executor>
        QUANTKIT_INLINE void run_static(kernels::gemm_extents size, const Source& rows,
                                        kernels::matrix_view<output_type> y, const Executor& threads) const
        {
            std::byte* const workspace =
                detail::thread_workspace(kernels::gemm_workspace_bytes(kernel(), size, rows, threads));
            multiply(size, rows, &input_.params.scale, 0, y, workspace, threads);
        }

        /// Measures the ranges first; what follows from them is part of the workspace.
        template <class Executor>
        QUANTKIT_INLINE void run_dynamic(kernels::gemm_extents size, kernels::s16_rows rows,
                                         kernels::matrix_view<output_type> y, const Executor& threads) const
        {
            using pieces = detail::memory_pieces;
            constexpr std::size_t step = detail::is_per_row<Input> ? 1 : 0;
            const std::size_t count = step == 1 ? size.m : 1;
            pieces memory { detail::thread_workspace(pieces::bytes<qparams>(count) + pieces::bytes<float>(count)
                                                     + pieces::bytes<float>(size.k)
                                                     + kernels::gemm_workspace_bytes(kernel(), size, rows, threads)) };
            auto* params = memory.take<qparams>(count);
            auto* scales = memory.take<float>(count);
            detail::choose_params(input_, rows.floats, size, params, memory.take<float>(size.k));
            for (std::size_t i = 0; i < count; ++i)
            {
                require_symmetric(params[i]);
                scales[i] = params[i].scale;
            }
            rows.floats.params = params;
            rows.floats.params_step = step;
            multiply(size, rows, scales, step, y, memory.take<std::byte>(0), threads);
        }

        template <class Source, class Executor>
        QUANTKIT_INLINE void multiply(kernels::gemm_extents size, const Source& rows, const float* row_scales,
                                      std::size_t row_step, kernels::matrix_view<output_type> y, std::byte* workspace,
                                      const Executor& threads) const
        {
            if (kernel().sums_in_halves)
            {
                const auto rest = stages_.kernel_epilogue(y);
                const kernels::wide_epilogue<std::remove_const_t<decltype(rest)>> all { row_scales, row_step,
                                                                                        scales_.data(), rest };
                kernels::gemm(kernel(), size, rows, weights_.view(), all, nullptr, workspace, threads);
            }
            else
            {
                const kernels::scale_outer scale { row_scales, row_step, scales_.data() };
                kernels::gemm(kernel(), size, rows, weights_.view(), stages_.kernel_epilogue(y, scale), nullptr,
                              workspace, threads);
            }
        }

        Input input_;
        epilogue<Stages...> stages_;
        packed_weights weights_;
        aligned_buffer<float> scales_;
    };

    template <class Range, linear_input Input, class... Stages>
    int16_linear(const quantized_tensor<Range>&, Input, epilogue<Stages...>) -> int16_linear<Input, Stages...>;
    template <class Range, linear_input Input, class... Stages>
    int16_linear(const quantized_tensor<Range>&, Input, epilogue<Stages...>, const kernels::micro_kernel&)
        -> int16_linear<Input, Stages...>;
    template <class Range, linear_input Input>
    int16_linear(const quantized_tensor<Range>&, Input) -> int16_linear<Input>;
    template <class Range, class... Stages>
    int16_linear(const quantized_tensor<Range>&, qparams, epilogue<Stages...>)
        -> int16_linear<static_input<int16_narrow>, Stages...>;
    template <class Range>
    int16_linear(const quantized_tensor<Range>&, qparams) -> int16_linear<static_input<int16_narrow>>;
}
