// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What header_only.cpp sees.
#pragma once

#include <quantkit/kernels/isa_report.hpp>

namespace header_only
{
    quantkit::isa_report isa();
}
