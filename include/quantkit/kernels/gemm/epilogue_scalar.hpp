// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Epilogue stages on single values: their definition, and what runs where there is no vector version.
#pragma once

#include <quantkit/core/fixed_point.hpp>
#include <quantkit/core/rounding.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace quantkit::kernels::scalar_lanes::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// Element (i, j) of C.
    struct place
    {
        std::size_t i, j;
    };

    /// A product that the compiler may not contract with a following addition.
    QUANTKIT_INLINE float product(float a, float b)
    {
        float result = a * b;
        QUANTKIT_ROUND_HERE(result);
        return result;
    }

    /// Modulo 2^32, as the vector instructions.
    QUANTKIT_INLINE std::int32_t wrapping_difference(std::int32_t x, std::int32_t a, std::int32_t b)
    {
        return static_cast<std::int32_t>(static_cast<std::uint32_t>(x)
                                         - static_cast<std::uint32_t>(a) * static_cast<std::uint32_t>(b));
    }

    QUANTKIT_INLINE std::int32_t apply(const subtract_columns& stage, std::int32_t x, place at)
    {
        return wrapping_difference(x, stage.columns[at.j], 1);
    }

    QUANTKIT_INLINE std::int32_t apply(const subtract_outer& stage, std::int32_t x, place at)
    {
        return stage.rows == nullptr ? x
                                     : wrapping_difference(x, stage.rows[at.i * stage.row_step], stage.columns[at.j]);
    }

    template <class Rounding>
    QUANTKIT_INLINE std::int32_t apply(const rescale_fixed_point<Rounding>& stage, std::int32_t x, place at)
    {
        const std::size_t j = at.j * stage.column_step;
        return Rounding {}(x, { stage.q31[j], stage.shift[j] });
    }

    QUANTKIT_INLINE std::int32_t apply(const clamp_to_codes& stage, std::int32_t x, place)
    {
        return std::clamp(x, stage.bounds.quant_min - stage.zero_point, stage.bounds.quant_max - stage.zero_point)
               + stage.zero_point;
    }

    QUANTKIT_INLINE float apply(const scale_columns& stage, std::int32_t x, place at)
    {
        return product(static_cast<float>(x), stage.columns[at.j]);
    }

    QUANTKIT_INLINE float apply(const scale_columns& stage, float x, place at)
    {
        return product(x, stage.columns[at.j]);
    }

    QUANTKIT_INLINE float apply(const subtract_real_outer& stage, float x, place at)
    {
        return x - product(stage.rows[at.i * stage.row_step], stage.columns[at.j]);
    }

    QUANTKIT_INLINE float apply(const scale_outer& stage, std::int32_t x, place at)
    {
        return product(static_cast<float>(x), stage.rows[at.i * stage.row_step] * stage.columns[at.j]);
    }

    QUANTKIT_INLINE float apply(const add_columns& stage, float x, place at) { return x + stage.columns[at.j]; }

    QUANTKIT_INLINE float apply(const clamp_to& stage, float x, place)
    {
        const float raised = x < stage.low ? stage.low : x;
        return raised > stage.high ? stage.high : raised;
    }

    QUANTKIT_INLINE float apply(const add_matrix<float>& stage, float x, place at)
    {
        return stage.addend.data == nullptr ? x : x + *stage.addend.at(at.i, at.j);
    }

    QUANTKIT_INLINE std::int32_t apply(const add_matrix<std::int32_t>& stage, std::int32_t x, place at)
    {
        return stage.addend.data == nullptr ? x : wrapping_difference(x, *stage.addend.at(at.i, at.j), -1);
    }

    QUANTKIT_INLINE std::int32_t apply(const quantize_to_codes& stage, float x, place)
    {
        const auto low = static_cast<float>(stage.bounds.quant_min - stage.zero_point);
        const auto high = static_cast<float>(stage.bounds.quant_max - stage.zero_point);
        const float scaled = x * stage.factor;
        const float raised = scaled > low ? scaled : low;
        return static_cast<std::int32_t>(round_half_even(raised < high ? raised : high)) + stage.zero_point;
    }

    template <lane_stage Stage>
    QUANTKIT_INLINE float apply(const Stage& stage, float x, place at)
    {
        kernels::detail::run_foreign(stage, &x, 1, at.i, at.j);
        return x;
    }

    template <std::size_t Index, class Epilogue, class Lane>
    QUANTKIT_INLINE void run(const Epilogue& epilogue, Lane x, place at)
    {
        if constexpr (Index == decltype(epilogue.stages)::size)
        {
            using element = std::remove_reference_t<decltype(*epilogue.store.c.data)>;
            static_assert(std::same_as<element, float> == std::same_as<Lane, float>,
                          "sums and codes are stored as integers: to be stored as float they must be scaled");
            *epilogue.store.c.at(at.i, at.j) = static_cast<element>(x);
        }
        else
            run<Index + 1>(epilogue, apply(stage_at<Index>(epilogue.stages), x, at), at);
    }

    template <class Sum, class Epilogue>
    void finish(const finished_tile<Sum>& tile, const Epilogue& epilogue) noexcept
    {
        for (std::size_t row = 0; row < tile.rows; ++row)
            for (std::size_t column = 0; column < tile.columns; ++column)
                run<0>(epilogue, tile.sums[row * tile.tile_stride + column],
                       place { tile.first_row + row, tile.first_column + column });
    }
}
