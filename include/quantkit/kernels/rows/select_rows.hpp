// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The row_functions of this build, and the choice among them at run time.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/kernels/rows/row_functions.hpp>
#include <quantkit/kernels/rows/rows_avx2.hpp>
#include <quantkit/kernels/rows/rows_avx512.hpp>
#include <quantkit/kernels/rows/rows_scalar.hpp>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Those of one family, which the CPU must have.
    inline const row_functions& row_functions_of(lane_family lanes)
    {
#if defined(QUANTKIT_X86)
        if (lanes == lane_family::avx512)
            return avx512_row_lanes::all_row_functions;
        if (lanes == lane_family::avx2)
            return avx2_row_lanes::all_row_functions;
#endif
        static_cast<void>(lanes);
        return scalar_row_lanes::all_row_functions;
    }

    /// The best that the CPU has and QUANTKIT_ISA allows. Throws std::invalid_argument where QUANTKIT_ISA is no name.
    inline const row_functions& best_row_functions()
    {
        static const row_functions& best = row_functions_of(best_micro_kernel().lanes);
        return best;
    }
}
