// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a policy must offer, on one page, with the two plain values that all policies speak of.
///
/// A policy is a small struct: whoever satisfies the concept takes part, without base class or registration.
#pragma once

#include <quantkit/core/config.hpp>

#include <concepts>
#include <cstdint>
#include <type_traits>

namespace quantkit
{
    /// T is one of these very types.
    template <class T, class... Types>
    concept one_of = (std::same_as<T, Types> || ...);

    namespace detail
    {
        /// std::copyable without its common references, which cost each type that is asked milliseconds to compile.
        template <class T>
        concept copyable = std::is_copy_constructible_v<T> && std::is_move_constructible_v<
            T> && std::is_copy_assignable_v<T> && std::is_move_assignable_v<T>;
    }

    /// real = scale * (q - zero_point)
    struct qparams
    {
        float scale = 1.0f;
        std::int32_t zero_point = 0;

        friend constexpr bool operator==(const qparams&, const qparams&) = default;
    };

    /// The codes that are allowed, at run time: [quant_min, quant_max], both included.
    struct quant_bounds
    {
        std::int32_t quant_min = 0;
        std::int32_t quant_max = 0;

        friend constexpr bool operator==(const quant_bounds&, const quant_bounds&) = default;
    };

    /// The real values that are to be representable: [min, max].
    struct real_range
    {
        float min = 0.0f;
        float max = 0.0f;

        friend constexpr bool operator==(const real_range&, const real_range&) = default;
    };

    /// A set of codes as a type: its storage and its bounds (core/quant_range.hpp).
    template <class Range>
    concept quantized_range = requires
    {
        typename Range::code_type;
        requires std::integral<typename Range::code_type>;
        {
            Range::quant_min
            } -> std::convertible_to<std::int32_t>;
        {
            Range::quant_max
            } -> std::convertible_to<std::int32_t>;
        {
            Range::bounds
            } -> std::convertible_to<quant_bounds>;
        {
            Range::bits
            } -> std::convertible_to<int>;
    };

    /// A real number to the integer it rounds to, as a float (core/rounding.hpp).
    ///
    /// index is the value's position in its tensor; integers must round to themselves.
    template <class Rounding>
    concept rounding_policy = requires(const Rounding& rounding, float x, std::uint64_t index)
    {
        {
            rounding(x, index)
            } -> std::same_as<float>;
    };

    /// How a real value is expressed in steps of the scale (core/rounding.hpp).
    template <class Scaling>
    concept scaling_policy = requires(const Scaling& scaling, float value)
    {
        {
            scaling.factor(value)
            } -> std::same_as<float>;
        {
            scaling.scaled(value, value)
            } -> std::same_as<float>;
    };

    /// A range of reals to the qparams that represent it (core/scheme.hpp).
    template <class Scheme>
    concept quantization_scheme = requires(const Scheme& scheme, real_range range, quant_bounds bounds)
    {
        {
            scheme(range, bounds)
            } -> std::same_as<qparams>;
    };
}
