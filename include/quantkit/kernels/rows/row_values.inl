// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// row_functions::activate and add over the blocks of row_blocks.inl.

template <activation_function F>
QUANTKIT_ROWS void activate_by(const float* x, float* y, std::size_t count) noexcept
{
    for (std::size_t i = 0; i < count; i += block_columns)
    {
        const std::size_t here = columns_at(i, count);
        store(y + i, applied(apply_activation { F }, load(x + i, here, 0.0f)), here);
    }
}

QUANTKIT_ROWS void activate(activation_function f, const float* x, float* y, std::size_t count) noexcept
{
    using enum activation_function;
    constexpr std::array functions { &activate_by<none>,      &activate_by<relu>, &activate_by<gelu>,
                                     &activate_by<gelu_tanh>, &activate_by<silu>, &activate_by<sigmoid>,
                                     &activate_by<tanh> };
    functions[static_cast<std::size_t>(f)](x, y, count);
}

QUANTKIT_ROWS void add_values(const float* a, const float* b, float* y, std::size_t count) noexcept
{
    for (std::size_t i = 0; i < count; i += block_columns)
    {
        const std::size_t here = columns_at(i, count);
        store(y + i, add(load(a + i, here, 0.0f), load(b + i, here, 0.0f)), here);
    }
}
