// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// row_functions::layer_norm over the blocks of row_blocks.inl.

/// x + residual, or x without one; beyond the columns `fill`.
QUANTKIT_LANES reals load_sum(const float* x, const float* residual, std::size_t j, std::size_t count, float fill)
{
    const reals values = load(x + j, count, fill);
    return residual == nullptr ? values : add(values, load(residual + j, count, 0.0f));
}

/// The mean of x + residual.
QUANTKIT_LANES float mean_of_row(const float* x, const float* residual, std::size_t columns)
{
    reals total = broadcast(0.0f);
    for (std::size_t j = 0; j < columns; j += block_columns)
        total = add(total, load_sum(x, residual, j, columns_at(j, columns), 0.0f));
    return sum_of(total) / static_cast<float>(columns);
}

/// What is left to do with distances from the first mean: (distance - shift) * factor.
struct normal_form
{
    float shift, factor;
};

/// y = x + residual - mean.
QUANTKIT_LANES normal_form center_row(const float* x, const float* residual, float mean, float epsilon, float* y,
                                      std::size_t columns)
{
    reals rest = broadcast(0.0f), squares = broadcast(0.0f);
    for (std::size_t j = 0; j < columns; j += block_columns)
    {
        const std::size_t count = columns_at(j, columns);
        const reals distance = subtract(load_sum(x, residual, j, count, mean), broadcast(mean));
        rest = add(rest, distance);
        squares = add(squares, multiply(distance, distance));
        store(y + j, distance, count);
    }
    const auto n = static_cast<float>(columns);
    const float shift = sum_of(rest) / n;
    const float variance = sum_of(squares) / n - scalar_lanes::product(shift, shift);
    return { shift, 1.0f / std::sqrt((variance < 0.0f ? 0.0f : variance) + epsilon) };
}

QUANTKIT_LANES void normalize_row(float* y, normal_form form, const layer_norm_parameters& parameters,
                                  std::size_t columns)
{
    for (std::size_t j = 0; j < columns; j += block_columns)
    {
        const std::size_t count = columns_at(j, columns);
        const reals gamma = load(parameters.gamma + j, count, 0.0f), beta = load(parameters.beta + j, count, 0.0f);
        const reals distance = subtract(load(y + j, count, 0.0f), broadcast(form.shift));
        store(y + j, add(multiply(multiply(distance, broadcast(form.factor)), gamma), beta), count);
    }
}

QUANTKIT_ROWS void layer_norm(row_view<const float> x, row_view<const float> residual,
                              const layer_norm_parameters& parameters, row_view<float> y, row_extents size) noexcept
{
    const auto residual_of = [&](std::size_t i) { return residual.data == nullptr ? nullptr : residual.row(i); };
    for (std::size_t first = 0; first < size.rows; first += row_group)
    {
        const std::size_t last = std::min(first + row_group, size.rows);
        float means[row_group];
        normal_form forms[row_group];
        for (std::size_t i = first; i < last; ++i)
            means[i - first] = mean_of_row(x.row(i), residual_of(i), size.columns);
        for (std::size_t i = first; i < last; ++i)
            forms[i - first] =
                center_row(x.row(i), residual_of(i), means[i - first], parameters.epsilon, y.row(i), size.columns);
        for (std::size_t i = first; i < last; ++i)
            normalize_row(y.row(i), forms[i - first], parameters, size.columns);
    }
}
