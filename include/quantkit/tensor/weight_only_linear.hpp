// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Linear layers whose weights alone are quantized: INT8 or INT4 codes in memory, activations and sums in float.
///
///     y[i, j] = epilogue(sum over groups g of scale_g[j] * (sum over k in g of x[i, k] * code[j, k]
///                                                            - zero_point_g[j] * sum over k in g of x[i, k]))
///
/// The codes become floats as they are loaded, exactly. 4-bit codes are packed eight to a word of each column
/// (kernels/gemm/operand_format.hpp, f32_u4). With m = 1 such a layer reads its weights once: time goes with their
/// bytes.
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/kernels/gemm/float_epilogue.hpp>
#include <quantkit/kernels/gemm/float_panels.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/scaled_groups.hpp>
#include <quantkit/kernels/gemm/select_float.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/linear_layer.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>
#include <quantkit/tensor/weight_groups.hpp>
#include <quantkit/tensor/workspace.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace quantkit
{
    namespace detail
    {
        /// The format of the panels for a range of codes.
        template <quantized_range Range>
        inline constexpr kernels::operand_format weight_only_format =
            Range::quant_max - Range::quant_min <= 15 ? kernels::operand_format::f32_u4
                                                      : kernels::operand_format::f32_s8;
    }

    template <quantized_range Range, class... Stages>
    class weight_only_linear : public linear_layer<weight_only_linear<Range, Stages...>, Stages...>
    {
        static_assert(kernels::code8<typename Range::code_type>, "weight_only_linear takes codes of 8 or 4 bits");
        static_assert(!epilogue<Stages...>::takes_sums, "products in float have no integer sums");

    public:
        using typename linear_layer<weight_only_linear, Stages...>::output_type;
        static constexpr kernels::operand_format format = detail::weight_only_format<Range>;

        template <class Element>
        static constexpr bool accepts = std::same_as<Element, float>;

        /// weight  [out_features, in_features], per_tensor, per_axis { 0 } or per_group along axis 1 with groups of a
        ///         multiple of 8 (the last one may be shorter); packed here, not kept
        /// kernel  the CPU's best unless told otherwise
        /// Throws with the values where shapes or groups do not fit, or the kernel is for other weights.
        template <class Arch = kernels::active_arch>
        explicit weight_only_linear(const quantized_tensor<Range>& weight,
                                    epilogue<Stages...> stages = epilogue<Stages...> {},
                                    const kernels::micro_kernel& kernel = kernels::best_float_kernel<format>())
            : kernel_(&kernel)
            , stages_(std::move(stages))
        {
            require(weight.rank() == 2, "weights must have the shape [out_features, in_features], but have ",
                    weight.shape());
            require(kernel.format == format, "the micro-kernel ", kernel.name(), " is for other weights");
            n_ = detail::extent(weight.shape(), 0);
            k_ = detail::extent(weight.shape(), 1);
            group_size_ = detail::weight_group_size(weight);
            stages_.check_columns(n_);
            panels_ = aligned_buffer<std::byte>(kernels::packed_b_bytes(format, n_, k_));
            kernels::pack_weight_codes(detail::matrix_view_of(weight.view()), n_, k_, format, shift, panels_.data());
            prepare_groups(weight);
        }

        QUANTKIT_INLINE std::size_t in_features() const { return k_; }
        QUANTKIT_INLINE std::size_t out_features() const { return n_; }
        QUANTKIT_INLINE const kernels::micro_kernel& kernel() const { return *kernel_; }
        QUANTKIT_INLINE const epilogue<Stages...>& stages() const { return stages_; }

        /// Bytes of the packed codes and of what belongs to their groups: what one call with m = 1 reads.
        QUANTKIT_INLINE std::size_t weight_bytes() const
        {
            return panels_.size() + (scales_.size() + zero_points_.size()) * sizeof(float);
        }

        /// What operator() does with input and output that fit.
        template <class Arch, class Executor>
        void run(const tensor_view<const float>& x, kernels::matrix_view<output_type> y, const Executor& threads) const
        {
            const kernels::gemm_extents size { detail::extent(x.shape(), 0), n_, k_ };
            const kernels::real_rows rows { detail::matrix_view_of(x) };
            const std::size_t count = group_count();
            detail::memory_pieces memory { detail::thread_workspace(
                detail::memory_pieces::bytes<float>(size.m * count)
                + kernels::gemm_workspace_bytes(*kernel_, size, rows, threads)) };
            auto* row_sums = memory.take<float>(size.m * count);
            const kernels::group_columns zero_points = group_zero_points();
            if (!zero_points.empty())
                rows.sum_groups(0, size.m, k_, group_size_, row_sums);
            const kernels::weight_groups groups { count, group_size_, of_each_group(scales_), zero_points, row_sums };
            const auto rest = stages_.kernel_epilogue(y);
            kernels::gemm(*kernel_, size, rows, kernels::packed_b { format, n_, k_, panels_.data(), nullptr },
                          kernels::grouped_float_epilogue<std::remove_const_t<decltype(rest)>> { groups, rest },
                          nullptr, memory.take<std::byte>(0), threads);
        }

    private:
        static constexpr std::int32_t shift =
            kernels::float_packing_shift<typename Range::code_type>(format, Range::quant_min);

        QUANTKIT_INLINE std::size_t group_count() const { return k_ == 0 ? 0 : (k_ + group_size_ - 1) / group_size_; }

        QUANTKIT_INLINE kernels::group_columns of_each_group(const aligned_buffer<float>& values) const
        {
            return { values.data(), group_count() * kernels::panel_columns, kernels::panel_columns };
        }

        /// As packed. Where all are the same, as in every symmetric scheme, they are not read once per group.
        QUANTKIT_INLINE kernels::group_columns group_zero_points() const
        {
            if (zero_points_.size() != 0)
                return of_each_group(zero_points_);
            return { common_zero_point_[0] == 0.0f ? nullptr : common_zero_point_.data(), 0, 0 };
        }

        /// From one pair per tensor, output or group to one per group and padded column.
        QUANTKIT_INLINE void prepare_groups(const quantized_tensor<Range>& weight)
        {
            const std::size_t count = group_count(), entries = count * kernels::padded_columns(n_);
            scales_ = aligned_buffer<float>(entries);
            const std::vector<std::int32_t>& zero_points = weight.zero_points();
            const bool same =
                std::adjacent_find(zero_points.begin(), zero_points.end(), std::not_equal_to {}) == zero_points.end();
            if (same)
                common_zero_point_.fill(zero_points.empty() ? 0.0f : as_packed(zero_points[0]));
            else
                zero_points_ = aligned_buffer<float>(entries);
            for (std::size_t j = 0; j < n_; ++j)
                for (std::size_t group = 0; group < count; ++group)
                {
                    const std::size_t parameter = detail::weight_parameter(weight, j, group, count);
                    const std::size_t place = kernels::group_place(j, group, count);
                    scales_[place] = weight.scales()[parameter];
                    if (!same)
                        zero_points_[place] = as_packed(zero_points[parameter]);
                }
        }

        QUANTKIT_INLINE static float as_packed(std::int32_t zero_point)
        {
            return static_cast<float>(zero_point + shift);
        }

        const kernels::micro_kernel* kernel_;
        epilogue<Stages...> stages_;
        std::size_t n_ = 0, k_ = 0, group_size_ = 8;
        aligned_buffer<std::byte> panels_;
        aligned_buffer<float> scales_, zero_points_; ///< [panels][groups][16]; no zero points where all are the same
        std::array<float, kernels::panel_columns> common_zero_point_ {};
    };

    template <class Range, class... Stages>
    weight_only_linear(const quantized_tensor<Range>&, epilogue<Stages...>) -> weight_only_linear<Range, Stages...>;
    template <class Range, class... Stages>
    weight_only_linear(const quantized_tensor<Range>&, epilogue<Stages...>, const kernels::micro_kernel&)
        -> weight_only_linear<Range, Stages...>;
    template <class Range>
    weight_only_linear(const quantized_tensor<Range>&) -> weight_only_linear<Range>;
}
