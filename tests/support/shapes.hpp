// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The sizes that tests run, each with the reason it is there.
#pragma once

#include <array>
#include <cstddef>

namespace quantkit::test
{
    struct ragged_count
    {
        std::size_t count;
        const char* reason;
    };

    /// Every count up to here is worth testing: twice the 64 floats that the widest loop takes at a time, and some.
    inline constexpr std::size_t every_count_up_to = 130;

    inline constexpr std::array ragged_counts {
        ragged_count { 0, "nothing to do" },
        ragged_count { 1, "tail only" },
        ragged_count { 3, "one less than 4 lanes" },
        ragged_count { 4, "4 lanes (sse2, neon)" },
        ragged_count { 5, "one more than 4 lanes" },
        ragged_count { 7, "one less than 8 lanes" },
        ragged_count { 8, "8 lanes (avx2)" },
        ragged_count { 9, "one more than 8 lanes" },
        ragged_count { 15, "one less than 16 lanes" },
        ragged_count { 16, "16 lanes (avx512), or four batches of 4" },
        ragged_count { 17, "one more than 16 lanes" },
        ragged_count { 31, "one less than four batches of 8" },
        ragged_count { 33, "one more than four batches of 8" },
        ragged_count { 63, "one less than four batches of 16" },
        ragged_count { 64, "four batches of 16" },
        ragged_count { 65, "one more than four batches of 16" },
        ragged_count { 127, "two iterations of the widest loop, less one" },
        ragged_count { 257, "several iterations and one value" },
        ragged_count { 1000, "several iterations and a long tail" },
        ragged_count { 4099, "more than a page of floats, a prime" },
    };

    /// c [m, n] = a [m, k] * b [n, k]^T
    struct matmul_shape
    {
        std::size_t m, n, k;
        const char* reason;
    };

    inline constexpr std::array matmul_shapes {
        matmul_shape { 1, 1, 1, "smallest" },
        matmul_shape { 1, 1, 3, "k below one group of 4" },
        matmul_shape { 1, 1, 4, "k of one group of 4" },
        matmul_shape { 1, 1, 5, "k of one group of 4 and one more" },
        matmul_shape { 1, 7, 64, "m = 1: a matrix-vector product, ragged n" },
        matmul_shape { 2, 16, 33, "k one above a multiple of 32" },
        matmul_shape { 3, 17, 31, "n one above 16 lanes, k one below 32" },
        matmul_shape { 4, 15, 63, "n one below 16 lanes, k one below 64" },
        matmul_shape { 5, 33, 65, "all one above a power of two" },
        matmul_shape { 7, 1, 100, "n = 1: one output" },
        matmul_shape { 13, 65, 2, "shallow: k = 2" },
        matmul_shape { 16, 64, 64, "all whole tiles" },
        matmul_shape { 31, 47, 129, "several ragged tiles each way" },
        matmul_shape { 2, 3, 2049, "deep: k beyond a cache block, plus one" },
        matmul_shape { 67, 5, 19, "tall and narrow" },
        matmul_shape { 5, 259, 19, "flat and wide" },
    };

    /// Deep enough for full-range u8 x s8 products to come close to the end of int32: 65,793 * 255 * 128 < 2^31.
    inline constexpr matmul_shape deepest_exact_shape { 2, 2, 65'793, "k at the accumulator bound" };
}
