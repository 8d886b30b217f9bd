// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Compiled once for each set of flags, as QUANTKIT_ODR_NAME: the kernel table as that translation unit sees it.
#include "odr/kernels.hpp"

namespace odr
{
    const quantkit::kernels::kernel_table& QUANTKIT_ODR_NAME() { return quantkit::kernels::active_kernels(); }
}
