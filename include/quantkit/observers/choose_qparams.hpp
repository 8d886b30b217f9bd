// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// From what an observer saw to scale and zero_point.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/observer.hpp>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <type_traits>
#include <utility>
#include <vector>

namespace quantkit
{
    /// The scheme where none is named: symmetric for ranges with negative codes, affine for the others.
    template <quantized_range Range>
    using default_scheme = std::conditional_t<(Range::quant_min < 0), symmetric, affine>;

    /// The scheme's qparams for a range of reals.
    ///
    /// nothing_observed gives scale 1 and zero_point 0 (or the code nearest to 0), as PyTorch does; any other range
    /// that is not finite throws std::invalid_argument with the values.
    template <quantization_scheme Scheme = affine>
    qparams choose_qparams(real_range range, quant_bounds bounds, const Scheme& scheme = {})
    {
        if (range == nothing_observed)
            return { 1.0f, std::clamp(0, bounds.quant_min, bounds.quant_max) };
        require(std::isfinite(range.min) && std::isfinite(range.max), "cannot choose qparams for the range [",
                range.min, ", ", range.max, "]: it is not finite");
        return scheme(range, bounds);
    }

    /// One pair per range; the text of an error names the parameter.
    template <quantization_scheme Scheme = affine>
    qparams_list choose_qparams(const std::vector<real_range>& ranges, quant_bounds bounds, const Scheme& scheme = {})
    {
        std::vector<float> scales(ranges.size());
        std::vector<std::int32_t> zero_points(ranges.size());
        for (std::size_t i = 0; i < ranges.size(); ++i)
        {
            const real_range& range = ranges[i];
            require(range == nothing_observed || (std::isfinite(range.min) && std::isfinite(range.max)),
                    "cannot choose qparams for the range [", range.min, ", ", range.max, "] of parameter ", i,
                    ": it is not finite");
            const qparams params = choose_qparams(range, bounds, scheme);
            scales[i] = params.scale;
            zero_points[i] = params.zero_point;
        }
        return qparams_list(std::move(scales), std::move(zero_points));
    }

    template <quantized_range Range, quantization_scheme Scheme = affine>
    qparams choose_qparams(real_range range, const Scheme& scheme = {})
    {
        return choose_qparams(range, Range::bounds, scheme);
    }

    template <quantized_range Range, quantization_scheme Scheme = affine>
    qparams_list choose_qparams(const std::vector<real_range>& ranges, const Scheme& scheme = {})
    {
        return choose_qparams(ranges, Range::bounds, scheme);
    }

    template <quantized_range Range, range_observer Observer, quantization_scheme Scheme = affine>
    qparams choose_qparams(const Observer& observer, const Scheme& scheme = {})
    {
        return choose_qparams(observer.range(), Range::bounds, scheme);
    }

    /// One pair per parameter of the observer.
    template <quantized_range Range, ranges_observer Observer, quantization_scheme Scheme = affine>
    qparams_list choose_qparams(const Observer& observer, const Scheme& scheme = {})
    {
        return choose_qparams(observer.ranges(), Range::bounds, scheme);
    }
}
