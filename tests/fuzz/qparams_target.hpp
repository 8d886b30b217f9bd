// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Any two floats as a range: it is refused, or its qparams are usable, and quantizing with them keeps its promises.
///
///     scheme (1 byte)  bounds (1)  min, max, eps (4 each)  values (4 each)
#pragma once

#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/kernels/dequantize.hpp>
#include <quantkit/kernels/quantize.hpp>
#include <quantkit/observers/choose_qparams.hpp>

#include "fuzz/finding.hpp"

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>

namespace quantkit::fuzz
{
    template <class Range>
    void check_qparams_codes(qparams params, input_reader& input)
    {
        using code = typename Range::code_type;
        constexpr std::size_t count = 37; // whole vectors of every width, and a rest
        std::array<float, count> values {}, reals {};
        for (float& value : values)
            value = input.take<float>();
        std::array<code, count> codes {};
        kernels::quantize(values.data(), codes.data(), count, params, Range::bounds);
        kernels::dequantize(codes.data(), reals.data(), count, params);
        for (std::size_t i = 0; i < count; ++i)
        {
            expect(codes[i] >= Range::quant_min && codes[i] <= Range::quant_max, "a code lies within its bounds");
            expect(codes[i] == quantize_value(values[i], params, Range::bounds), "a kernel's code is the definition's");
            expect(reals[i] == dequantize_value(codes[i], params), "a kernel's real is the definition's");
            expect(quantize_value(reals[i], params, Range::bounds) == codes[i] || !std::isfinite(reals[i]),
                   "the real value of a code has that code");
            for (std::size_t j = 0; j < i; ++j)
                expect(!(values[j] <= values[i]) || codes[j] <= codes[i], "quantizing is monotone");
        }
    }

    template <class Range, class Scheme>
    void check_qparams_range(const Scheme& scheme, real_range range, input_reader& input)
    {
        qparams params;
        if (!accepted([&] { params = choose_qparams<Range>(range, scheme); }))
            return;
        expect(params.scale > 0.0f && std::isfinite(params.scale), "a scale is positive and finite");
        expect(params.zero_point >= Range::quant_min && params.zero_point <= Range::quant_max,
               "a zero point is a code");
        if (accepted([&] { check_qparams(params, Range::bounds); })) // refuses scales whose reciprocal is infinite
            check_qparams_codes<Range>(params, input);
    }

    template <class Range>
    void try_qparams_of(input_reader& input)
    {
        const int scheme = input.integer(0, 3);
        const auto low = input.take<float>(), high = input.take<float>(), eps = input.take<float>();
        switch (scheme)
        {
        case 0:
            return check_qparams_range<Range>(affine { eps }, { low, high }, input);
        case 1:
            return check_qparams_range<Range>(symmetric { eps }, { low, high }, input);
        case 2:
            return check_qparams_range<Range>(power_of_two { eps }, { low, high }, input);
        default:
            return check_qparams_range<Range>(dynamic_affine {}, { low, high }, input);
        }
    }

    inline void try_qparams(std::span<const std::byte> bytes)
    {
        input_reader input(bytes);
        switch (input.integer(0, 3))
        {
        case 0:
            return try_qparams_of<uint8_full>(input);
        case 1:
            return try_qparams_of<int8_narrow>(input);
        case 2:
            return try_qparams_of<int8_full>(input);
        default:
            return try_qparams_of<int16_narrow>(input);
        }
    }
}
