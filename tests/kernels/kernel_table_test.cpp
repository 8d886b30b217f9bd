// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/kernel_table.hpp>

#include "kernels/table_checks.hpp"
#include "support/compiled_archs.hpp"

#include <doctest/doctest.h>

#include <string>

namespace kernels = quantkit::kernels;

TEST_CASE_TEMPLATE_DEFINE("every table gives the bits of the scalar one", Arch, tables)
{
    const kernels::kernel_table& table = kernels::table_for<Arch>();
    CHECK(std::string(table.name) == kernels::arch_name<Arch>());
    quantkit::test::require_same_bits(table, kernels::table_for<kernels::scalar_arch>());
}

TEST_CASE("the active table is that of the default architecture")
{
    CHECK(std::string(kernels::active_kernels().name) == kernels::arch_name<kernels::default_arch>());
}

TEST_CASE_TEMPLATE_APPLY(tables, quantkit::test::compiled_archs);
