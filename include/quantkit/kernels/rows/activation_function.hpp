// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The activation functions by name, for whoever chooses one at run time.
#pragma once

namespace quantkit::kernels
{
    /// Formulas and errors: kernels/gemm/activations.hpp. relu is max(x, 0); none is x. NaN stays NaN.
    enum class activation_function
    {
        none,
        relu,
        gelu,
        gelu_tanh,
        silu,
        sigmoid,
        tanh
    };
}
