// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// row_functions::max_pool and mean_pool over the blocks of row_blocks.inl.

struct largest_value
{
    static constexpr float start = -std::numeric_limits<float>::infinity();

    /// NaN if one of them is, and the first of equal values.
    QUANTKIT_LANES reals next(const reals& before, const reals& x) const { return if_nan(x, x, larger(x, before)); }
    QUANTKIT_LANES reals result(const reals& all) const { return all; }
};

struct mean_value
{
    static constexpr float start = 0.0f;
    float divisor;

    QUANTKIT_LANES reals next(const reals& before, const reals& x) const { return add(before, x); }

    QUANTKIT_LANES reals result(const reals& all) const { return divide(all, broadcast(divisor)); }
};

/// Rows [first, last) of x make one row of y.
template <class Kind>
QUANTKIT_LANES void pool_rows(Kind kind, row_view<const float> x, std::size_t first, std::size_t last, float* y,
                              std::size_t channels)
{
    for (std::size_t j = 0; j < channels; j += block_columns)
    {
        const std::size_t count = columns_at(j, channels);
        reals value = broadcast(Kind::start);
        for (std::size_t i = first; i < last; ++i)
            value = kind.next(value, load(x.row(i) + j, count, 0.0f));
        store(y + j, kind.result(value), count);
    }
}

template <class Kind>
QUANTKIT_LANES void pool(Kind kind, const pool_window& window, const float* x, float* y)
{
    QUANTKIT_ASSERT(window.is_valid());
    const row_view<const float> rows { x, static_cast<std::ptrdiff_t>(window.channels) };
    for (std::size_t t = 0; t < window.time_out(); ++t, y += window.channels)
    {
        const std::size_t begin = t * window.stride, end = begin + window.kernel; // of padded time
        const std::size_t first = std::max(begin, window.padding) - window.padding;
        pool_rows(kind, rows, first, std::min(end - window.padding, window.time_in), y, window.channels);
    }
}

QUANTKIT_ROWS void max_pool(const pool_window& window, const float* x, float* y) noexcept
{
    pool(largest_value {}, window, x, y);
}

QUANTKIT_ROWS void mean_pool(const pool_window& window, const float* x, float* y) noexcept
{
    pool(mean_value { static_cast<float>(window.kernel) }, window, x, y);
}
