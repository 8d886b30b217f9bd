// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The formulas of activations.hpp, once for all lanes: activations_<isa>.hpp includes this inside its namespace.
///
/// A header cannot hold them as templates: GCC and clang inline the operations of an instruction set only into
/// functions with the same target attribute, which cannot be a template parameter. The including file provides
///
///     QUANTKIT_LANES               what a function begins with: its target, and that it is always inlined
///     reals                        a register of floats, with broadcast, add, subtract, multiply, divide
///     at_least(x, low)             x where it is NaN
///     if_below(x, limit, a, b)     a where x < limit, else b
///     if_nan(x, a, b)              a where x is NaN, else b
///     negative_magnitude(x)        -|x|
///     times_power_of_two(x, s)     x * 2^n, |n| < 252, for s = n + activation::to_integer; only the last step rounds

/// coefficients[0] + coefficients[1] x + ...
template <std::size_t Count>
QUANTKIT_LANES reals polynomial(reals x, const float (&coefficients)[Count])
{
    reals result = broadcast(coefficients[Count - 1]);
    QUANTKIT_UNROLL(8)
    for (std::size_t i = 1; i < Count; ++i)
        result = add(multiply(result, x), broadcast(coefficients[Count - 1 - i]));
    return result;
}

/// exp(x) for x <= 0.
QUANTKIT_LANES reals exp_of_negative(reals x)
{
    const reals bounded = at_least(x, activation::lowest_exponent);
    const reals shifted = add(multiply(bounded, broadcast(activation::log2_e)), broadcast(activation::to_integer));
    const reals n = subtract(shifted, broadcast(activation::to_integer));
    const reals high = subtract(bounded, multiply(n, broadcast(activation::ln2_high)));
    const reals rest = subtract(high, multiply(n, broadcast(activation::ln2_low)));
    const reals curve = multiply(multiply(rest, rest), polynomial(rest, activation::exp_polynomial));
    return times_power_of_two(add(add(curve, rest), broadcast(1.0f)), shifted);
}

QUANTKIT_LANES reals activated(apply_sigmoid, reals x)
{
    const reals e = exp_of_negative(negative_magnitude(x)), one = broadcast(1.0f);
    return divide(if_below(x, 0.0f, e, one), add(one, e));
}

QUANTKIT_LANES reals activated(apply_silu, reals x)
{
    const reals bounded = at_least(x, activation::silu_lowest);
    return multiply(bounded, activated(apply_sigmoid {}, bounded));
}

QUANTKIT_LANES reals activated(apply_gelu_tanh, reals x)
{
    const reals bounded = at_least(x, activation::gelu_lowest);
    const reals slope = add(multiply(multiply(bounded, bounded), broadcast(activation::gelu_cubic)),
                            broadcast(activation::gelu_linear));
    return multiply(bounded, activated(apply_sigmoid {}, multiply(bounded, slope)));
}

QUANTKIT_LANES reals activated(apply_gelu, reals x)
{
    const reals bounded = at_least(x, activation::gelu_lowest), one = broadcast(1.0f);
    const reals magnitude = negative_magnitude(bounded);
    const reals t = divide(one, subtract(one, multiply(magnitude, broadcast(activation::normal_slope))));
    const reals bell = exp_of_negative(multiply(multiply(magnitude, magnitude), broadcast(-0.5f)));
    const reals tail = multiply(multiply(t, polynomial(t, activation::normal_polynomial)), bell);
    return multiply(bounded, if_below(bounded, 0.0f, tail, subtract(one, tail)));
}

QUANTKIT_LANES reals activated(apply_tanh, reals x)
{
    const reals magnitude = negative_magnitude(x), square = multiply(x, x), one = broadcast(1.0f);
    const reals middle = multiply(x, add(multiply(square, polynomial(square, activation::tanh_polynomial)), one));
    const reals e = exp_of_negative(add(magnitude, magnitude));
    const reals end = divide(subtract(one, e), add(one, e));
    const reals signed_end = if_below(x, 0.0f, subtract(broadcast(0.0f), end), end);
    return if_below(magnitude, -activation::tanh_middle, signed_end, middle);
}

/// What the stage makes of any x: NaN stays NaN, and becomes quiet.
template <activation_stage Stage>
QUANTKIT_LANES reals applied(const Stage& stage, reals x)
{
    return if_nan(x, add(x, x), activated(stage, x));
}

QUANTKIT_LANES reals applied(const apply_activation& stage, reals x)
{
    switch (stage.function)
    {
    case activation_function::relu:
        return if_below(x, 0.0f, broadcast(0.0f), x);
    case activation_function::gelu:
        return applied(apply_gelu {}, x);
    case activation_function::gelu_tanh:
        return applied(apply_gelu_tanh {}, x);
    case activation_function::silu:
        return applied(apply_silu {}, x);
    case activation_function::sigmoid:
        return applied(apply_sigmoid {}, x);
    case activation_function::tanh:
        return applied(apply_tanh {}, x);
    case activation_function::none:
        break;
    }
    return x;
}
