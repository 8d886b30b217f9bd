// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Compiled twice for one program, as UNIT `narrow` and, with flags that allow more, as UNIT `wide`.
#include <quantkit/kernels/kernel_table.hpp>

#include <cstddef>
#include <cstdint>

/// Writes the codes of x; returns the name of the kernels that made them.
const char* UNIT(const float* x, std::int8_t* codes, std::size_t count)
{
    const auto& kernels = quantkit::kernels::active_kernels();
    kernels.codes<std::int8_t>().quantize(x, codes, count, { 0.01f, 3 }, { -128, 127 });
    return kernels.name;
}
