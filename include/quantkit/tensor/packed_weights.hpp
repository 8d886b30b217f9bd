// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Integer weights, packed once into the panels of one micro-kernel.
#pragma once

#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/arch.hpp>
#include <quantkit/kernels/gemm/packing.hpp>
#include <quantkit/kernels/gemm/select.hpp>

#include <cstddef>
#include <cstdint>

namespace quantkit
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// Without elements there may be no memory either: then every place is the same, also null.
        template <class T>
        kernels::matrix_view<T> matrix_view_of(const tensor_view<T>& tensor)
        {
            if (tensor.empty())
                return { tensor.data(), 0, 0 };
            return { tensor.data(), tensor.strides()[0], tensor.strides()[1] };
        }

        inline std::size_t extent(const tensor_shape& shape, std::size_t axis)
        {
            return static_cast<std::size_t>(shape[axis]);
        }
    }

    class packed_weights
    {
    public:
        /// weights  [n, k], any strides; only read here
        template <kernels::packable_code Code, class Arch = kernels::active_arch>
        packed_weights(tensor_view<const Code> weights, const kernels::micro_kernel& kernel)
            : kernel_(&kernel)
            , n_(detail::extent(weights.shape(), 0))
            , k_(detail::extent(weights.shape(), 1))
            , panels_(kernels::packed_b_bytes(kernel.format, n_, k_))
            , column_sums_(kernels::padded_columns(n_))
        {
            kernels::pack_b(detail::matrix_view_of(weights), n_, k_, kernel.format, panels_.data(),
                            column_sums_.data());
        }

        QUANTKIT_INLINE kernels::packed_b view() const
        {
            return { kernel_->format, n_, k_, panels_.data(), column_sums_.data() };
        }
        QUANTKIT_INLINE const kernels::micro_kernel& kernel() const { return *kernel_; }
        /// Outputs.
        QUANTKIT_INLINE std::size_t n() const { return n_; }
        /// Inputs.
        QUANTKIT_INLINE std::size_t k() const { return k_; }

    private:
        const kernels::micro_kernel* kernel_;
        std::size_t n_, k_;
        aligned_buffer<std::byte> panels_;
        aligned_buffer<std::int32_t> column_sums_;
    };
}
