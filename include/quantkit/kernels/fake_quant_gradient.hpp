// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Gradients through fake-quantization, whose own derivative is 0 almost everywhere: the straight-through estimator
/// takes the rounding for the identity.
///
/// With k = round(x / scale), the steps of x, and lowest = quant_min - zero_point, highest = quant_max - zero_point:
/// x is inside where lowest <= k <= highest, which tests the rounded value, both ends included.
///
/// The same bits from every instruction set; sums have the order of error_sums.hpp.
#pragma once

#include <quantkit/kernels/error_sums.hpp>
#include <quantkit/kernels/steps.hpp>

#include <cstddef>

namespace quantkit
{
    /// Of a loss by the parameters of a fake-quantizer.
    struct qparams_gradient
    {
        double scale = 0.0;
        double zero_point = 0.0;

        friend constexpr bool operator==(const qparams_gradient&, const qparams_gradient&) = default;
    };

    namespace kernels
    {
        namespace detail
        {
            /// The steps of value i, rounded; beyond the bounds, and for NaN, one past them.
            struct tested_steps
            {
                shared_qparams<by_reciprocal> params;

                template <class Lanes>
                QUANTKIT_INLINE typename Lanes::real operator()(const float* x, Lanes in) const
                {
                    using real = typename Lanes::real;
                    const real steps = in.load(x) * params.factor(0, in);
                    const real clamped = in.at_most(in.at_least(steps, params.lowest(0, in) - real(1.0f)),
                                                    params.highest(0, in) + real(1.0f));
                    return in.to_real(in.nearest(clamped));
                }

                /// inside where k is between the bounds, else below or above.
                template <class Lanes>
                QUANTKIT_INLINE typename Lanes::real choose(typename Lanes::real k, typename Lanes::real below,
                                                            typename Lanes::real inside, typename Lanes::real above,
                                                            Lanes in) const
                {
                    const auto up_to_highest = in.select(k <= params.highest(0, in), inside, above);
                    return in.select(k >= params.lowest(0, in), up_to_highest, below);
                }
            };

            struct passed_gradients
            {
                const float* x;
                const float* d_y;
                const float* d_x;
                tested_steps steps;

                template <class Lanes>
                QUANTKIT_INLINE auto operator()(std::size_t i, Lanes in) const
                {
                    using real = typename Lanes::real;
                    const real zero(0.0f);
                    return in.load(d_x + i) + steps.choose(steps(x + i, in), zero, in.load(d_y + i), zero, in);
                }
            };

            /// d y / d scale, of rounding taken for the identity.
            struct scale_slopes
            {
                const float* x;
                const float* y;
                tested_steps steps;

                template <class Lanes>
                QUANTKIT_INLINE auto operator()(std::size_t i, Lanes in) const
                {
                    const auto rounding = (in.load(y + i) - in.load(x + i)) * steps.params.factor(0, in);
                    return steps.choose(steps(x + i, in), steps.params.lowest(0, in), rounding,
                                        steps.params.highest(0, in), in);
                }
            };

            /// d y / d zero_point / -scale
            struct clamped_values
            {
                const float* x;
                tested_steps steps;

                template <class Lanes>
                QUANTKIT_INLINE auto operator()(std::size_t i, Lanes in) const
                {
                    using real = typename Lanes::real;
                    return steps.choose(steps(x + i, in), real(1.0f), real(0.0f), real(1.0f), in);
                }
            };
        }

        /// d_x[i] += d_y[i] where x[i] is inside: PyTorch's fake_quantize_per_tensor_affine backward.
        ///
        /// x, d_y, d_x  [count] floats; d_x overlaps neither. NaN in x passes nothing.
        /// bounds       |quant_min - zero_point| and |quant_max - zero_point| below 2^24
        /// source       Bengio et al. 2013, arXiv:1308.3432
        template <class Arch = default_arch>
        void add_fake_quantize_gradient(const float* x, const float* d_y, float* d_x, std::size_t count, qparams params,
                                        quant_bounds bounds, Arch = {}) noexcept
        {
            const detail::tested_steps steps { { params, bounds } };
            QUANTKIT_ASSERT(steps.params.lowest() > -detail::exact_to && steps.params.highest() < detail::exact_to);
            detail::passed_gradients gradients { x, d_y, d_x, steps };
            store_each<Arch>(d_x, count, gradients);
        }

        /// so_far and the sums of
        ///
        ///     scale       d_y (y - x) / scale inside, d_y lowest below, d_y highest above
        ///     zero_point  0 inside, -d_y scale elsewhere
        ///
        /// x, d_y  [count] floats; NaN in x counts as below
        /// y       [count], fake_quantize of x
        /// bounds  as above
        /// source  Esser et al. 2020, arXiv:1902.08153, eq. 3; Bhalgat et al. 2020, arXiv:2004.09576, for the zero
        ///         point; PyTorch's _fake_quantize_learnable_per_tensor_affine backward
        template <class Arch = default_arch>
        qparams_gradient sum_qparams_gradient(const float* x, const float* y, const float* d_y, std::size_t count,
                                              qparams params, quant_bounds bounds, qparams_gradient so_far = {},
                                              Arch = {}) noexcept
        {
            const detail::tested_steps steps { { params, bounds } };
            QUANTKIT_ASSERT(steps.params.lowest() > -detail::exact_to && steps.params.highest() < detail::exact_to);
            float slopes[error_block];
            for (std::size_t i = 0; i < count; i += error_block)
            {
                const std::size_t block = count - i < error_block ? count - i : error_block;
                store_each<Arch>(slopes, block, detail::scale_slopes { x + i, y + i, steps });
                so_far.scale += sum_errors(d_y + i, slopes, block, {}, Arch {}).dot;
                store_each<Arch>(slopes, block, detail::clamped_values { x + i, steps });
                const double clamped = sum_errors(d_y + i, slopes, block, {}, Arch {}).dot;
                const volatile double of_zero_point = clamped * static_cast<double>(params.scale); // not to be fused
                so_far.zero_point -= of_zero_point;
            }
            return so_far;
        }
    }
}
