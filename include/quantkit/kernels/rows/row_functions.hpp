// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Operations on rows of floats, as the layers of a transformer need them between products. Start reading here.
///
/// A row_functions is the code of one instruction set; select_rows.hpp chooses at run time. Every set gives the same
/// floats: each operation is written once, over blocks of 16 columns (row_blocks.inl), in which lane l of a sum holds
/// columns l, 16 + l, 32 + l, ... in this order, and the lanes are added as a tree: l and l + 8, l and l + 4, ...
/// Nothing is fused. Only the sign and payload of a NaN are not specified.
///
/// Preconditions are QUANTKIT_ASSERTs. No alignment is needed, and nothing beyond the columns is read or written.
/// Outputs may be an input, element for element; other overlaps are not allowed.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/rows/activation_function.hpp>

#include <cstddef>

namespace quantkit::kernels
{
    /// Rows of adjacent columns; stride is in elements from row to row.
    template <class T>
    struct row_view
    {
        T* data = nullptr;
        std::ptrdiff_t stride = 0;

        QUANTKIT_INLINE constexpr T* row(std::size_t i) const { return data + static_cast<std::ptrdiff_t>(i) * stride; }
    };

    /// Of a matrix whose rows are worked on one by one.
    struct row_extents
    {
        std::size_t rows = 0;
        std::size_t columns = 0;
    };

    /// gamma, beta  [columns]
    /// epsilon      added to the variance
    struct layer_norm_parameters
    {
        const float* gamma = nullptr;
        const float* beta = nullptr;
        float epsilon = 1e-5f;
    };

    /// Windows over time, [time_in, channels] -> [time_out(), channels], both dense. Window t is rows
    /// [t * stride - padding, t * stride - padding + kernel); kernel >= 1, stride >= 1, padding < kernel, and the
    /// kernel fits into the padded time.
    struct pool_window
    {
        std::size_t time_in = 0;
        std::size_t channels = 0;
        std::size_t kernel = 1;
        std::size_t stride = 1;
        std::size_t padding = 0;

        /// Whether it is as described.
        QUANTKIT_INLINE constexpr bool is_valid() const
        {
            return kernel >= 1 && stride >= 1 && padding < kernel && kernel <= time_in + 2 * padding;
        }

        QUANTKIT_INLINE constexpr std::size_t time_out() const { return (time_in + 2 * padding - kernel) / stride + 1; }
    };

    /// 2^x for |x| <= 1/2, lowest power first: a minimax fit with 2^0 = 1, within 1.1e-8 relative.
    inline constexpr float softmax_power[] { 1.0f,           0.693147242f,  0.240226552f,   0.0555027276f,
                                             0.00961706415f, 0.0013414236f, 0.000157560542f };

    /// One instruction set's code.
    struct row_functions
    {
        /// y[i, :] = softmax(t), t = factor * x[i, :] in float; columns >= 1.
        ///
        /// error  relative: 2^-24 (2.3 (max(t) - t[j] + ln(columns)) + columns / 16 + 20), beside that of t in float;
        ///        y[j] is 0 where exp(t[j] - max(t)) < 2^-126.5
        /// NaN    a NaN or +inf among t makes the row NaN, and so do columns that are all -inf (as PyTorch);
        ///        other -inf give 0
        void (*softmax)(row_view<const float> x, float factor, row_view<float> y, row_extents size) noexcept;

        /// y[i, :] = (s - mean(s)) / sqrt(var(s) + epsilon) * gamma + beta, s = x[i, :] + residual[i, :] in float, or
        /// x[i, :] where residual.data is null; var is the mean of squared distances (biased); columns >= 1.
        ///
        /// The mean is taken twice: of s, and of s - mean, so that its error is one of the deviation of s and not of
        /// its size. source: Chan, Golub, LeVeque 1983, "Algorithms for computing the sample variance", (1.7)
        ///
        /// error  2^-24 (columns / 8 + 16) ((1 + |z|) |gamma| + |beta|), z = (y - beta) / gamma, as long as
        ///        2^-24 (columns / 16 + 5) mean(|s|) is small beside sqrt(var(s) + epsilon)
        /// NaN    a NaN or infinity, or a sum that overflows, makes the row NaN; so does epsilon = 0 for equal values
        void (*layer_norm)(row_view<const float> x, row_view<const float> residual,
                           const layer_norm_parameters& parameters, row_view<float> y, row_extents size) noexcept;

        /// y[i] = f(x[i]): the same bits as the epilogue stage of that name, kernels/gemm/activations.hpp.
        void (*activate)(activation_function f, const float* x, float* y, std::size_t count) noexcept;

        /// y[i] = a[i] + b[i]
        void (*add)(const float* a, const float* b, float* y, std::size_t count) noexcept;

        /// The largest value of each window; padding is never it, NaN always is (PyTorch's MaxPool1d without dilation
        /// and ceil_mode). x and y do not overlap.
        void (*max_pool)(const pool_window& window, const float* x, float* y) noexcept;

        /// The sum of each window in the order of time, divided by kernel: padding counts as 0 (PyTorch's AvgPool1d
        /// with count_include_pad). The mean over all rows has the window { rows, channels, rows }. x and y do not
        /// overlap.
        ///
        /// error  2^-24 (kernel + 1) times the mean of the magnitudes
        void (*mean_pool)(const pool_window& window, const float* x, float* y) noexcept;
    };
}
