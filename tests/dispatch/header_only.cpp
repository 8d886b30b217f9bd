// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A translation unit that does not know that the program has quantkit::dispatch.
#include "header_only.hpp"

#include <quantkit/kernels/isa_report.hpp>

namespace header_only
{
    quantkit::isa_report isa() { return quantkit::isa(); }
}
