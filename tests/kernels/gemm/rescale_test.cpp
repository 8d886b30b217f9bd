// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/fixed_point.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>

#include "support/checks.hpp"
#include "support/finished_tiles.hpp"
#include "support/guarded_buffer.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using namespace quantkit::test::tiles;
    using quantkit::double_rounding;
    using quantkit::single_rounding;
    using quantkit::test::guarded_buffer;
    using quantkit::test::random_codes;
    using quantkit::test::require_equal;
    using limits = std::numeric_limits<std::int32_t>;

    // Random bits, the ends of int32 and what lies next to ties of a shift.
    std::vector<std::int32_t> some_sums(std::size_t count, std::uint64_t seed, std::int32_t exponent)
    {
        std::vector<std::int32_t> sums = random_codes<std::int32_t>(count, seed);
        const std::int32_t ends[] { 0, 1, -1, limits::max(), limits::min(), limits::min() + 1, 1 << 30, -(1 << 30) };
        std::copy(std::begin(ends), std::end(ends), sums.begin());
        for (std::size_t i = std::size(ends); i < count; ++i)
            if (i % 2 == 0) // a multiple of half a unit of the result, and its neighbours
                sums[i] = static_cast<std::int32_t>((sums[i] & ~((std::int64_t { 1 } << exponent) - 1))
                                                    + (std::int64_t { 1 } << exponent >> 1) + sums[i] % 2);
            else if (i % 3 == 0)
                sums[i] >>= exponent;
        return sums;
    }
}

TEST_CASE_TEMPLATE("every family rescales as core/fixed_point.hpp, for every shift", Rounding, double_rounding,
                   single_rounding)
{
    const std::size_t columns = max_columns;
    for (std::int32_t shift = -31; shift <= Rounding::max_shift; ++shift)
    {
        CAPTURE(shift);
        std::vector<std::int32_t> q31 = random_codes<std::int32_t>(first_column + columns, 7, 1 << 30, limits::max());
        q31[first_column] = 0;
        q31[first_column + 1] = 1 << 30;
        q31[first_column + 2] = limits::max();
        std::fill(q31.begin() + first_column + 30, q31.end(), 1 << 30); // exact products, and so ties
        const guarded_buffer<std::int32_t> multipliers(q31);
        const guarded_buffer<std::int32_t> shifts(std::vector<std::int32_t>(first_column + columns, shift));
        const rescale_fixed_point<Rounding> each { multipliers.data(), shifts.data(), 1 };
        const rescale_fixed_point<Rounding> one { multipliers.data() + first_column + 2, shifts.data(), 0 };
        for (const std::int32_t exponent : { 0, std::clamp(1 - shift, 1, 30) })
        {
            const std::vector<std::int32_t> sums = some_sums(columns, static_cast<std::uint64_t>(shift + 40), exponent);
            std::vector<std::int32_t> by_column, by_tensor;
            for (std::size_t j = 0; j < columns; ++j)
            {
                by_column.push_back(Rounding {}(sums[j], { q31[first_column + j], shift }));
                by_tensor.push_back(Rounding {}(sums[j], { q31[first_column + 2], shift }));
            }
            const tile_of_c<std::int32_t> c(1, columns, layouts[0]);
            quantkit::test::for_each_lane_family(
                [&](lane_family lanes)
                {
                    require_equal(c.finished(lanes, sums, columns, each), by_column);
                    require_equal(c.finished(lanes, sums, columns, one), by_tensor);
                });
        }
    }
}

TEST_CASE("every family: fixed point with a shift per column, to codes, ragged and in every layout of C")
{
    const guarded_buffer<std::int32_t> q31(
        random_codes<std::int32_t>(first_column + max_columns, 8, 1 << 30, limits::max()));
    const guarded_buffer<std::int32_t> shift(random_codes<std::int32_t>(first_column + max_columns, 9, -20, -10));
    const rescale_fixed_point<double_rounding> twice { q31.data(), shift.data(), 1 };
    const rescale_fixed_point<single_rounding> once { q31.data(), shift.data(), 1 };
    const subtract_columns bias { shift.data() };
    require_same_bits_for_integers<std::uint8_t>(twice, clamp_to_codes { 117, { 0, 255 } });
    require_same_bits_for_integers<std::int8_t>(bias, once, clamp_to_codes { -11, { -127, 127 } });
    require_same_bits_for_integers<std::int32_t>(twice, clamp_to_codes { 3, { -1000, 1000 } });
}

TEST_CASE("every family: the zero point is added without overflow")
{
    const std::vector<std::int32_t> sums { limits::max(),       limits::min(),       0, 137, 138, 139, -117, -118,
                                           limits::max() - 117, limits::min() + 117, 1, -1,  2,   -2,  3,    -3 };
    std::vector<std::uint8_t> expected;
    for (const std::int64_t x : sums)
        expected.push_back(static_cast<std::uint8_t>(std::clamp<std::int64_t>(x + 117, 0, 255)));
    const tile_of_c<std::uint8_t> c(1, sums.size(), layouts[0]);
    quantkit::test::for_each_lane_family(
        [&](lane_family lanes) {
            require_equal(c.finished(lanes, sums, sums.size(), clamp_to_codes { 117, { 0, 255 } }), expected);
        });
}
