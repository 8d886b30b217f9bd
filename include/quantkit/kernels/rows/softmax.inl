// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// row_functions::softmax over the blocks of row_blocks.inl.

/// 2^x for |x| <= 1/2. Pairs of terms make a chain half as long as one term after the other.
QUANTKIT_LANES reals power_of_rest(const reals& x)
{
    constexpr auto& c = softmax_power;
    const reals square = multiply(x, x);
    const reals low = add(multiply(x, broadcast(c[1])), broadcast(c[0]));
    const reals middle = add(multiply(x, broadcast(c[3])), broadcast(c[2]));
    const reals high = add(multiply(x, broadcast(c[5])), broadcast(c[4]));
    const reals upper = add(multiply(add(multiply(square, broadcast(c[6])), high), square), middle);
    return add(multiply(upper, square), low);
}

/// 2^x for x <= 0, and 0 below 2^-126.5: x = n + rest, and the bits of 2^-127 are those of 0.
QUANTKIT_LANES reals power_of_negative(const reals& x)
{
    const reals bounded = at_least(x, -127.0f);
    const reals shifted = add(bounded, broadcast(activation::to_integer));
    const reals rest = subtract(bounded, subtract(shifted, broadcast(activation::to_integer)));
    return multiply(power_of_rest(rest), power_of_two_of(shifted));
}

/// y = factor * x; returns the largest.
QUANTKIT_LANES float scale_row(const float* x, float factor, float* y, std::size_t columns)
{
    const float first = x[0]; // beyond the columns it does not change the largest
    reals largest = broadcast(-std::numeric_limits<float>::infinity());
    for (std::size_t j = 0; j < columns; j += block_columns)
    {
        const std::size_t count = columns_at(j, columns);
        const reals scaled = multiply(load(x + j, count, first), broadcast(factor));
        largest = larger(scaled, largest);
        store(y + j, scaled, count);
    }
    return max_of(largest);
}

/// y = exp(y - top); returns the sum.
QUANTKIT_LANES float exp_row(float* y, float top, std::size_t columns)
{
    reals total = broadcast(0.0f);
    for (std::size_t j = 0; j < columns; j += block_columns)
    {
        const std::size_t count = columns_at(j, columns);
        const reals values = load(y + j, count, -std::numeric_limits<float>::infinity());
        const reals distance = subtract(values, broadcast(top));
        const reals power = power_of_negative(multiply(distance, broadcast(activation::log2_e)));
        total = add(total, power);
        store(y + j, power, count);
    }
    return sum_of(total);
}

QUANTKIT_LANES void multiply_row(float* y, float factor, std::size_t columns)
{
    for (std::size_t j = 0; j < columns; j += block_columns)
    {
        const std::size_t count = columns_at(j, columns);
        store(y + j, multiply(load(y + j, count, 0.0f), broadcast(factor)), count);
    }
}

QUANTKIT_ROWS void softmax(row_view<const float> x, float factor, row_view<float> y, row_extents size) noexcept
{
    for (std::size_t first = 0; first < size.rows; first += row_group)
    {
        const std::size_t last = std::min(first + row_group, size.rows);
        float tops[row_group], sums[row_group];
        for (std::size_t i = first; i < last; ++i)
            tops[i - first] = scale_row(x.row(i), factor, y.row(i), size.columns);
        for (std::size_t i = first; i < last; ++i)
            sums[i - first] = exp_row(y.row(i), tops[i - first], size.columns);
        for (std::size_t i = first; i < last; ++i)
            multiply_row(y.row(i), 1.0f / sums[i - first], size.columns);
    }
}
