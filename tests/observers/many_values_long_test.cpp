// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// More values in one batch than 32 bits count. Takes a minute, so it runs only where QUANTKIT_LONG_TESTS is set.
#include <quantkit/observers/histogram.hpp>
#include <quantkit/observers/value_histogram.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <numeric>
#include <span>

#include <sys/mman.h>

using namespace quantkit;

TEST_CASE("2^33 + 5 zeros in one batch")
{
    if (std::getenv("QUANTKIT_LONG_TESTS") == nullptr)
    {
        MESSAGE("SKIPPED: set QUANTKIT_LONG_TESTS=1 to run it; it takes a minute");
        return;
    }
    constexpr std::size_t count = (std::size_t { 1 } << 33) + 5;
    // reserved only: what is read and never written is one page of zeros
    void* const zeros =
        ::mmap(nullptr, count * sizeof(float), PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    REQUIRE(zeros != MAP_FAILED);
    const std::span<const float> batch(static_cast<const float*>(zeros), count);

    histogram_observer equal;
    equal.observe(batch);
    const auto& counts = equal.histogram().counts;
    CHECK(std::accumulate(counts.begin(), counts.end(), 0.0) == static_cast<double>(count));

    value_histogram values;
    values.observe(batch);
    CHECK(values.count() == count);
    CHECK(values.bin_of_rank(count - 1).count == count);
    ::munmap(zeros, count * sizeof(float));
}
