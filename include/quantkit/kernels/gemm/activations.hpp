// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Activation functions as epilogue stages, and the numbers of their approximations.
///
/// Each family evaluates the same formulas with the same operations in the same order (activations.inl): sums,
/// products that nothing is fused with, quotients, and powers of two made from bits. So every ISA gives the same
/// floats. NaN stays NaN, infinities give the limits. Errors are the largest found against double on 46 million values,
/// all exponents and signs; an ulp is one of the result, below 2^-126 of 2^-149.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/kernels/rows/activation_function.hpp>

#include <concepts>

namespace quantkit::kernels
{
    /// x * (1 + erf(x / sqrt(2))) / 2. Error: 1.4e-7 max(|x|, 1); 9.9 ulp for x >= 0.
    struct apply_gelu
    {
    };

    /// x * (1 + tanh(sqrt(2 / pi) * (x + 0.044715 x^3))) / 2. Error: 1.5e-7 max(|x|, 1); 2.4 ulp for x >= 0.
    struct apply_gelu_tanh
    {
    };

    /// x / (1 + exp(-x)). Error: 3.0 ulp or 1e-42.
    struct apply_silu
    {
    };

    /// 1 / (1 + exp(-x)). Error: 2.4 ulp.
    struct apply_sigmoid
    {
    };

    /// tanh(x). Error: 1.6 ulp.
    struct apply_tanh
    {
    };

    /// Whichever of them, of clamp_to { 0, infinity } or of nothing at all the function names at run time: the same
    /// bits.
    struct apply_activation
    {
        activation_function function = activation_function::none;
    };

    template <class Stage>
    concept activation_stage =
        one_of<Stage, apply_gelu, apply_gelu_tanh, apply_silu, apply_sigmoid, apply_tanh, apply_activation>;

    /// Polynomials are weighted least-squares fits, reweighted towards the largest error; lowest power first.
    namespace activation
    {
        /// exp(x) is 0 in float from here down.
        inline constexpr float lowest_exponent = -104.0f;
        /// 1 / ln 2
        inline constexpr float log2_e = 1.44269504f;
        /// ln 2 in two parts; n * ln2_high is exact for |n| < 2^14.
        inline constexpr float ln2_high = 0.693359375f, ln2_low = -2.12194440e-4f;
        /// x + to_integer - to_integer rounds to an integer, whose bits are the low ones of x + to_integer.
        inline constexpr float to_integer = 12582912.0f;
        /// exp(r) = 1 + r + r^2 P(r) for |r| <= ln 2 / 2, within 3.4e-9
        inline constexpr float exp_polynomial[] { 0.50000001f, 0.166665129f, 0.0416661873f, 0.00836959841f,
                                                  0.00139517172f };

        /// tanh(x) = x (1 + x^2 P(x^2)) for |x| < tanh_middle, within 4.2e-9 relative
        inline constexpr float tanh_middle = 0.625f;
        /// P of tanh, lowest power first.
        inline constexpr float tanh_polynomial[] { -0.333332839f, 0.133314912f, -0.0537434953f, 0.020650579f,
                                                   -0.00571703655f };

        /// (1 + erf(-x / sqrt(2))) / 2 = exp(-x^2 / 2) t P(t), t = 1 / (1 + normal_slope x) for x >= 0, within 2e-7
        /// relative: the form of Abramowitz and Stegun 7.1.26, with a new fit of higher degree
        inline constexpr float normal_slope = 0.3f;
        /// P of the normal distribution, lowest power first.
        inline constexpr float normal_polynomial[] { 0.11963453f,    0.120672739f, 0.100425535f,  0.126858169f,
                                                     -0.0504432031f, 0.202815286f, -0.155141722f, 0.0351785749f };

        /// sqrt(8 / pi) and 0.044715 times that: gelu_tanh(x) = x * sigmoid(x * (gelu_linear + gelu_cubic x^2))
        inline constexpr float gelu_linear = 1.59576912f, gelu_cubic = 0.0713548163f;

        /// Where x * sigmoid(x), and either GELU, is -0 in float.
        inline constexpr float silu_lowest = -120.0f, gelu_lowest = -15.0f;
    }
}
