// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Rows of A cut into the strips that tiles take.
#pragma once

#include <quantkit/core/config.hpp>

#include <algorithm>
#include <cstddef>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// As few strips as tiles of that height allow, as even in height as possible, so that no tile computes rows for
    /// nothing: the first ones may be a row higher than the others.
    class row_strips
    {
    public:
        row_strips(std::size_t first_row, std::size_t rows, std::size_t tile_rows)
            : first_row_(first_row)
            , count_((rows + tile_rows - 1) / tile_rows)
            , height_(count_ == 0 ? 0 : rows / count_)
            , higher_(rows - count_ * height_)
        {
        }

        /// How many there are.
        std::size_t count() const { return count_; }

        /// The first row of a strip; begin(count()) is where the rows end.
        std::size_t begin(std::size_t strip) const { return first_row_ + strip * height_ + std::min(strip, higher_); }

    private:
        std::size_t first_row_, count_, height_, higher_;
    };
}
