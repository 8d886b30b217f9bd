// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What happens to a tile of int32 sums on its way to C: stages that are plain structs, composed as a list.
///
/// An epilogue is `epilogue_of<Store, Stages...>`: each stage takes the lanes that the one before it left, and the
/// store writes them. A stage here is configuration only; how it runs on 1, 8 or 16 lanes is an overload of apply() or
/// bind(), found by its last argument, place: in epilogue_<isa>.hpp, and for stages that need more than a line in
/// headers of their own. A stage that these do not know works as well, if it is callable as float(float x, std::size_t
/// row, std::size_t column): it runs lane by lane.
///
/// Arrays with one entry per column hold padded_columns(n) entries, so that lanes may be read beyond n.
///
/// No product is fused with the addition that follows it, on any instruction set: every ISA gives the same floats.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/kernels/gemm/activations.hpp>
#include <quantkit/kernels/gemm/extents.hpp>
#include <quantkit/kernels/gemm/micro_kernel.hpp>
#include <quantkit/kernels/gemm/stage_list.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace quantkit::kernels
{
    // int32 -> int32

    /// x - columns[j]: the zero point of A times the column sums of B, and an integer bias with its sign turned.
    struct subtract_columns
    {
        const std::int32_t* columns = nullptr;
    };

    /// x - rows[i * row_step] * columns[j]: the same where the zero point of A is known late (row_step 0) or differs
    /// from row to row (row_step 1); or zero points of B times row sums of A. Where rows is null, x.
    struct subtract_outer
    {
        const std::int32_t* rows = nullptr;
        std::size_t row_step = 1;
        const std::int32_t* columns = nullptr;
    };

    /// x * q31[j * column_step] * 2^(shift[j * column_step] - 31), rounded as core/fixed_point.hpp says.
    ///
    /// Rounding     double_rounding or single_rounding
    /// column_step  0 for one multiplier, 1 for one per column
    /// q31, shift   q31 >= 0, shift in [-31, Rounding::max_shift]
    template <class Rounding>
    struct rescale_fixed_point
    {
        const std::int32_t* q31 = nullptr;
        const std::int32_t* shift = nullptr;
        std::size_t column_step = 1;
    };

    /// clamp(zero_point + x), the sum not modulo anything.
    struct clamp_to_codes
    {
        std::int32_t zero_point = 0;
        quant_bounds bounds;
    };

    // int32 -> float

    /// float(x) * columns[j]; also of floats
    struct scale_columns
    {
        const float* columns = nullptr;
    };

    /// float(x) * (rows[i * row_step] * columns[j])
    struct scale_outer
    {
        const float* rows = nullptr;
        std::size_t row_step = 1;
        const float* columns = nullptr;
    };

    // float -> float

    /// x + columns[j]
    struct add_columns
    {
        const float* columns = nullptr;
    };

    /// x - rows[i * row_step] * columns[j]
    struct subtract_real_outer
    {
        const float* rows = nullptr;
        std::size_t row_step = 1;
        const float* columns = nullptr;
    };

    /// min(max(x, low), high); NaN stays NaN. ReLU is [0, infinity), ReLU6 [0, 6].
    struct clamp_to
    {
        float low = 0.0f;
        float high = std::numeric_limits<float>::infinity();
    };

    // float -> float, or int32 -> int32

    /// x + addend(i, j), int32 modulo 2^32. The addend may be C itself, which then accumulates: C += x. Where its data
    /// is null, x.
    template <class T>
    struct add_matrix
    {
        matrix_view<const T> addend;
    };

    // float -> int32

    /// clamp(zero_point + round_half_even(x * factor)), factor = 1 / scale of the output; or 1, where the scales before
    /// it already hold activation scale * weight scale / output scale (ONNX QLinearMatMul).
    struct quantize_to_codes
    {
        float factor = 1.0f;
        std::int32_t zero_point = 0;
        quant_bounds bounds;
    };

    // stores

    /// Writes int32, float or, from int32 lanes that fit, 8-bit codes.
    template <class T>
    struct store_to
    {
        matrix_view<T> c;
    };

    /// Stages in order, and where their result goes.
    template <class Store, class... Stages>
    struct epilogue_of
    {
        stage_list<Stages...> stages;
        Store store;
    };

    template <class Stage>
    concept lane_stage = requires(const Stage& stage, float x, std::size_t index)
    {
        {
            stage(x, index, index)
            } -> std::convertible_to<float>;
    };

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// A foreign stage on `count` lanes of row i, from column j on.
        ///
        /// Compiled for the flags of the translation unit and never inlined into a function for another instruction
        /// set, where x * a + b would be fused: the stage gives the same floats whatever the lanes.
        template <lane_stage Stage>
        QUANTKIT_NOINLINE void run_foreign(const Stage& stage, float* lanes, std::size_t count, std::size_t i,
                                           std::size_t j)
        {
            for (std::size_t lane = 0; lane < count; ++lane)
                lanes[lane] = stage(lanes[lane], i, j + lane);
        }

        /// Which stages micro-kernels may run after the scale: none, a bias, bounds or both; an activation that proves
        /// to be bounds or nothing, and an addend that there is not.
        template <class... Optional>
        inline constexpr bool tiles_run = sizeof...(Optional) == 0;
        template <>
        inline constexpr bool tiles_run<add_columns> = true;
        template <>
        inline constexpr bool tiles_run<clamp_to> = true;
        template <>
        inline constexpr bool tiles_run<add_columns, clamp_to> = true;
        template <>
        inline constexpr bool tiles_run<add_columns, apply_activation> = true;
        template <>
        inline constexpr bool tiles_run<add_columns, apply_activation, add_matrix<float>> = true;

        // Whether a stage does what tiles have no code for.
        inline bool is_beyond_tiles(const subtract_outer& stage) { return stage.rows != nullptr; }
        inline bool is_beyond_tiles(const add_matrix<float>& stage) { return stage.addend.data != nullptr; }
        inline bool is_beyond_tiles(const apply_activation& stage)
        {
            return stage.function != activation_function::none && stage.function != activation_function::relu;
        }
        template <class Stage>
        bool is_beyond_tiles(const Stage&)
        {
            return false;
        }
    }

    /// A tile and where it lies in C: rows x columns are to be written, the tile's rows are tile_stride apart.
    ///
    /// Sum   std::int32_t: rows are whole panels wide, so that lanes beyond `columns` may be read;
    ///       float for a product that was made in float and has only float stages left: nothing beyond is read
    template <class Sum>
    struct finished_tile
    {
        const Sum* sums = nullptr;
        std::size_t tile_stride = 0;
        std::size_t rows = 0, columns = 0;
        std::size_t first_row = 0, first_column = 0;
    };

    /// Runs an epilogue on a tile, compiled for some lanes.
    template <class Sum, class Epilogue>
    using finish_function = void (*)(const finished_tile<Sum>&, const Epilogue&) noexcept;
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Whether micro-kernels may write the sums to C themselves: those that need no stage, or offsets alone.
    template <class Epilogue>
    inline constexpr bool stores_sums = false;
    /// As they are.
    template <>
    inline constexpr bool stores_sums<epilogue_of<store_to<std::int32_t>>> = true;
    /// Less offsets.
    template <>
    inline constexpr bool stores_sums<epilogue_of<store_to<std::int32_t>, subtract_columns>> = true;

    /// An epilogue that a tile may run on its registers (micro_kernel.hpp): sums less offsets, scaled, and then what
    /// Optional says.
    template <class... Optional>
    using scaled_epilogue = epilogue_of<store_to<float>, subtract_columns, scale_columns, Optional...>;

    /// The same with zero points of B, where a tile may run it if they are null.
    template <class... Optional>
    using corrected_epilogue =
        epilogue_of<store_to<float>, subtract_columns, subtract_outer, scale_columns, Optional...>;

    /// Whether micro-kernels may run it on their registers.
    template <class Epilogue>
    inline constexpr bool is_scaled_output = false;
    /// Without zero points of B.
    template <class... Optional>
    inline constexpr bool is_scaled_output<scaled_epilogue<Optional...>> = detail::tiles_run<Optional...>;
    /// Where they are null.
    template <class... Optional>
    inline constexpr bool is_scaled_output<corrected_epilogue<Optional...>> = detail::tiles_run<Optional...>;

    /// Whether, after all, something in it is beyond tiles: zero points of B that correct the sums, an activation other
    /// than ReLU, or an addend.
    template <class Store, class... Stages>
    bool needs_lanes(const epilogue_of<Store, Stages...>& epilogue)
    {
        return (detail::is_beyond_tiles(stage_of<Stages>(epilogue.stages)) || ...);
    }

    /// What it subtracts from the sums of each column, where it does so once; else null.
    template <class Store, class... Stages>
    const std::int32_t* offsets_of(const epilogue_of<Store, Stages...>& epilogue)
    {
        if constexpr ((std::size_t { std::same_as<Stages, subtract_columns> } + ... + 0) == 1)
            return stage_of<subtract_columns>(epilogue.stages).columns;
        else
            return nullptr;
    }

    /// Its scaled_output for the whole of C.
    template <class Store, class... Stages>
    scaled_output scaled_output_of(const epilogue_of<Store, Stages...>& epilogue)
    {
        scaled_output out;
        out.scales = stage_of<scale_columns>(epilogue.stages).columns;
        if constexpr ((std::same_as<Stages, add_columns> || ...))
            out.bias = stage_of<add_columns>(epilogue.stages).columns;
        if constexpr ((std::same_as<Stages, clamp_to> || ...))
        {
            out.low = stage_of<clamp_to>(epilogue.stages).low;
            out.high = stage_of<clamp_to>(epilogue.stages).high;
        }
        if constexpr ((std::same_as<Stages, apply_activation> || ...))
            if (stage_of<apply_activation>(epilogue.stages).function == activation_function::relu)
                out.low = 0.0f;
        return out;
    }
}
