// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/error_sums.hpp>

#include "kernels/cases.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;
    using kernels::scalar_arch;
    using kernels::sum_errors;

    struct pair_of_arrays
    {
        std::vector<float> reference, approximation;

        explicit pair_of_arrays(std::size_t count)
            : reference(random_floats(count, 1, -30.0f, 30.0f))
            , approximation(random_floats(count, 2, -0.01f, 0.01f))
        {
            for (std::size_t i = 0; i < count; ++i)
                approximation[i] += reference[i];
        }
    };

    /// The definition, one after the other, in the widest type there is.
    error_sums defined(const pair_of_arrays& x)
    {
        long double signal = 0, error = 0, dot = 0, absolute = 0, max = 0;
        for (std::size_t i = 0; i < x.reference.size(); ++i)
        {
            const long double r = x.reference[i], a = x.approximation[i], e = x.reference[i] - x.approximation[i];
            signal += r * r;
            error += e * e;
            dot += r * a;
            absolute += std::abs(e);
            max = std::max(max, std::abs(e));
        }
        return { static_cast<double>(signal),   static_cast<double>(error), static_cast<double>(dot),
                 static_cast<double>(absolute), static_cast<double>(max),   x.reference.size() };
    }

    /// Each addition rounds by at most 2^-53 of a partial sum: count * 2^-53 of the sum of magnitudes in total.
    void check_close(const error_sums& sums, const error_sums& expected)
    {
        const double bound = (static_cast<double>(expected.count) + 1) * 0x1p-53;
        CHECK(std::abs(sums.squared_signal - expected.squared_signal) <= bound * expected.squared_signal);
        CHECK(std::abs(sums.squared_error - expected.squared_error) <= bound * expected.squared_error);
        CHECK(std::abs(sums.absolute_error - expected.absolute_error) <= bound * expected.absolute_error);
        // |r * a| <= r * r + |r * e| <= 2 (r * r + e * e)
        CHECK(std::abs(sums.dot - expected.dot) <= 2 * bound * (expected.squared_signal + expected.squared_error));
        CHECK(sums.max_error == expected.max_error);
        CHECK(sums.count == expected.count);
    }
}

TEST_CASE_TEMPLATE_DEFINE("sums are those of the definition, and the same bits as one value at a time", Arch, sums)
{
    std::vector<std::size_t> counts = counts_to_test();
    for (const std::size_t count : { error_block - 1, error_block, error_block + 1, 5 * error_block + 7 })
        counts.push_back(count);
    for (const std::size_t count : counts)
    {
        CAPTURE(count);
        const pair_of_arrays x(count);
        const guarded_buffer<float> reference(x.reference), approximation(x.approximation);
        const error_sums actual = sum_errors(reference.data(), approximation.data(), count, {}, Arch {});
        CHECK(actual == sum_errors(x.reference.data(), x.approximation.data(), count, {}, scalar_arch {}));
        check_close(actual, defined(x));
    }
}

TEST_CASE_TEMPLATE_DEFINE("however whole blocks are divided among calls or threads, the bits are the same", Arch, parts)
{
    constexpr std::size_t blocks = 7, count = blocks * error_block + 100;
    const pair_of_arrays x(count);
    const float *reference = x.reference.data(), *approximation = x.approximation.data();
    const error_sums whole = sum_errors(reference, approximation, count, {}, Arch {});
    for (std::size_t first = 0; first <= blocks; ++first)
    {
        const std::size_t split = first * error_block;
        const error_sums begun = sum_errors(reference, approximation, split, {}, Arch {});
        CHECK(sum_errors(reference + split, approximation + split, count - split, begun, Arch {}) == whole);
    }
    error_sums in_order;
    for (std::size_t i = 0; i < count; i += error_block)
        in_order +=
            sum_errors(reference + i, approximation + i, std::min(error_block, count - i), error_sums {}, Arch {});
    CHECK(in_order == whole);
}

TEST_CASE_TEMPLATE_DEFINE("NaN makes sums NaN and is skipped by the greatest error; infinity shows in all", Arch,
                          extremes)
{
    for (const std::size_t at : std::array<std::size_t, 4> { 0, 5, 16, 18 })
    {
        pair_of_arrays x(19);
        x.approximation[at] = std::numeric_limits<float>::quiet_NaN();
        const error_sums nan = sum_errors(x.reference.data(), x.approximation.data(), 19, {}, Arch {});
        CHECK(std::isnan(nan.squared_error));
        CHECK(std::isnan(nan.absolute_error));
        CHECK(std::isnan(nan.dot));
        CHECK_FALSE(std::isnan(nan.squared_signal));
        CHECK(nan.max_error < 0.02);
        x.approximation[at] = -std::numeric_limits<float>::infinity();
        const error_sums infinite = sum_errors(x.reference.data(), x.approximation.data(), 19, {}, Arch {});
        CHECK(infinite.max_error == std::numeric_limits<double>::infinity());
        CHECK(infinite.squared_error == std::numeric_limits<double>::infinity());
    }
}

TEST_CASE_TEMPLATE_DEFINE("the greatest floats do not overflow the squares", Arch, large)
{
    const std::vector<float> r(9, std::numeric_limits<float>::max()), a(9, 0.0f);
    const error_sums actual = sum_errors(r.data(), a.data(), 9, {}, Arch {});
    const double square = static_cast<double>(r[0]) * static_cast<double>(r[0]);
    CHECK(std::abs(actual.squared_error - 9 * square) <= 9 * 0x1p-53 * 9 * square);
    CHECK(actual.max_error == static_cast<double>(r[0]));
}

TEST_CASE_TEMPLATE_APPLY(sums, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(parts, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(extremes, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(large, compiled_archs);
