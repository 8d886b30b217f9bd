// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The attributes of which files of quantized models consist: precisions, granularities, qparams, bounds. They are
/// refused, or mean the same after being written.
#pragma once

#include <quantkit/core/quant_range.hpp>
#include <quantkit/io/model_description.hpp>
#include <quantkit/io/model_description_writer.hpp>
#include <quantkit/model/precision_attributes.hpp>

#include "fuzz/finding.hpp"

#include <cstddef>
#include <span>
#include <string>

namespace quantkit::fuzz
{
    /// Reads a value, writes it and reads it once more.
    template <class Read, class Write>
    void check_attributes(const described_attributes& attributes, Read read, Write write)
    {
        const auto of = [&](const described_attributes& from) {
            return read(detail::layer_attributes(described_layer { "plan", "", from }));
        };
        accepted(
            [&]
            {
                const auto value = of(attributes);
                const described_attributes written = parse_attributes(json_text_of(write(value)));
                expect(of(written) == value, "attributes survive writing");
            });
    }

    inline void try_plan(std::span<const std::byte> input)
    {
        described_attributes attributes;
        if (!accepted([&] { attributes = parse_attributes(text_of(input)); }))
            return;
        expect(parse_attributes(json_text_of(attributes)) == attributes, "attributes survive writing");
        const auto write = [](const auto& value) { return detail::attributes_of(value); };
        check_attributes(attributes, detail::read_precision, write);
        check_attributes(attributes, detail::read_granularity, write);
        for (const quant_bounds bounds : { uint8_full::bounds, int16_narrow::bounds })
            check_attributes(
                attributes, [&](const detail::layer_attributes& with) { return detail::read_qparams(with, bounds); },
                write);
    }
}
