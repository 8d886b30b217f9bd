// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Epilogue stages on registers of lanes, once for all of them: epilogue_<isa>.hpp includes this inside its namespace,
/// as activations.inl is included, and says there what QUANTKIT_LANES is. <isa>_operations.hpp has the operations. What
/// follows is for them and
///
///     place                       columns of C: from j on, as many as a register holds, and which of them exist
///     store(store_to, x, i, at)   writes the lanes of row i to these columns
///
/// A stage is bound to its columns once, with bind(), which loads what it knows of them into registers; the bound stage
/// then runs on every row of the tile.

struct s32
{
    ints v;
};

struct f32
{
    reals v;
};

struct bound_subtract_columns
{
    ints columns;

    QUANTKIT_LANES s32 operator()(s32 x, std::size_t) const { return { subtract(x.v, columns) }; }
};

QUANTKIT_LANES bound_subtract_columns bind(const subtract_columns& stage, place at)
{
    return { load_columns(stage.columns + at.j) };
}

struct bound_subtract_outer
{
    const subtract_outer& stage;
    ints columns;

    QUANTKIT_LANES s32 operator()(s32 x, std::size_t i) const
    {
        if (stage.rows == nullptr)
            return x;
        const ints row = broadcast(stage.rows[i * stage.row_step]);
        return { subtract(x.v, multiply(row, columns)) };
    }
};

QUANTKIT_LANES bound_subtract_outer bind(const subtract_outer& stage, place at)
{
    return { stage, stage.rows == nullptr ? broadcast(0) : load_columns(stage.columns + at.j) };
}

struct bound_scale_columns
{
    reals columns;

    QUANTKIT_LANES f32 operator()(s32 x, std::size_t) const { return { multiply(to_float(x.v), columns) }; }

    QUANTKIT_LANES f32 operator()(f32 x, std::size_t) const { return { multiply(x.v, columns) }; }
};

QUANTKIT_LANES bound_scale_columns bind(const scale_columns& stage, place at)
{
    return { load_columns(stage.columns + at.j) };
}

struct bound_subtract_real_outer
{
    const subtract_real_outer& stage;
    reals columns;

    QUANTKIT_LANES f32 operator()(f32 x, std::size_t i) const
    {
        const reals row = broadcast(stage.rows[i * stage.row_step]);
        return { subtract(x.v, multiply(row, columns)) };
    }
};

QUANTKIT_LANES bound_subtract_real_outer bind(const subtract_real_outer& stage, place at)
{
    return { stage, load_columns(stage.columns + at.j) };
}

struct bound_scale_outer
{
    const scale_outer& stage;
    reals columns;

    QUANTKIT_LANES f32 operator()(s32 x, std::size_t i) const
    {
        const reals row = broadcast(stage.rows[i * stage.row_step]);
        return { multiply(to_float(x.v), multiply(row, columns)) };
    }
};

QUANTKIT_LANES bound_scale_outer bind(const scale_outer& stage, place at)
{
    return { stage, load_columns(stage.columns + at.j) };
}

struct bound_add_columns
{
    reals columns;

    QUANTKIT_LANES f32 operator()(f32 x, std::size_t) const { return { add(x.v, columns) }; }
};

QUANTKIT_LANES bound_add_columns bind(const add_columns& stage, place at)
{
    return { load_columns(stage.columns + at.j) };
}

struct bound_clamp_to
{
    reals low, high;

    QUANTKIT_LANES f32 operator()(f32 x, std::size_t) const
    {
        return { min(high, max(low, x.v)) }; // x where it is NaN
    }
};

QUANTKIT_LANES bound_clamp_to bind(const clamp_to& stage, place)
{
    return { broadcast(stage.low), broadcast(stage.high) };
}

struct bound_quantize_to_codes
{
    reals factor, low, high;
    ints zero_point;

    QUANTKIT_LANES s32 operator()(f32 x, std::size_t) const
    {
        const reals steps = min(max(multiply(x.v, factor), low), high);
        return { add(to_int(steps), zero_point) };
    }
};

QUANTKIT_LANES bound_quantize_to_codes bind(const quantize_to_codes& stage, place)
{
    return { broadcast(stage.factor), broadcast(static_cast<float>(stage.bounds.quant_min - stage.zero_point)),
             broadcast(static_cast<float>(stage.bounds.quant_max - stage.zero_point)), broadcast(stage.zero_point) };
}

/// The bound stages from Index on, in order.
template <std::size_t Index, class Epilogue>
struct bound_stages
{
    decltype(bind(stage_at<Index>(Epilogue::stages), place {})) first;
    bound_stages<Index + 1, Epilogue> rest;

    QUANTKIT_LANES bound_stages(const Epilogue& epilogue, place at)
        : first(bind(stage_at<Index>(epilogue.stages), at))
        , rest(epilogue, at)
    {
    }

    template <class Lanes>
    QUANTKIT_LANES void run(Lanes x, std::size_t i) const
    {
        rest.run(first(x, i), i);
    }

    /// Rows i and i + 1.
    template <class Lanes>
    QUANTKIT_LANES void run(Lanes x, Lanes next, std::size_t i) const
    {
        if constexpr (requires { first.run_both(x, next); })
        {
            first.run_both(x, next);
            rest.run(x, next, i);
        }
        else
            rest.run(first(x, i), first(next, i + 1), i);
    }
};

template <std::size_t Index, class Epilogue>
    requires(Index == decltype(Epilogue::stages)::size)
struct bound_stages<Index, Epilogue>
{
    const Epilogue& epilogue;
    place at;

    QUANTKIT_LANES bound_stages(const Epilogue& whole, place columns)
        : epilogue(whole)
        , at(columns)
    {
    }

    template <class Lanes>
    QUANTKIT_LANES void run(Lanes x, std::size_t i) const
    {
        store(epilogue.store, x, i, at);
    }

    /// Rows i and i + 1.
    template <class Lanes>
    QUANTKIT_LANES void run(Lanes x, Lanes next, std::size_t i) const
    {
        store(epilogue.store, x, i, at);
        store(epilogue.store, next, i + 1, at);
    }
};
