// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How a layer quantizes its float input: with frozen qparams (static), or with the range of what arrives (dynamic).
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/scheme.hpp>

#include <concepts>

namespace quantkit
{
    /// One frozen pair, from calibration. Input beyond its range saturates; NaN gives quant_min.
    ///
    /// bounds  to which floats saturate: those of the range, or narrower ones, of activations with fewer bits
    template <quantized_range Range = uint8_full>
    struct static_input
    {
        using range_type = Range;

        /// Throws as check_qparams(), and for bounds that are reversed or beyond the range.
        QUANTKIT_INLINE static_input(quantkit::qparams frozen, quant_bounds kept = Range::bounds)
            : params(frozen)
            , bounds(kept)
        {
            require(Range::quant_min <= kept.quant_min && kept.quant_min < kept.quant_max
                        && kept.quant_max <= Range::quant_max,
                    "input codes in [", kept.quant_min, ", ", kept.quant_max, "] are no part of [", Range::quant_min,
                    ", ", Range::quant_max, "]");
            check_qparams(frozen, kept);
        }

        quantkit::qparams params;
        quant_bounds bounds;
    };
    static_input(qparams)->static_input<uint8_full>;

    /// One pair for each call, from the range of the whole batch: PyTorch's dynamic quantization. NaN is skipped.
    template <quantized_range Range = uint8_full, quantization_scheme Scheme = dynamic_affine>
    struct dynamic_per_tensor
    {
        using range_type = Range;
        [[no_unique_address]] Scheme scheme {};
    };
    dynamic_per_tensor()->dynamic_per_tensor<>;

    /// One pair for each row of each call: a row's result does not depend on the rest of its batch. NaN is skipped.
    template <quantized_range Range = uint8_full, quantization_scheme Scheme = dynamic_affine>
    struct dynamic_per_row
    {
        using range_type = Range;
        [[no_unique_address]] Scheme scheme {};
    };
    dynamic_per_row()->dynamic_per_row<>;

    namespace detail
    {
        template <class Input>
        inline constexpr bool is_static = false;
        template <class Range>
        inline constexpr bool is_static<static_input<Range>> = true;

        template <class Input>
        inline constexpr bool is_per_row = false;
        template <class Range, class Scheme>
        inline constexpr bool is_per_row<dynamic_per_row<Range, Scheme>> = true;

        template <class Input>
        concept has_scheme = quantization_scheme<decltype(Input::scheme)>;
    }

    /// One of the three above.
    template <class Input>
    concept linear_input =
        quantized_range<typename Input::range_type> &&(detail::is_static<Input> || detail::has_scheme<Input>);
}
