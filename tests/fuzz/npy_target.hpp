// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A .npy file is refused, or its array survives being written in every version and order.
#pragma once

#include <quantkit/io/npy.hpp>

#include "fuzz/finding.hpp"

#include <cstddef>
#include <span>

namespace quantkit::fuzz
{
    inline void try_npy(std::span<const std::byte> input)
    {
        npy_array array;
        if (!accepted([&] { array = parse_npy(input); }))
            return;
        for (const int version : { 1, 2, 3 })
            for (const bool fortran_order : { false, true })
                expect(parse_npy(npy_bytes(array, { version, fortran_order })) == array, "an array survives writing");
    }
}
