// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a micro-kernel is, the panels that it eats, and the portable one.
///
/// All micro-kernels share one geometry; they differ in the instruction that multiplies, and in what a group holds.
///
///     group   kr consecutive values along k of one row or column, 4 bytes: 4 x 8 bits or 2 x 16 bits; where B is
///             widened as it is loaded, its groups have 2 bytes: 2 x 8 bits
///     strip   `rows` rows of A, each k values in a row (whole groups), a_stride bytes apart
///     panel   16 columns of B over all of k, group by group: one group step is 16 x 4 bytes, a cache line
///
///          A strip                      B panel                        C tile [rows, 16 * panels]
///          row 0: k0..k3 k4..k7 ...     k0..k3          k4..k7
///          row 1: k0..k3 k4..k7 ...     c0 c1 ... c15   c0 c1 ...      sums of rows x 16 per panel, int32
///
/// Each group of A is broadcast and multiplied with 16 groups of B (512 bits) at once. Groups beyond k hold zeros in B.
#pragma once

#include <quantkit/core/config.hpp>
#include <quantkit/kernels/gemm/operand_format.hpp>
#include <quantkit/kernels/gemm/scaled_groups.hpp>
#include <quantkit/kernels/isa.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string_view>
#include <utility>

namespace quantkit::kernels
{
    /// The tallest and the widest micro-tile of any micro-kernel.
    inline constexpr std::size_t max_tile_rows = 12;
    inline constexpr std::size_t max_tile_panels = 4;

    /// The commonest epilogue, which some micro-kernels run on their registers, before a sum ever reaches memory:
    ///
    ///     c[r][j] = min(max(float(sum) * scales[j] + bias[j], low), high)
    ///
    /// Arrays hold whole panels; the limits -infinity, infinity change nothing.
    struct scaled_output
    {
        const float* scales = nullptr;
        const float* bias = nullptr; ///< null for none
        float low = -std::numeric_limits<float>::infinity();
        float high = std::numeric_limits<float>::infinity();
        float* c = nullptr;
        std::size_t ldc = 0; ///< floats from row to row
    };

    /// What one tile multiplies, and where its sums go if not to memory as they are.
    struct tile_operands
    {
        const std::byte* a = nullptr; ///< [rows][groups, 4 bytes], rows a_stride bytes apart
        std::size_t a_stride = 0;
        const std::byte* b = nullptr; ///< [panels][groups, 16, 4 or 2 bytes], panels panel_stride bytes apart
        std::size_t panel_stride = 0;
        std::size_t groups = 0;
        const scaled_groups* grouped = nullptr; ///< only for tiles of up to grouped_rows rows

        // only for micro-kernels with direct_output
        const std::int32_t* offsets = nullptr; ///< [16 * panels * tiles] to subtract from the sums of each row; or null
        const scaled_output* scaled = nullptr;
        std::size_t tiles = 1; ///< to run side by side, each on the panels behind those of the one before
        std::size_t columns = std::numeric_limits<std::size_t>::max(); ///< of C that exist, from the first tile on
    };

    /// c[r][j] = sum over all groups of a[r][group] . b[group][j], modulo 2^32.
    ///
    /// c   [rows, 16 * panels], ldc elements from row to row; unused where operands.scaled says where to go
    using tile_function = void (*)(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept;

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// The four bytes of one group, to be broadcast.
        QUANTKIT_INLINE std::int32_t group_at(const std::byte* bytes)
        {
            std::int32_t values;
            std::memcpy(&values, bytes, sizeof values);
            return values;
        }

        /// The rows of a strip, reached from every third row by base + {0, 1, 2} * stride, which x86 addresses
        /// directly: 12 rows take 4 pointers and the stride, not 12 pointers.
        template <int Rows, std::size_t GroupBytes = group_bytes>
        struct strip_rows
        {
            static constexpr int bases = (Rows + 2) / 3;

            QUANTKIT_INLINE explicit strip_rows(const tile_operands& operands)
                : stride(operands.a_stride)
            {
                QUANTKIT_UNROLL(4)
                for (int i = 0; i < bases; ++i)
                    base[i] = operands.a + static_cast<std::size_t>(3 * i) * stride;
            }

            QUANTKIT_INLINE const std::byte* at(int row) const
            {
                return base[row / 3] + static_cast<std::size_t>(row % 3) * stride;
            }

            QUANTKIT_INLINE std::int32_t group(int row, int ahead = 0) const
            {
                return group_at(at(row) + static_cast<std::size_t>(ahead) * GroupBytes);
            }

            QUANTKIT_INLINE void advance(std::size_t groups = 1)
            {
                QUANTKIT_UNROLL(4)
                for (int i = 0; i < bases; ++i)
                    base[i] += groups * GroupBytes;
            }

            const std::byte* base[bases];
            std::size_t stride;
        };
    }

    /// Which vector code finishes a tile (epilogue) and quantizes rows of A.
    enum class lane_family : std::uint8_t
    {
        scalar,
        avx2,
        avx512
    };

    /// One instruction set's tiles: tile(rows, panels) for 1, 2 and 4 panels and 1 .. max_rows(panels) rows.
    struct micro_kernel
    {
        isa_level level = isa_level::scalar;
        operand_format format = operand_format::s16_s16;
        lane_family lanes = lane_family::scalar;
        /// Whether tiles can write C itself: whether they obey tile_operands::offsets, scaled, tiles
        /// and columns.
        bool direct_output = false;
        /// Exact for uint8 codes of A up to this.
        std::uint8_t largest_a = 255;
        /// What distinguishes it from others of its level, if there are any.
        std::string_view variant {};
        /// Panels of the tile with the best ratio of products to loads.
        std::size_t main_panels = 1;
        std::array<std::size_t, 3> max_rows_of {};
        std::array<std::array<tile_function, max_tile_rows + 1>, 3> tiles {};
        /// Whether tiles leave sums of 64 bits in two halves (micro_kernel_s16_wide.hpp).
        bool sums_in_halves = false;
        /// Tiles of up to so many rows obey tile_operands::grouped.
        std::size_t grouped_rows = 0;

        /// 1, 2, 4 -> 0, 1, 2
        QUANTKIT_INLINE static constexpr std::size_t slot(std::size_t panels) { return panels / 2; }
        QUANTKIT_INLINE constexpr std::size_t max_rows(std::size_t panels) const { return max_rows_of[slot(panels)]; }
        QUANTKIT_INLINE constexpr tile_function tile(std::size_t rows, std::size_t panels) const
        {
            return tiles[slot(panels)][rows];
        }
        QUANTKIT_INLINE constexpr std::string_view name() const { return variant.empty() ? name_of(level) : variant; }
    };

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        template <class Tiles, int Panels, int... Row>
        constexpr std::array<tile_function, max_tile_rows + 1> tiles_of(std::integer_sequence<int, Row...>)
        {
            return { nullptr, &Tiles::template tile<Row + 1, Panels>... };
        }

        template <class Tiles>
        constexpr std::uint8_t largest_a_of()
        {
            if constexpr (requires { Tiles::largest_a; })
                return Tiles::largest_a;
            else
                return 255;
        }

        template <class Tiles>
        constexpr bool sums_in_halves_of()
        {
            return requires { requires Tiles::sums_in_halves; };
        }

        template <class Tiles>
        constexpr std::size_t grouped_rows_of()
        {
            if constexpr (requires { Tiles::grouped_rows; })
                return Tiles::grouped_rows;
            else
                return 0;
        }

        template <class Tiles>
        constexpr std::string_view variant_of()
        {
            if constexpr (requires { Tiles::variant; })
                return Tiles::variant;
            else
                return {};
        }
    }
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The table of a family of tiles: Tiles::tile<Rows, Panels> with Tiles::max_rows[] for 1, 2 and 4 panels.
    template <class Tiles>
    inline constexpr micro_kernel micro_kernel_of {
        Tiles::level,
        Tiles::format,
        Tiles::lanes,
        Tiles::direct_output,
        detail::largest_a_of<Tiles>(),
        detail::variant_of<Tiles>(),
        Tiles::main_panels,
        { Tiles::max_rows[0], Tiles::max_rows[1], Tiles::max_rows[2] },
        { detail::tiles_of<Tiles, 1>(std::make_integer_sequence<int, Tiles::max_rows[0]> {}),
          detail::tiles_of<Tiles, 2>(std::make_integer_sequence<int, Tiles::max_rows[1]> {}),
          detail::tiles_of<Tiles, 4>(std::make_integer_sequence<int, Tiles::max_rows[2]> {}) },
        detail::sums_in_halves_of<Tiles>(),
        detail::grouped_rows_of<Tiles>()
    };

    /// The tables of these families of tiles.
    ///
    /// A table compiles every tile of its family, also for who merely includes the function that names it. So functions
    /// that choose among micro-kernels name families, as parameters of this one, and are templates themselves: where
    /// nothing is multiplied, no tile is compiled.
    template <class... Tiles>
    std::span<const micro_kernel* const> micro_kernels_of()
    {
        static constexpr std::array kernels { &micro_kernel_of<Tiles>... };
        return kernels;
    }

    /// Plain C++ in 16-bit groups: the definition that the others are held against, and the last resort.
    struct scalar_tiles
    {
        static constexpr isa_level level = isa_level::scalar;
        static constexpr operand_format format = operand_format::s16_s16;
        static constexpr lane_family lanes = lane_family::scalar;
        static constexpr bool direct_output = false;
        static constexpr std::size_t main_panels = 1;
        static constexpr int max_rows[3] = { 4, 1, 1 };

        /// A tile of sums; the definition that those of other instruction sets are tested against.
        template <int Rows, int Panels>
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            for (std::size_t row = 0; row < Rows; ++row)
                for (std::size_t panel = 0; panel < Panels; ++panel)
                {
                    const std::byte* a = operands.a + row * operands.a_stride;
                    const std::byte* b = operands.b + panel * operands.panel_stride;
                    std::uint32_t sums[panel_columns] = {};
                    for (std::size_t group = 0; group < operands.groups; ++group)
                    {
                        std::int16_t left[2], right[2 * panel_columns];
                        std::memcpy(left, a + group * group_bytes, sizeof left);
                        std::memcpy(right, b + group * panel_step_bytes, sizeof right);
                        for (std::size_t j = 0; j < panel_columns; ++j)
                            sums[j] += static_cast<std::uint32_t>(left[0] * right[2 * j])
                                       + static_cast<std::uint32_t>(left[1] * right[2 * j + 1]);
                    }
                    std::memcpy(c + row * ldc + panel * panel_columns, sums, sizeof sums);
                }
        }
    };
}
