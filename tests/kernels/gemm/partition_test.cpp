// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/partition.hpp>
#include <quantkit/kernels/gemm/select.hpp>

#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <vector>

namespace
{
    using namespace quantkit::kernels;

    // How many parts hold each [row, panel] of C.
    std::vector<int> owners(const gemm_partition& partition, std::size_t m, std::size_t panels)
    {
        std::vector<int> count(m * panels, 0);
        for (std::size_t i = 0; i < partition.parts(); ++i)
        {
            const gemm_part part = partition[i];
            REQUIRE(part.last_row <= m);
            REQUIRE(part.last_panel <= panels);
            for (std::size_t row = part.first_row; row < part.last_row; ++row)
                for (std::size_t panel = part.first_panel; panel < part.last_panel; ++panel)
                    ++count[row * panels + panel];
        }
        return count;
    }
}

TEST_CASE("parts cover C once, and there are never more than can run at a time")
{
    quantkit::test::random_bits random(1);
    for (int trial = 0; trial < 2000; ++trial)
    {
        const auto up_to = [&](std::int64_t most) { return static_cast<std::size_t>(random.integer(0, most)); };
        const gemm_extents extents { up_to(300), up_to(500), up_to(20'000) };
        const std::size_t concurrency = up_to(15) + 1, panels = (extents.n + 15) / 16;
        CAPTURE(extents.m);
        CAPTURE(extents.n);
        CAPTURE(extents.k);
        CAPTURE(concurrency);
        for (const micro_kernel* kernel : compiled_micro_kernels())
            for (const bool rows_only : { false, true })
            {
                const gemm_partition partition(*kernel, extents, concurrency, rows_only);
                REQUIRE(partition.parts() >= 1);
                REQUIRE(partition.parts() <= concurrency);
                const std::vector<int> count = owners(partition, extents.m, panels);
                REQUIRE(std::all_of(count.begin(), count.end(), [](int n) { return n == 1; }));
                for (std::size_t i = 0; rows_only && i < partition.parts(); ++i)
                    REQUIRE((partition[i].first_panel == 0 && partition[i].last_panel == panels));
            }
    }
}

TEST_CASE("little work stays in one part, much is divided")
{
    const micro_kernel& kernel = *compiled_micro_kernels()[0];
    CHECK(gemm_partition(kernel, { 10, 100, 1000 }, 8, false).parts() == 1);
    CHECK(gemm_partition(kernel, { 1000, 1000, 1000 }, 8, false).parts() == 8);
    CHECK(gemm_partition(kernel, { 1, 4096, 4096 }, 8, false).parts() == 8);
    CHECK(gemm_partition(kernel, { 1, 4096, 4096 }, 8, true).parts() == 1);
}
