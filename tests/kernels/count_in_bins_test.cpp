// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/count_in_bins.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    using limits = std::numeric_limits<float>;

    kernels::bin_grid grid_over(double first, double last, std::int32_t bins)
    {
        return { first, last, bins / (last - first), bins };
    }

    /// [bins + 1], the last for what is left out.
    template <class Arch>
    std::vector<std::uint64_t> counted(const float* x, std::size_t count, const kernels::bin_grid& grid)
    {
        const std::size_t bins = static_cast<std::size_t>(grid.bins) + 1;
        guarded_buffer<std::uint32_t> counters(std::vector<std::uint32_t>(bins * kernels::counters_per_bin),
                                               guard_page::after);
        kernels::count_in_bins(x, count, grid, counters.data(), Arch {});
        std::vector<std::uint64_t> counts(bins);
        for (std::size_t i = 0; i < bins * kernels::counters_per_bin; ++i)
            counts[i / kernels::counters_per_bin] += counters.data()[i];
        return counts;
    }

    /// The definition, one value at a time; what fills the last block is counted as left out.
    std::vector<std::uint64_t> expected(const std::vector<float>& values, const kernels::bin_grid& grid)
    {
        std::vector<std::uint64_t> counts(static_cast<std::size_t>(grid.bins) + 1);
        for (const float x : values)
        {
            const auto value = static_cast<double>(x);
            if (!(value >= grid.first && value <= grid.last))
                continue;
            const double position = (value - grid.first) * grid.bins_per_unit;
            ++counts[position >= grid.bins ? static_cast<std::size_t>(grid.bins) - 1
                                           : static_cast<std::size_t>(position)];
        }
        return counts;
    }

    template <class Arch>
    void require_counted(const std::vector<float>& values, const kernels::bin_grid& grid, guard_page side)
    {
        const guarded_buffer<float> x(values, side);
        std::vector<std::uint64_t> counts = counted<Arch>(x.data(), x.size(), grid);
        counts.back() = 0;
        require_equal(counts, expected(values, grid));
    }
}

TEST_CASE_TEMPLATE_DEFINE("every count, up against guard pages", Arch, counts)
{
    for (const std::size_t count : counts_to_test())
    {
        const guard_page side = count % 2 == 0 ? guard_page::after : guard_page::before;
        require_counted<Arch>(normal_floats(count, count), grid_over(-1.5, 2.0, 37), side);
        require_counted<Arch>(extreme_floats(count, count), grid_over(-1.0, 1.0, 2), side);
        require_counted<Arch>(extreme_floats(count, count), grid_over(-0x1p128, 0x1p128, 2048), side);
        require_counted<Arch>(std::vector<float>(count, 0.0f), grid_over(0.0, 1.0, 3), side);
    }
}

TEST_CASE_TEMPLATE_DEFINE("edges belong to the bin above them, the last one to the last bin", Arch, edges)
{
    const kernels::bin_grid grid = grid_over(1.0, 3.0, 4);
    const std::vector<float> x { 1.0f, 1.49f, 1.5f, 2.0f, 2.4f, 2.5f, 3.0f };
    std::vector<std::uint64_t> counts = counted<Arch>(x.data(), x.size(), grid);
    counts.pop_back();
    CHECK(counts == std::vector<std::uint64_t> { 2, 1, 2, 2 });
}

TEST_CASE_TEMPLATE_DEFINE("NaN and what is outside are left out", Arch, left_out)
{
    const kernels::bin_grid grid = grid_over(1.0, 3.0, 4);
    std::vector<float> x;
    while (x.size() < 128)
        x.insert(x.end(), { limits::quiet_NaN(), 0.9999f, 3.0001f, limits::infinity(), -limits::infinity(), -2.0f, 2.0f,
                            limits::lowest() });
    CHECK(counted<Arch>(x.data(), x.size(), grid) == std::vector<std::uint64_t> { 0, 0, 16, 0, 112 });
}

TEST_CASE_TEMPLATE_APPLY(counts, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(edges, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(left_out, compiled_archs);
