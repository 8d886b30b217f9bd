// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>

#include "support/checks.hpp"
#include "support/finished_tiles.hpp"
#include "support/guarded_buffer.hpp"
#include "support/linear_layers.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using namespace quantkit::test::tiles;
    using quantkit::test::guarded_buffer;
    using quantkit::test::random_codes;
    using quantkit::test::random_floats;
    using quantkit::test::require_equal;

    constexpr std::array<std::size_t, 5> ragged { 1, 7, 16, 21, 64 };

    // An addend with nothing but the elements of one tile: a guard page behind the last, the first at `first`.
    template <class T>
    struct placed_addend
    {
        placed_addend(const std::vector<T>& values, std::ptrdiff_t row_stride, std::ptrdiff_t column_stride)
            : memory(values)
            , stage { { memory.data() - static_cast<std::ptrdiff_t>(first_row) * row_stride
                            - static_cast<std::ptrdiff_t>(first_column) * column_stride,
                        row_stride, column_stride } }
        {
        }

        guarded_buffer<T> memory;
        add_matrix<T> stage;
    };

    std::vector<std::int32_t> some(std::size_t count, std::uint64_t seed, std::int32_t)
    {
        return random_codes<std::int32_t>(count, seed);
    }

    std::vector<float> some(std::size_t count, std::uint64_t seed, float)
    {
        return random_floats(count, seed, -9.0f, 9.0f);
    }

    std::int32_t sum(std::int32_t a, std::int32_t b)
    {
        return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
    }

    float sum(float a, float b) { return quantkit::test::float_sum(a, b); }
}

TEST_CASE_TEMPLATE("a matrix is added by definition on every family, whatever its strides", T, float, std::int32_t)
{
    for (const std::size_t columns : ragged)
        for (const bool by_columns : { false, true })
            for (const std::size_t step : { std::size_t { 1 }, std::size_t { 3 } })
            {
                CAPTURE(columns);
                CAPTURE(by_columns);
                CAPTURE(step);
                const std::size_t row_stride = by_columns ? step : columns * step;
                const std::size_t column_stride = by_columns ? max_rows * step : step;
                const std::size_t size = (max_rows - 1) * row_stride + (columns - 1) * column_stride + 1;
                const placed_addend<T> addend(some(size, 1, T {}), static_cast<std::ptrdiff_t>(row_stride),
                                              static_cast<std::ptrdiff_t>(column_stride));
                const std::size_t tile_stride = padded_columns(columns);
                const std::vector<T> sums = some(max_rows * tile_stride, 2, T {});
                std::vector<T> expected;
                for (std::size_t i = 0; i < max_rows; ++i)
                    for (std::size_t j = 0; j < columns; ++j)
                        expected.push_back(
                            sum(sums[i * tile_stride + j], addend.memory[i * row_stride + j * column_stride]));
                for (const layout& how : layouts)
                    quantkit::test::for_each_lane_family(
                        [&](lane_family lanes)
                        {
                            const tile_of_c<T> c(max_rows, columns, how);
                            require_equal(c.finished(lanes, sums, tile_stride, addend.stage), expected);
                        });
            }
}

TEST_CASE_TEMPLATE("a matrix without data adds nothing, on every family", T, float, std::int32_t)
{
    for (const std::size_t columns : ragged)
    {
        CAPTURE(columns);
        const std::vector<T> sums = some(padded_columns(columns), 6, T {});
        const std::vector<T> expected(sums.begin(), sums.begin() + static_cast<std::ptrdiff_t>(columns));
        for (const layout& how : layouts)
            quantkit::test::for_each_lane_family(
                [&](lane_family lanes)
                {
                    const tile_of_c<T> c(1, columns, how);
                    require_equal(c.finished(lanes, sums, sums.size(), add_matrix<T> {}), expected);
                });
    }
}

TEST_CASE("C accumulates where the addend is C itself: modulo 2^32, on every micro-kernel")
{
    constexpr std::size_t m = 27, n = 53, k = 37;
    const std::vector<std::uint8_t> a = random_codes<std::uint8_t>(m * k, 3);
    const std::vector<std::int8_t> b = random_codes<std::int8_t>(n * k, 4);
    const std::vector<std::int32_t> before = random_codes<std::int32_t>(m * n, 5);
    const code_rows<std::uint8_t> rows { { a.data(), k, 1 } };
    quantkit::test::for_each_micro_kernel(
        [&](const micro_kernel& kernel)
        {
            quantkit::aligned_buffer<std::byte> panels(packed_b_bytes(kernel.format, n, k));
            std::vector<std::int32_t> column_sums(padded_columns(n));
            pack_b(matrix_view<const std::int8_t> { b.data(), k, 1 }, n, k, kernel.format, panels.data(),
                   column_sums.data());
            const packed_b packed { kernel.format, n, k, panels.data(), column_sums.data() };
            quantkit::aligned_buffer<std::byte> workspace(gemm_workspace_bytes(kernel, { m, n, k }, rows));
            for (const bool by_columns : { false, true })
            {
                CAPTURE(by_columns);
                const std::ptrdiff_t across = by_columns ? 1 : n, down = by_columns ? m : 1;
                std::vector<std::int32_t> product(m * n), expected;
                const epilogue_of<store_to<std::int32_t>> plain { {}, { { product.data(), across, down } } };
                gemm(kernel, { m, n, k }, rows, packed, plain, nullptr, workspace.data());
                for (std::size_t i = 0; i < m * n; ++i)
                    expected.push_back(sum(before[i], product[i]));

                guarded_buffer<std::int32_t> c(before);
                const matrix_view<std::int32_t> view { c.data(), across, down };
                using accumulating = epilogue_of<store_to<std::int32_t>, add_matrix<std::int32_t>>;
                const accumulating onto { { add_matrix<std::int32_t> { { c.data(), across, down } } }, { view } };
                gemm(kernel, { m, n, k }, rows, packed, onto, nullptr, workspace.data());
                require_equal(c, expected);
            }
        });
}
