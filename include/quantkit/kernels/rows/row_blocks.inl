// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Blocks of 16 columns: the operations of activations.inl, and those of rows, on a few registers at a time.
///
/// Each operation runs on all registers of a block before the next one does: the chains of an activation are long, and
/// a processor looks only so far ahead for what else it may do.
///
/// rows_<isa>.hpp includes this inside a namespace of its own, as activations.inl is included; there
///
///     QUANTKIT_UNROLL_PARTS       before a loop over the registers of a block
///     lanes                       the namespace of the operations on one register
///     lane_count                  lanes of a register
///     load_lanes(x)               a whole register
///     load_some(x, count, fill)   the first count lanes, 0 and lane_count included; the others are fill
///     store_lanes(y, v), store_some(y, v, count)
///     larger(a, b)                a > b ? a : b, b where one of them is NaN
///     power_of_two_of(shifted)    2^n, -127 < n < 128, and 0 for n = -127, where shifted = n + activation::to_integer
///     sum_of_lanes(v), max_of_lanes(v): lanes l and l + lane_count / 2, then l and l + lane_count / 4, ...

inline constexpr std::size_t block_columns = 16;
inline constexpr std::size_t row_group = 4; ///< rows that take each step of an operation together: a sum of one is
                                            ///< not waited for while there are others
inline constexpr std::size_t block_parts = block_columns / lane_count;

struct reals
{
    lanes::reals part[block_parts];
};

/// Columns of the block at j: all but the last are whole.
QUANTKIT_LANES std::size_t columns_at(std::size_t j, std::size_t columns)
{
    return std::min(columns - j, block_columns);
}

/// Lanes of one part that exist, where the block has `count`.
QUANTKIT_LANES std::size_t lanes_of_part(std::size_t part, std::size_t count)
{
    const std::size_t before = part * lane_count;
    return count <= before ? 0 : std::min(count - before, lane_count);
}

QUANTKIT_LANES reals load(const float* x, std::size_t count, float fill)
{
    const bool whole = count == block_columns;
    reals result;
    QUANTKIT_UNROLL_PARTS
    for (std::size_t p = 0; p < block_parts; ++p)
    {
        const float* lanes_of_x = x + p * lane_count;
        result.part[p] = whole ? load_lanes(lanes_of_x) : load_some(lanes_of_x, lanes_of_part(p, count), fill);
    }
    return result;
}

QUANTKIT_LANES void store(float* y, const reals& x, std::size_t count)
{
    const bool whole = count == block_columns;
    QUANTKIT_UNROLL_PARTS
    for (std::size_t p = 0; p < block_parts; ++p)
        if (whole)
            store_lanes(y + p * lane_count, x.part[p]);
        else
            store_some(y + p * lane_count, x.part[p], lanes_of_part(p, count));
}

/// The body of what follows: the same on each register p.
#define QUANTKIT_EACH_PART(...)                                                                                        \
    reals result;                                                                                                      \
    QUANTKIT_UNROLL_PARTS for (std::size_t p = 0; p < block_parts; ++p) result.part[p] = __VA_ARGS__;                  \
    return result

QUANTKIT_LANES reals broadcast(float x) { QUANTKIT_EACH_PART(lanes::broadcast(x)); }

QUANTKIT_LANES reals add(const reals& a, const reals& b) { QUANTKIT_EACH_PART(lanes::add(a.part[p], b.part[p])); }

QUANTKIT_LANES reals subtract(const reals& a, const reals& b)
{
    QUANTKIT_EACH_PART(lanes::subtract(a.part[p], b.part[p]));
}

QUANTKIT_LANES reals multiply(const reals& a, const reals& b)
{
    QUANTKIT_EACH_PART(lanes::multiply(a.part[p], b.part[p]));
}

QUANTKIT_LANES reals divide(const reals& a, const reals& b) { QUANTKIT_EACH_PART(lanes::divide(a.part[p], b.part[p])); }

QUANTKIT_LANES reals larger(const reals& a, const reals& b) { QUANTKIT_EACH_PART(larger(a.part[p], b.part[p])); }

QUANTKIT_LANES reals at_least(const reals& x, float low) { QUANTKIT_EACH_PART(lanes::at_least(x.part[p], low)); }

QUANTKIT_LANES reals if_below(const reals& x, float limit, const reals& below, const reals& otherwise)
{
    QUANTKIT_EACH_PART(lanes::if_below(x.part[p], limit, below.part[p], otherwise.part[p]));
}

QUANTKIT_LANES reals if_nan(const reals& x, const reals& where_nan, const reals& otherwise)
{
    QUANTKIT_EACH_PART(lanes::if_nan(x.part[p], where_nan.part[p], otherwise.part[p]));
}

QUANTKIT_LANES reals negative_magnitude(const reals& x) { QUANTKIT_EACH_PART(lanes::negative_magnitude(x.part[p])); }

QUANTKIT_LANES reals times_power_of_two(const reals& x, const reals& shifted)
{
    QUANTKIT_EACH_PART(lanes::times_power_of_two(x.part[p], shifted.part[p]));
}

QUANTKIT_LANES reals power_of_two_of(const reals& shifted) { QUANTKIT_EACH_PART(power_of_two_of(shifted.part[p])); }

#undef QUANTKIT_EACH_PART

/// Columns j and j + 8, then j and j + 4, ..., until one is left.
QUANTKIT_LANES float sum_of(reals x)
{
    for (std::size_t half = block_parts / 2; half > 0; half /= 2)
    {
        QUANTKIT_UNROLL_PARTS
        for (std::size_t p = 0; p < half; ++p)
            x.part[p] = lanes::add(x.part[p], x.part[p + half]);
    }
    return sum_of_lanes(x.part[0]);
}

QUANTKIT_LANES float max_of(const reals& x)
{
    lanes::reals result = x.part[0];
    QUANTKIT_UNROLL_PARTS
    for (std::size_t p = 1; p < block_parts; ++p)
        result = larger(result, x.part[p]);
    return max_of_lanes(result);
}
