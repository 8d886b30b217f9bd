// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What the library quantkit::dispatch holds: a kernel_table for each instruction set, whatever the user's flags.
#pragma once

#include <quantkit/kernels/isa.hpp>
#include <quantkit/kernels/kernel_table.hpp>

#include <span>

namespace quantkit::kernels
{
    /// A table, and what a CPU must have to use it.
    struct dispatched_table
    {
        isa_level level;
        /// The table itself, made on first use.
        const kernel_table& (*kernels)() noexcept;
    };

    /// All tables of the library, in ascending order of preference; the first is the scalar one. Only in
    /// quantkit::dispatch.
    std::span<const dispatched_table> dispatched_tables() noexcept;
}
