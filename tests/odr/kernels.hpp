// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The same kernels from translation units with different flags, in one program.
#pragma once

#include <quantkit/kernels/kernel_table.hpp>

namespace odr
{
    const quantkit::kernels::kernel_table& baseline();
    const quantkit::kernels::kernel_table& avx2();
    const quantkit::kernels::kernel_table& avx512();
}
