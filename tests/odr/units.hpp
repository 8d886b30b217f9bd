// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The same kernels and layers from translation units with different flags, in one program.
#pragma once

#include <quantkit/quantkit.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace odr
{
    namespace qk = quantkit;

    inline constexpr qk::qparams input_params { 0.02f, 117 };

    /// A stage of the user's, the same type for every unit.
    struct doubled
    {
        QUANTKIT_INLINE float operator()(float x, std::size_t, std::size_t) const { return 2.0f * x; }
    };

    /// x [m, k], codes [m, k], weights [n, k] without and with a zero point, in groups of INT4, and as they were, bias
    /// [n], residual [m, n].
    struct operands
    {
        const qk::matrix_f& x;
        const qk::matrix<std::int8_t>& codes;
        const qk::quantized_tensor<qk::int8_full>& weights;
        const qk::quantized_tensor<qk::int8_full>& shifted_weights;
        const qk::quantized_tensor<qk::int4_full>& grouped_weights;
        const qk::matrix_f& float_weights;
        const qk::vector_f& bias;
        std::span<const std::int32_t> integer_bias;
        const qk::matrix_f& residual;
    };

    /// Takes the bytes of one result after another.
    struct results
    {
        virtual void add(std::span<const std::byte> result) = 0;

    protected:
        ~results() = default;
    };

    template <class Matrix>
    QUANTKIT_INLINE void add(results& to, const Matrix& y)
    {
        to.add(std::as_bytes(std::span(y.data(), static_cast<std::size_t>(y.size()))));
    }

    /// A layer that one unit makes and another runs.
    using shared_layer = qk::int8_linear<qk::static_input<>, qk::add_bias, qk::gelu>;

    /// What one set of flags makes of the library, but for what calls functions of Eigen's.
    struct unit
    {
        const qk::kernels::kernel_table& kernels;
        /// Every kind of input, weight and stage.
        void (*run_all)(const operands& given, results& to);
        shared_layer (*make)(const operands& given);
        void (*run)(const shared_layer& layer, const operands& given, results& to);
    };

    /// Products on several threads, and in float.
    using eigen_unit = void (*)(const operands& given, qk::thread_pool threads, results& to);

    namespace products
    {
        unit baseline();
        unit avx2();
        unit avx512();
    }

    namespace with_eigen
    {
        eigen_unit baseline();
        eigen_unit avx2();
        eigen_unit avx512();
    }
}
