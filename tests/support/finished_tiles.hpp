// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Tiles that each lane family finishes with an epilogue, for every layout of C, between canaries and guard pages.
#pragma once

#include <quantkit/kernels/gemm/gemm.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace quantkit::test::tiles
{
    using namespace quantkit::kernels;

    inline constexpr std::size_t first_row = 3, first_column = 16, max_rows = 3, max_columns = 64;

    struct layout
    {
        std::ptrdiff_t row_stride, column_stride;
        const char* reason;
    };

    inline constexpr std::array layouts {
        layout { 1 << 16, 1, "row-major; the distance to the next row is set below" },
        layout { 1, 1 << 16, "column-major" },
        layout { 1 << 16, 2, "every second column" },
        layout { -(1 << 16), 1, "rows backwards" },
        layout { 1 << 16, -1, "columns backwards" },
    };

    // C with nothing but the rows x columns of one tile: a canary in each gap, a guard page behind the last element.
    template <class T>
    class tile_of_c
    {
    public:
        tile_of_c(std::size_t rows, std::size_t columns, const layout& how)
            : rows_(rows)
            , columns_(columns)
        {
            const auto row_count = static_cast<std::ptrdiff_t>(rows), width = static_cast<std::ptrdiff_t>(columns);
            const auto far = [](std::ptrdiff_t stride, std::ptrdiff_t distance) {
                return stride == 1 << 16 ? distance : stride == -(1 << 16) ? -distance : stride;
            };
            row_stride_ =
                far(how.row_stride, width * (how.column_stride < 0 ? -how.column_stride : how.column_stride) + 3);
            column_stride_ = far(how.column_stride, row_count + 2);
            const std::ptrdiff_t row_reach = (row_count - 1) * row_stride_, column_reach = (width - 1) * column_stride_;
            lowest_ = std::min<std::ptrdiff_t>(row_reach, 0) + std::min<std::ptrdiff_t>(column_reach, 0);
            const std::ptrdiff_t highest =
                std::max<std::ptrdiff_t>(row_reach, 0) + std::max<std::ptrdiff_t>(column_reach, 0);
            size_ = static_cast<std::size_t>(highest - lowest_ + 1);
        }

        // The elements after `finish` of this epilogue, row-major; everything else must be as before.
        template <class Sum, class... Stages>
        std::vector<T> finished(lane_family lanes, const std::vector<Sum>& sums, std::size_t tile_stride,
                                const Stages&... stages) const
        {
            guarded_buffer<T> memory(size_);
            std::fill(memory.begin(), memory.end(), static_cast<T>(77));
            const guarded_buffer<Sum> tile(sums);
            // the epilogue knows C by its first element, which lies before the tile
            const matrix_view<T> c { memory.data() - lowest_ - static_cast<std::ptrdiff_t>(first_row) * row_stride_
                                         - static_cast<std::ptrdiff_t>(first_column) * column_stride_,
                                     row_stride_, column_stride_ };
            using epilogue = epilogue_of<store_to<T>, Stages...>;
            const epilogue whole { { stages... }, { c } };
            finish_function_of<Sum, epilogue>(lanes)(
                { tile.data(), tile_stride, rows_, columns_, first_row, first_column }, whole);

            std::vector<T> values;
            for (std::size_t row = 0; row < rows_; ++row)
                for (std::size_t column = 0; column < columns_; ++column)
                {
                    T& element = *c.at(first_row + row, first_column + column);
                    values.push_back(element);
                    element = static_cast<T>(77);
                }
            REQUIRE(std::all_of(memory.begin(), memory.end(), [](T value) { return value == static_cast<T>(77); }));
            return values;
        }

    private:
        std::size_t rows_, columns_, size_ = 0;
        std::ptrdiff_t row_stride_ = 0, column_stride_ = 0, lowest_ = 0;
    };

    inline constexpr std::array widths { 1, 2, 7, 8, 9, 15, 16, 17, 23, 31, 32, 47, 63, 64 };

    // Every family writes what scalar_lanes writes, for ragged tiles and every layout of C, and nothing else.
    template <class T, class Sum, class... Stages>
    void require_same_bits(const std::vector<Sum>& values, const Stages&... stages)
    {
        for (const std::size_t rows : { std::size_t { 1 }, max_rows })
            for (const int width : widths)
            {
                const auto columns = static_cast<std::size_t>(width);
                // rows of int32 sums are whole panels, rows of floats end where C ends
                const std::size_t readable = std::same_as<Sum, std::int32_t> ? padded_columns(columns) : columns;
                for (const std::size_t tile_stride : { readable, max_columns })
                {
                    const std::size_t size = (rows - 1) * tile_stride + readable;
                    const std::vector<Sum> sums(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(size));
                    for (const layout& how : layouts)
                    {
                        CAPTURE(rows);
                        CAPTURE(columns);
                        CAPTURE(how.reason);
                        const tile_of_c<T> c(rows, columns, how);
                        const std::vector<T> expected = c.finished(lane_family::scalar, sums, tile_stride, stages...);
                        for_each_lane_family(
                            [&](lane_family lanes)
                            { require_equal(c.finished(lanes, sums, tile_stride, stages...), expected); });
                    }
                }
            }
    }

    inline std::vector<std::int32_t> sums_up_to(std::int32_t magnitude, std::uint64_t seed)
    {
        return random_codes<std::int32_t>(max_rows * max_columns, seed, -magnitude, magnitude);
    }

    template <class T, class... Stages>
    void require_same_bits_for_integers(const Stages&... stages)
    {
        require_same_bits<T>(sums_up_to(3'000'000, 6), stages...);
    }

    // One row of scalar results, for comparison with a definition.
    template <class T, class Sum, class... Stages>
    std::vector<T> scalar_row(const std::vector<Sum>& sums, const Stages&... stages)
    {
        const tile_of_c<T> c(1, sums.size(), layouts[0]);
        return c.finished(lane_family::scalar, sums, sums.size(), stages...);
    }
}
