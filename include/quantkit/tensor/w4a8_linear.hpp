// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A linear layer with 4-bit weights that multiplies in integers: y = epilogue(x * W^T), x [m, in_features] float.
///
///     x is quantized row by row to -127..127                  x[i, k] = scale_x[i] * a[i, k]
///     sum_g = sum over k in group g of a * (b - zero_point_g)                                  int32, exact
///     y[i, j] = epilogue(sum over g of float(sum_g) * (scale_x[i] * scale_g[j]))
///
/// The scale of a row is its greatest magnitude / 127 (the scheme `symmetric`), so that the codes of x have no zero
/// point, and no group a correction for one. NaN in x is skipped by the scale, and gets the code -127.
/// With m = 1 the layer reads its weights once: time goes with their bytes, an eighth of FP32's.
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/kernels/gemm/gemm_w4a8.hpp>
#include <quantkit/kernels/gemm/scaled_groups.hpp>
#include <quantkit/kernels/gemm/select_w4a8.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/linear_layer.hpp>
#include <quantkit/tensor/matmul_integer.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>
#include <quantkit/tensor/weight_groups.hpp>
#include <quantkit/tensor/workspace.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace quantkit
{
    template <class... Stages>
    class w4a8_linear : public linear_layer<w4a8_linear<Stages...>, Stages...>
    {
        static_assert(!epilogue<Stages...>::takes_sums, "the sums of groups with scales of their own are floats");

    public:
        using typename linear_layer<w4a8_linear, Stages...>::output_type;

        template <class Element>
        static constexpr bool accepts = std::same_as<Element, float>;

        /// weight  [out_features, in_features] with a range of int4 or uint4 codes; per_tensor, per_axis { 0 } or
        ///         per_group along axis 1 with groups of a multiple of 8 (the last one may be shorter); packed here,
        ///         not kept
        /// kernel  the CPU's best unless told otherwise
        /// Throws with the values where shapes or groups do not fit, or a group is so large that its sum may leave
        /// int32.
        template <quantized_range Range, class Arch = kernels::active_arch>
        explicit w4a8_linear(const quantized_tensor<Range>& weight, epilogue<Stages...> stages = epilogue<Stages...> {},
                             const kernels::w4a8_micro_kernel& kernel = kernels::best_w4a8_micro_kernel())
            : kernel_(&kernel)
            , stages_(std::move(stages))
        {
            using code_type = typename Range::code_type;
            static_assert(
                kernels::code8<
                    code_type> && Range::quant_min >= -kernels::int4_shift<code_type> && Range::quant_max + kernels::int4_shift<code_type> <= 15,
                "w4a8_linear takes weights of at most 4 bits: -8..7 or 0..15");
            require(weight.rank() == 2, "weights must have the shape [out_features, in_features], but have ",
                    weight.shape());
            panels_.n = detail::extent(weight.shape(), 0);
            panels_.k = detail::extent(weight.shape(), 1);
            panels_.group_size = std::max(detail::weight_group_size(weight), kernels::int4_step_values);
            detail::require_k_fits(std::min(panels_.group_size, panels_.k), largest_activation,
                                   detail::largest_magnitude(weight.zero_points(), Range::bounds));
            stages_.check_columns(panels_.n);
            codes_ = aligned_buffer<std::byte>(kernels::int4_panels_bytes(panels_.n, panels_.k));
            kernels::pack_int4_panels(detail::matrix_view_of(weight.view()), panels_.n, panels_.k, codes_.data());
            prepare_groups<Arch>(weight);
        }

        QUANTKIT_INLINE std::size_t in_features() const { return panels_.k; }
        QUANTKIT_INLINE std::size_t out_features() const { return panels_.n; }
        QUANTKIT_INLINE const kernels::w4a8_micro_kernel& kernel() const { return *kernel_; }
        QUANTKIT_INLINE const epilogue<Stages...>& stages() const { return stages_; }

        /// Bytes of the packed codes and of what belongs to their groups: what one call with m = 1 reads.
        QUANTKIT_INLINE std::size_t weight_bytes() const
        {
            return codes_.size() + scales_.size() * sizeof(float) + zero_points_.size();
        }

        /// What operator() does with input and output that fit.
        ///
        /// Throws as `symmetric` where a row holds an infinity.
        template <class Arch, class Executor>
        void run(const tensor_view<const float>& x, kernels::matrix_view<output_type> y, const Executor& threads) const
        {
            using pieces = detail::memory_pieces;
            const kernels::gemm_extents size { detail::extent(x.shape(), 0), panels_.n, panels_.k };
            kernels::float_rows rows { detail::matrix_view_of(x), nullptr, 1, kernels::w4a8_activation_bounds,
                                       kernels::row_kernels_of<Arch>(kernel_->lanes) };
            const kernels::int4_panels weights = panels();
            const auto to = stages_.kernel_epilogue(y);
            pieces memory { detail::thread_workspace(
                pieces::bytes<qparams>(size.m) + pieces::bytes<float>(size.k)
                + kernels::gemm_w4a8_workspace_bytes(*kernel_, size, rows, weights, to, threads)) };
            auto* params = memory.take<qparams>(size.m);
            auto* gathered = memory.take<float>(size.k);
            for (std::size_t i = 0; i < size.m; ++i)
                params[i] = symmetric {}(size.k == 0 ? real_range {} : rows.row_range(i, size.k, gathered),
                                         kernels::w4a8_activation_bounds);
            rows.params = params;
            kernels::gemm_w4a8(*kernel_, size, rows, weights, to, memory.take<std::byte>(0), threads);
        }

    private:
        static constexpr std::int64_t largest_activation =
            kernels::w4a8_activation_bounds.quant_max - kernels::w4a8_activation_zero_point;

        QUANTKIT_INLINE kernels::int4_panels panels() const
        {
            kernels::int4_panels with_memory = panels_;
            with_memory.codes = codes_.data();
            with_memory.scales = scales_.data();
            with_memory.zero_points = zero_points_.size() == 0 ? nullptr : zero_points_.data();
            return with_memory;
        }

        /// From one pair per tensor, output or group to one per group and column of a panel.
        template <class Arch, class Range>
        void prepare_groups(const quantized_tensor<Range>& weight)
        {
            const std::size_t groups = panels_.groups(), entries = panels_.panel_count() * panels_.group_entries();
            scales_ = aligned_buffer<float>(entries);
            zero_points_ = aligned_buffer<std::uint8_t>(entries);
            bool all_are_middle = true;
            for (std::size_t j = 0; j < panels_.n; ++j)
                for (std::size_t group = 0; group < groups; ++group)
                {
                    const std::size_t parameter = detail::weight_parameter(weight, j, group, groups);
                    const std::size_t place = kernels::group_place(j, group, groups);
                    const std::int32_t zero_point =
                        weight.zero_points()[parameter] + kernels::int4_shift<typename Range::code_type>;
                    scales_[place] = weight.scales()[parameter];
                    zero_points_[place] = static_cast<std::uint8_t>(zero_point);
                    all_are_middle = all_are_middle && zero_point == kernels::int4_middle;
                }
            if (all_are_middle)
                zero_points_ = {};
        }

        const kernels::w4a8_micro_kernel* kernel_;
        epilogue<Stages...> stages_;
        kernels::int4_panels panels_; ///< the sizes; the memory is these:
        aligned_buffer<std::byte> codes_;
        aligned_buffer<float> scales_;
        aligned_buffer<std::uint8_t> zero_points_; ///< empty where all are int4_middle
    };

    template <class Range, class... Stages>
    w4a8_linear(const quantized_tensor<Range>&, epilogue<Stages...>) -> w4a8_linear<Stages...>;
    template <class Range, class... Stages>
    w4a8_linear(const quantized_tensor<Range>&, epilogue<Stages...>, const kernels::w4a8_micro_kernel&)
        -> w4a8_linear<Stages...>;
    template <class Range>
    w4a8_linear(const quantized_tensor<Range>&) -> w4a8_linear<>;
}
