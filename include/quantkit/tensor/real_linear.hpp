// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Linear layers in float: weights in FP32, FP16 or BF16, activations and sums in float.
///
///     y = epilogue(x * stored(W)^T)            stored() rounds to the format, to nearest even; exact for fp32
///     y = epilogue(stored(x) * stored(W)^T)    with bf16_dot_weights
///
/// Accuracy and the bits that can be relied on: kernels/gemm/micro_kernel_float.hpp, and micro_kernel_bf16_dot.hpp for
/// bf16_dot_weights.
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/check.hpp>
#include <quantkit/kernels/gemm/float_epilogue.hpp>
#include <quantkit/kernels/gemm/float_panels.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/select_float.hpp>
#include <quantkit/tensor/epilogue.hpp>
#include <quantkit/tensor/linear_layer.hpp>
#include <quantkit/tensor/workspace.hpp>

#include <concepts>
#include <cstddef>
#include <utility>

namespace quantkit
{
    /// How a layer in float keeps its weights.
    struct fp32_weights
    {
        static constexpr kernels::operand_format format = kernels::operand_format::f32_f32;
    };
    /// 11 significant bits, up to 65504; infinite beyond.
    struct fp16_weights
    {
        static constexpr kernels::operand_format format = kernels::operand_format::f32_f16;
    };
    /// 8 significant bits, FP32's range.
    struct bf16_weights
    {
        static constexpr kernels::operand_format format = kernels::operand_format::f32_bf16;
    };

    /// BF16 whose products are those of AVX512_BF16's vdpbf16ps: activations are rounded to BF16, too, subnormals are
    /// zeros. Only where it is asked for: the same bits on every CPU, but slow on those without that instruction.
    struct bf16_dot_weights
    {
        static constexpr kernels::operand_format format = kernels::operand_format::bf16_bf16;
    };

    template <class Weights>
    concept real_weights = requires
    {
        {
            Weights::format
            } -> std::convertible_to<kernels::operand_format>;
    };

    template <real_weights Weights, class... Stages>
    class real_linear : public linear_layer<real_linear<Weights, Stages...>, Stages...>
    {
        static_assert(!epilogue<Stages...>::takes_sums, "products in float have no integer sums");

    public:
        using typename linear_layer<real_linear, Stages...>::output_type;

        template <class Element>
        static constexpr bool accepts = std::same_as<Element, float>;

        /// weight  [out_features, in_features], any strides; packed here, not kept
        /// kernel  the CPU's best unless told otherwise
        /// Throws with the values where shapes do not fit, or the kernel is for other weights.
        template <tensor_of<float> Weight, class Arch = kernels::active_arch>
        real_linear(const Weight& weight, Weights, epilogue<Stages...> stages = epilogue<Stages...> {},
                    const kernels::micro_kernel& kernel = kernels::best_float_kernel<Weights::format>())
            : kernel_(&kernel)
            , stages_(std::move(stages))
        {
            const tensor_view<const float> view = view_of(weight);
            require(view.rank() == 2, "weights must have the shape [out_features, in_features], but have ",
                    view.shape());
            require(kernel.format == Weights::format, "the micro-kernel ", kernel.name(), " is for other weights");
            n_ = detail::extent(view.shape(), 0);
            k_ = detail::extent(view.shape(), 1);
            stages_.check_columns(n_);
            panels_ = aligned_buffer<std::byte>(kernels::packed_b_bytes(kernel.format, n_, k_));
            kernels::pack_weights(detail::matrix_view_of(view), n_, k_, kernel.format, panels_.data());
        }

        QUANTKIT_INLINE std::size_t in_features() const { return k_; }
        QUANTKIT_INLINE std::size_t out_features() const { return n_; }
        QUANTKIT_INLINE const kernels::micro_kernel& kernel() const { return *kernel_; }
        QUANTKIT_INLINE const epilogue<Stages...>& stages() const { return stages_; }

        /// What operator() does with input and output that fit.
        template <class Arch, class Executor>
        void run(const tensor_view<const float>& x, kernels::matrix_view<output_type> y, const Executor& threads) const
        {
            const kernels::gemm_extents size { detail::extent(x.shape(), 0), n_, k_ };
            const kernels::real_rows rows { detail::matrix_view_of(x) };
            std::byte* workspace =
                detail::thread_workspace(kernels::gemm_workspace_bytes(*kernel_, size, rows, threads));
            const auto rest = stages_.kernel_epilogue(y);
            kernels::gemm(*kernel_, size, rows, kernels::packed_b { kernel_->format, n_, k_, panels_.data(), nullptr },
                          kernels::float_epilogue<std::remove_const_t<decltype(rest)>> { rest }, nullptr, workspace,
                          threads);
        }

    private:
        const kernels::micro_kernel* kernel_;
        epilogue<Stages...> stages_;
        std::size_t n_ = 0, k_ = 0;
        aligned_buffer<std::byte> panels_;
    };

    template <class Weight, real_weights Weights, class... Stages>
    real_linear(const Weight&, Weights, epilogue<Stages...>) -> real_linear<Weights, Stages...>;
    template <class Weight, real_weights Weights, class... Stages>
    real_linear(const Weight&, Weights, epilogue<Stages...>, const kernels::micro_kernel&)
        -> real_linear<Weights, Stages...>;
    template <class Weight, real_weights Weights>
    real_linear(const Weight&, Weights) -> real_linear<Weights>;
}
