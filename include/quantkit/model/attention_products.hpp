// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The two products of an attention head, of activations with activations: in float, with one side rounded to FP16 or
/// BF16, or in INT8.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/kernels/gemm/float_epilogue.hpp>
#include <quantkit/kernels/gemm/float_panels.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/quantize_rows.hpp>
#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/kernels/gemm/select_float.hpp>
#include <quantkit/tensor/workspace.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Rows of floats next to each other, `stride` apart.
    struct strided_rows
    {
        const float* data;
        std::size_t stride;

        kernels::matrix_view<const float> view() const { return { data, static_cast<std::ptrdiff_t>(stride), 1 }; }
    };

    /// One product c = a b^T (or a b) of a head.
    struct attention_operands
    {
        strided_rows a; ///< [m, k]
        strided_rows b; ///< [n, k], or [k, n] if b_is_transposed
        bool b_is_transposed;
        kernels::gemm_extents size;
        float* c; ///< [m, n]
        std::size_t c_stride;
        std::optional<qparams> a_params {}; ///< known beforehand; else from the range of a
    };

    /// b is packed in a format of floats: f32_f32, f32_f16 or f32_bf16.
    template <kernels::operand_format Format>
    struct float_attention_products
    {
        static std::size_t bytes(kernels::gemm_extents size)
        {
            return memory_pieces::bytes<std::byte>(kernels::packed_b_bytes(Format, size.n, size.k))
                   + kernels::gemm_workspace_bytes(kernels::best_float_kernel<Format>(), size, kernels::real_rows {});
        }

        static void multiply(const attention_operands& at, memory_pieces memory)
        {
            const auto stride = static_cast<std::ptrdiff_t>(at.b.stride);
            const kernels::matrix_view<const float> b =
                at.b_is_transposed ? kernels::matrix_view<const float> { at.b.data, 1, stride } : at.b.view();
            auto* panels = memory.take<std::byte>(kernels::packed_b_bytes(Format, at.size.n, at.size.k));
            kernels::pack_weights(b, at.size.n, at.size.k, Format, panels);
            const kernels::float_epilogue<kernels::epilogue_of<kernels::store_to<float>>> store {
                { {}, { { at.c, static_cast<std::ptrdiff_t>(at.c_stride), 1 } } }
            };
            kernels::gemm(kernels::best_float_kernel<Format>(), at.size, kernels::real_rows { at.a.view() },
                          kernels::packed_b { Format, at.size.n, at.size.k, panels, nullptr }, store, nullptr,
                          memory.take<std::byte>(0));
        }
    };

    /// Both sides by their range in this call: a affine, b symmetric, one pair each.
    template <class Arch = kernels::active_arch>
    struct int8_attention_products
    {
        static std::size_t bytes(kernels::gemm_extents size)
        {
            const kernels::micro_kernel& kernel = kernels::best_micro_kernel();
            const std::size_t columns = kernels::padded_columns(size.n);
            return memory_pieces::bytes<std::uint8_t>(size.n * size.k)
                   + memory_pieces::bytes<std::byte>(kernels::packed_b_bytes(kernel.format, size.n, size.k))
                   + 2 * memory_pieces::bytes<std::int32_t>(columns) + 2 * memory_pieces::bytes<float>(columns)
                   + kernels::gemm_workspace_bytes(kernel, size, kernels::float_rows {});
        }

        static void multiply(const attention_operands& at, memory_pieces memory)
        {
            const kernels::micro_kernel& kernel = kernels::best_micro_kernel();
            const kernels::row_kernels rows = kernels::row_kernels_of<Arch>(kernel.lanes);
            const std::size_t columns = kernels::padded_columns(at.size.n);
            auto* codes = memory.take<std::uint8_t>(at.size.n * at.size.k);
            auto* panels = memory.take<std::byte>(kernels::packed_b_bytes(kernel.format, at.size.n, at.size.k));
            auto* sums = memory.take<std::int32_t>(columns);
            auto* offsets = memory.take<std::int32_t>(columns);
            auto* b_scales = memory.take<float>(columns);
            auto* scales = memory.take<float>(columns);

            std::fill_n(b_scales, columns, quantized(at, rows, codes));
            const auto across = static_cast<std::ptrdiff_t>(at.b_is_transposed ? at.size.n : at.size.k);
            const kernels::matrix_view<const std::int8_t> b { reinterpret_cast<const std::int8_t*>(codes),
                                                              at.b_is_transposed ? 1 : across,
                                                              at.b_is_transposed ? across : 1 };
            kernels::pack_b(b, at.size.n, at.size.k, kernel.format, panels, sums);

            const qparams a = at.a_params.value_or(params_of(at, rows));
            const std::int32_t packed_zero_point =
                kernels::packed_zero_point<std::uint8_t>(a.zero_point, kernel.format, kernels::operand::a);
            rows.fold({ a.scale, packed_zero_point }, sums, b_scales, columns, offsets, scales);
            const kernels::float_rows source { at.a.view(), &a, 0, { 0, 255 }, rows };
            kernels::gemm(kernel, at.size, source,
                          kernels::packed_b { kernel.format, at.size.n, at.size.k, panels, sums },
                          kernels::scaled_epilogue<> {
                              { kernels::subtract_columns { offsets }, kernels::scale_columns { scales } },
                              { { at.c, static_cast<std::ptrdiff_t>(at.c_stride), 1 } } },
                          nullptr, memory.take<std::byte>(0));
        }

    private:
        static real_range range_of(const strided_rows& x, std::size_t count, std::size_t columns,
                                   const kernels::row_kernels& rows)
        {
            return kernels::float_rows { x.view(), nullptr, 0, {}, rows }.range(count, columns, nullptr);
        }

        static qparams params_of(const attention_operands& at, const kernels::row_kernels& rows)
        {
            return dynamic_affine {}(range_of(at.a, at.size.m, at.size.k, rows), { 0, 255 });
        }

        /// b as the bytes of int8 codes around 0; returns the scale.
        static float quantized(const attention_operands& at, const kernels::row_kernels& rows, std::uint8_t* codes)
        {
            const std::size_t count = at.b_is_transposed ? at.size.k : at.size.n;
            const std::size_t columns = at.b_is_transposed ? at.size.n : at.size.k;
            const qparams symmetric_params =
                symmetric { .eps = 0x1p-100f }(range_of(at.b, count, columns, rows), { 1, 255 });
            for (std::size_t i = 0; i < count; ++i)
                rows.quantize(at.b.data + i * at.b.stride, codes + i * columns, columns, symmetric_params, { 1, 255 });
            for (std::size_t i = 0; i < count * columns; ++i)
                codes[i] ^= 0x80u; // from around 128
            return symmetric_params.scale;
        }
    };
}
