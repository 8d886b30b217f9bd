// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From reals to steps of the scale, k = clamp(round(x / scale), quant_min - zero_point, quant_max - zero_point): the
/// part that quantize and fake_quantize share.
///
/// The real value is clamped before it is rounded and converted: converting a float beyond int32 gives different codes
/// on x86 and ARM. That changes no result, because rounding keeps the order of values and leaves integers as they are.
/// The bounds are integers that float holds exactly (at most 2^24 apart from zero); wider ones, and policies that are
/// not the library's own, go through core's quantize_value one by one.
///
/// A multiplication is never followed by an addition here, so fusing the two (FMA) cannot change a bit.
#pragma once

#include <quantkit/core/qparams.hpp>
#include <quantkit/kernels/loop.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>

namespace quantkit::kernels::detail
{
    /// Up to here float holds every integer.
    inline constexpr std::int64_t exact_to = std::int64_t { 1 } << 24;

    template <class Scaling>
    concept known_scaling = std::same_as<Scaling, by_reciprocal> || std::same_as<Scaling, by_division>;

    template <class Rounding>
    concept known_rounding =
        std::same_as<Rounding, half_even> || std::same_as<Rounding, half_away> || std::same_as<Rounding, stochastic>;

    /// One scale and zero_point for all values.
    template <class Scaling>
    struct shared_qparams
    {
        qparams params;
        quant_bounds bounds;
        /// What steps are computed with: the scale or its reciprocal.
        float factor_of_all = std::same_as<Scaling, by_reciprocal> ? 1.0f / params.scale : params.scale;

        QUANTKIT_INLINE qparams operator[](std::size_t) const { return params; }
        QUANTKIT_INLINE shared_qparams from(std::size_t) const { return *this; }
        QUANTKIT_INLINE std::int64_t lowest() const { return std::int64_t { bounds.quant_min } - params.zero_point; }
        QUANTKIT_INLINE std::int64_t highest() const { return std::int64_t { bounds.quant_max } - params.zero_point; }
        QUANTKIT_INLINE bool fits_float() const { return lowest() >= -exact_to && highest() <= exact_to; }

        template <class Lanes>
        QUANTKIT_INLINE auto scale(std::size_t, Lanes) const
        {
            return typename Lanes::real(params.scale);
        }
        template <class Lanes>
        QUANTKIT_INLINE auto factor(std::size_t, Lanes) const
        {
            return typename Lanes::real(factor_of_all);
        }
        template <class Lanes>
        QUANTKIT_INLINE auto zero_point(std::size_t, Lanes) const
        {
            return typename Lanes::integer(params.zero_point);
        }
        template <class Lanes>
        QUANTKIT_INLINE auto lowest(std::size_t, Lanes) const
        {
            return typename Lanes::real(static_cast<float>(lowest()));
        }
        template <class Lanes>
        QUANTKIT_INLINE auto highest(std::size_t, Lanes) const
        {
            return typename Lanes::real(static_cast<float>(highest()));
        }
    };

    /// A scale and a zero_point for each value; zero points lie within the bounds.
    template <class Scaling>
    struct own_qparams
    {
        const float* scales;
        const std::int32_t* zero_points;
        quant_bounds bounds;

        QUANTKIT_INLINE qparams operator[](std::size_t i) const { return { scales[i], zero_points[i] }; }
        QUANTKIT_INLINE own_qparams from(std::size_t i) const { return { scales + i, zero_points + i, bounds }; }
        QUANTKIT_INLINE bool fits_float() const
        {
            return std::int64_t { bounds.quant_max } - bounds.quant_min <= exact_to;
        }

        template <class Lanes>
        QUANTKIT_INLINE auto scale(std::size_t i, Lanes in) const
        {
            return in.load(scales + i);
        }
        template <class Lanes>
        QUANTKIT_INLINE auto factor(std::size_t i, Lanes in) const
        {
            if constexpr (std::same_as<Scaling, by_reciprocal>)
                return in.divided(typename Lanes::real(1.0f), scale(i, in));
            else
                return scale(i, in);
        }
        template <class Lanes>
        QUANTKIT_INLINE auto zero_point(std::size_t i, Lanes in) const
        {
            return in.load(zero_points + i);
        }
        template <class Lanes>
        QUANTKIT_INLINE auto lowest(std::size_t i, Lanes in) const
        {
            return in.to_real(typename Lanes::integer(bounds.quant_min) - zero_point(i, in));
        }
        template <class Lanes>
        QUANTKIT_INLINE auto highest(std::size_t i, Lanes in) const
        {
            return in.to_real(typename Lanes::integer(bounds.quant_max) - zero_point(i, in));
        }
    };

    /// The steps of one value or batch, rounded to int32.
    struct half_even_steps
    {
        template <class Lanes>
        QUANTKIT_INLINE typename Lanes::integer operator()(typename Lanes::real steps, std::size_t, Lanes in) const
        {
            return in.nearest(steps);
        }
    };

    struct half_away_steps
    {
        template <class Lanes>
        QUANTKIT_INLINE typename Lanes::integer operator()(typename Lanes::real steps, std::size_t, Lanes in) const
        {
            using real = typename Lanes::real;
            const real whole = in.to_real(in.truncated(steps)), rest = steps - whole;
            const real up = in.select(rest >= real(0.5f), real(1.0f), real(0.0f));
            const real down = in.select(rest <= real(-0.5f), real(1.0f), real(0.0f));
            return in.truncated(whole + up - down);
        }
    };

    /// Value i has the random number of index first + i, whose upper 32 bits all values of a run share: `key`.
    struct stochastic_steps
    {
        std::uint32_t key;
        std::uint32_t first;

        template <class Lanes>
        QUANTKIT_INLINE typename Lanes::integer operator()(typename Lanes::real steps, std::size_t i, Lanes in) const
        {
            using real = typename Lanes::real;
            using word = typename Lanes::word;
            const word bits = mixed(mixed(in.consecutive(first + static_cast<std::uint32_t>(i))) ^ word(key));
            const real uniform = in.high_24_bits(bits) * real(0x1p-24f);
            const real whole = in.to_real(in.truncated(steps));
            const real below = whole - in.select(whole > steps, real(1.0f), real(0.0f));
            return in.truncated(below + in.select(uniform < steps - below, real(1.0f), real(0.0f)));
        }
    };

    /// Value i as a code, or as a real where Out is float.
    template <class Out, class Scaling, class Params, class Steps>
    struct quantized_values
    {
        const float* x;
        Params params;
        Steps rounded;

        template <class Lanes>
        QUANTKIT_INLINE auto operator()(std::size_t i, Lanes in) const
        {
            const auto steps = in_steps(in.load(x + i), params.factor(i, in), in);
            const auto clamped = in.at_most(in.at_least(steps, params.lowest(i, in)), params.highest(i, in));
            const auto whole = rounded(clamped, i, in);
            if constexpr (std::same_as<Out, float>)
                return in.to_real(whole) * params.scale(i, in);
            else
                return whole + params.zero_point(i, in);
        }

        template <class Lanes>
        static QUANTKIT_INLINE auto in_steps(typename Lanes::real value, typename Lanes::real factor, Lanes in)
        {
            if constexpr (std::same_as<Scaling, by_reciprocal>)
                return value * factor;
            else
                return in.divided(value, factor);
        }
    };

    template <class Arch, class Scaling, class Out, class Params, class Steps>
    QUANTKIT_INLINE void quantize_lanes(const float* x, Out* out, std::size_t count, Params params, Steps rounded)
    {
        store_each<Arch>(out, count, quantized_values<Out, Scaling, Params, Steps> { x, params, rounded });
    }

    /// In runs whose indices share their upper 32 bits.
    template <class Arch, class Scaling, class Out, class Params>
    QUANTKIT_INLINE void quantize_runs(const float* x, Out* out, std::size_t count, Params params, stochastic rounding,
                                       std::uint64_t first_index)
    {
        for (std::size_t begin = 0; begin < count;)
        {
            const std::uint64_t index = first_index + begin;
            const auto first = static_cast<std::uint32_t>(index);
            const std::uint64_t to_next_key = (std::uint64_t { 1 } << 32) - first;
            const std::size_t run = to_next_key < count - begin ? static_cast<std::size_t>(to_next_key) : count - begin;
            quantize_lanes<Arch, Scaling>(x + begin, out + begin, run, params.from(begin),
                                          stochastic_steps { rounding.key(index), first });
            begin += run;
        }
    }

    /// The definition, for what the lanes cannot do.
    template <class Arch, class Scaling, class Out, class Params, class Rounding>
    void quantize_one_by_one(const float* x, Out* out, std::size_t count, Params params, Rounding rounding,
                             Scaling scaling, std::uint64_t first_index) noexcept
    {
        for (std::size_t i = 0; i < count; ++i)
        {
            const std::int32_t q = quantize_value(x[i], params[i], params.bounds, rounding, scaling, first_index + i);
            if constexpr (std::same_as<Out, float>)
                out[i] = dequantize_value(q, params[i]);
            else
                out[i] = static_cast<Out>(q);
        }
    }

    /// The codes of x, or the reals of these codes where Out is float.
    template <class Arch, class Out, class Params, class Rounding, class Scaling>
    QUANTKIT_INLINE void quantize_to(const float* x, Out* out, std::size_t count, Params params, Rounding rounding,
                                     Scaling scaling, std::uint64_t first_index)
    {
        if (!known_rounding<Rounding> || !known_scaling<Scaling> || !params.fits_float())
            return quantize_one_by_one<Arch>(x, out, count, params, rounding, scaling, first_index);
        if constexpr (std::same_as<Rounding, half_even>)
            quantize_lanes<Arch, Scaling>(x, out, count, params, half_even_steps {});
        else if constexpr (std::same_as<Rounding, half_away>)
            quantize_lanes<Arch, Scaling>(x, out, count, params, half_away_steps {});
        else if constexpr (std::same_as<Rounding, stochastic>)
            quantize_runs<Arch, Scaling>(x, out, count, params, rounding, first_index);
    }
}
