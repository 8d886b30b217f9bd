// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What one call of an int8_linear does with its linear_parts.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/tensor/linear_input.hpp>
#include <quantkit/tensor/linear_parts.hpp>
#include <quantkit/tensor/packed_weights.hpp>
#include <quantkit/tensor/workspace.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Codes that are given as such may not keep to the range that the layer, and its micro-kernel, count on.
    template <class Code>
    void check_codes(const kernels::matrix_view<const Code>& x, const kernels::gemm_extents& size, quant_bounds bounds)
    {
        for (std::size_t i = 0; i < size.m; ++i)
            for (std::size_t j = 0; j < size.k; ++j)
            {
                const int code = *x.at(i, j);
                require(code >= bounds.quant_min && code <= bounds.quant_max, "the input code ", code, " at (", i, ", ",
                        j, ") lies outside the layer's range [", bounds.quant_min, ", ", bounds.quant_max, "]");
            }
    }

    /// One pair per row, or for all, from the range of what arrives.
    ///
    /// params    [m] for an input per row, else [1]
    /// gathered  [k]
    template <class Input>
    void choose_params(const Input& input, const kernels::float_rows& rows, const kernels::gemm_extents& size,
                       qparams* params, float* gathered)
    {
        constexpr quant_bounds bounds = Input::range_type::bounds;
        if constexpr (is_per_row<Input>)
        {
            constexpr std::size_t block = 16; // in turns, row by row, both take twice as long
            float lows[block], highs[block];
            for (std::size_t first = 0; first < size.m; first += block)
            {
                const std::size_t count = std::min(block, size.m - first);
                for (std::size_t i = 0; i < count; ++i)
                {
                    const real_range range = size.k == 0 ? real_range {} : rows.row_range(first + i, size.k, gathered);
                    lows[i] = range.min;
                    highs[i] = range.max;
                }
                for (std::size_t i = 0; i < count; ++i)
                    params[first + i] = input.scheme({ lows[i], highs[i] }, bounds);
            }
        }
        else
            params[0] = input.scheme(size.k == 0 ? real_range {} : rows.range(size.m, size.k, gathered), bounds);
    }
}

namespace quantkit::detail
{
    /// One call of a layer, for input that fits. What was just put together goes on by reference: copies would wait for
    /// all stores before them.
    template <class Parts, class Arch>
    class linear_call
    {
        using input_type = typename Parts::input_type;
        using output_type = typename Parts::output_type;
        static constexpr quant_bounds input_bounds = Parts::input_bounds;

    public:
        explicit linear_call(const Parts& layer)
            : layer_(layer)
        {
        }

        /// One pair for the whole input makes one offset and one scale per column.
        void fold_input(const qparams& params, std::int32_t* offsets, float* scales) const
        {
            const qparams packed { params.scale, packed_zero_point(params) };
            kernels::row_kernels_of<Arch>(kernel().lanes)
                .fold(packed, layer_.centered_sums.data(), layer_.scales.data(), layer_.scales.size(), offsets, scales);
        }

        /// Codes, in the frozen qparams of the input.
        template <class Executor>
        void run(const tensor_view<const std::uint8_t>& x, const kernels::matrix_view<output_type>& y,
                 const Executor& threads) const
        {
            if constexpr (input_bounds.quant_max < 255)
                check_codes(matrix_view_of(x), extents(x.shape()), input_bounds);
            run_static(extents(x.shape()), kernels::code_rows<std::uint8_t> { matrix_view_of(x) }, y, threads);
        }

        template <class Executor>
        void run(const tensor_view<const float>& x, const kernels::matrix_view<output_type>& y,
                 const Executor& threads) const
        {
            kernels::float_rows rows { matrix_view_of(x), nullptr, 0, input_bounds,
                                       kernels::row_kernels_of<Arch>(kernel().lanes) };
            if constexpr (is_static<input_type>)
            {
                rows.params = &layer_.input.params;
                rows.bounds = layer_.input.bounds;
                run_static(extents(x.shape()), rows, y, threads);
            }
            else
                run_dynamic(rows, extents(x.shape()), y, threads);
        }

    private:
        const kernels::micro_kernel& kernel() const { return layer_.weights.kernel(); }

        kernels::gemm_extents extents(const tensor_shape& input) const
        {
            return { extent(input, 0), layer_.weights.n(), layer_.weights.k() };
        }

        std::int32_t packed_zero_point(const qparams& params) const
        {
            return kernels::packed_zero_point<std::uint8_t>(params.zero_point, kernel().format, kernels::operand::a);
        }

        template <class Source, class Executor>
        void run_static(const kernels::gemm_extents& size, const Source& rows,
                        const kernels::matrix_view<output_type>& y, const Executor& threads) const
        {
            if (layer_.group_size != 0)
            {
                const std::int32_t zero_point = packed_zero_point(layer_.input.params);
                return run_groups(memory_pieces { thread_workspace(product_bytes(size, rows, threads)) }, size, rows, y,
                                  { &zero_point, &layer_.input.params.scale, 0 }, threads);
            }
            run_in(memory_pieces { thread_workspace(product_bytes(size, rows, threads)) }, size, rows, y,
                   kernels::subtract_columns { layer_.centered_sums.data() },
                   kernels::scale_columns { layer_.scales.data() }, threads);
        }

        /// Measures the ranges first; what follows from them is part of the workspace. One pair for all rows is folded
        /// into the columns, as a frozen one is.
        template <class Executor>
        void run_dynamic(kernels::float_rows& rows, const kernels::gemm_extents& size,
                         const kernels::matrix_view<output_type>& y, const Executor& threads) const
        {
            using pieces = memory_pieces;
            const std::size_t count = is_per_row<input_type> ? size.m : 1;
            const std::size_t factors = count == 1 && layer_.group_size == 0 ? layer_.scales.size() : count;
            pieces memory { thread_workspace(pieces::bytes<qparams>(count) + pieces::bytes<std::int32_t>(factors)
                                             + pieces::bytes<float>(factors) + pieces::bytes<float>(size.k)
                                             + product_bytes(size, rows, threads)) };
            auto* params = memory.take<qparams>(count);
            auto* offsets = memory.take<std::int32_t>(factors);
            auto* scales = memory.take<float>(factors);
            choose_params(layer_.input, rows, size, params, memory.take<float>(size.k));
            rows.params = params;
            rows.params_step = count == 1 ? 0 : 1;
            if (count == 1 && layer_.group_size == 0)
            {
                fold_input(params[0], offsets, scales);
                return run_in(memory, size, rows, y, kernels::subtract_columns { offsets },
                              kernels::scale_columns { scales }, threads);
            }
            for (std::size_t i = 0; i < count; ++i)
            {
                offsets[i] = packed_zero_point(params[i]);
                scales[i] = params[i].scale;
            }
            if (layer_.group_size != 0)
                return run_groups(memory, size, rows, y, { offsets, scales, rows.params_step }, threads);
            if constexpr (is_per_row<input_type>)
                run_in(memory, size, rows, y, kernels::subtract_outer { offsets, 1, layer_.centered_sums.data() },
                       kernels::scale_outer { scales, 1, layer_.scales.data() }, threads);
        }

        /// Memory for row sums and for the product itself.
        template <class Source, class Executor>
        std::size_t product_bytes(const kernels::gemm_extents& size, const Source& rows, const Executor& threads) const
        {
            return memory_pieces::bytes<std::int32_t>(size.m * layer_.groups)
                   + kernels::gemm_workspace_bytes(kernel(), size, rows, threads);
        }

        /// Weights with zero points need the row sums of the input as well; for the others the correction is null.
        template <class Source, class Offset, class Scale, class Executor>
        void run_in(memory_pieces memory, const kernels::gemm_extents& size, const Source& rows,
                    const kernels::matrix_view<output_type>& y, const Offset& offset, const Scale& scale,
                    const Executor& threads) const
        {
            const kernels::packed_b weights = layer_.weights.view();
            auto* row_sums = memory.take<std::int32_t>(size.m);
            if (!layer_.has_zero_points)
                row_sums = nullptr;
            const kernels::subtract_outer weight_offset { row_sums, 1, layer_.zero_points.data() };
            kernels::gemm(kernel(), size, rows, weights, layer_.stages.kernel_epilogue(y, offset, weight_offset, scale),
                          row_sums, memory.take<std::byte>(0), threads);
        }

        /// zero_point_x of the packed codes and scale_x, one for all rows (step 0) or one each (1).
        struct row_params
        {
            const std::int32_t* zero_points;
            const float* scales;
            std::size_t step;
        };

        /// Weights with scales by groups along k.
        template <class Source, class Executor>
        void run_groups(memory_pieces memory, const kernels::gemm_extents& size, const Source& rows,
                        const kernels::matrix_view<output_type>& y, const row_params& params,
                        const Executor& threads) const
        {
            if constexpr (!Parts::takes_sums)
            {
                auto* row_sums = memory.take<std::int32_t>(size.m * layer_.groups);
                const kernels::k_groups groups { layer_.groups,
                                                 layer_.group_size,
                                                 kernels::padded_columns(size.n),
                                                 layer_.centered_sums.data(),
                                                 layer_.scales.data(),
                                                 layer_.has_zero_points ? layer_.zero_points.data() : nullptr,
                                                 row_sums,
                                                 params.zero_points,
                                                 params.scales,
                                                 params.step };
                const auto rest = layer_.stages.kernel_epilogue(y);
                kernels::gemm(kernel(), size, rows, layer_.weights.view(),
                              kernels::grouped_epilogue<std::remove_const_t<decltype(rest)>> { groups, rest },
                              layer_.has_zero_points ? row_sums : nullptr, memory.take<std::byte>(0), threads);
            }
        }

        const Parts& layer_;
    };
}
