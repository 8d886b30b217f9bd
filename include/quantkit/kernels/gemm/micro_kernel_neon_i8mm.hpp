// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// NEON with the int8 matrix extension (ARMv8.6): sudot adds four s8 x u8 products to an int32. Exact.
///
/// Main tile 6 x 16: 24 accumulators, 1 register of B, 1 of A: 26 of 32. Clang before 16 has the intrinsic only where
/// the flags allow the instruction.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel.hpp>

#if defined(__aarch64__) && (!defined(__clang__) || __clang_major__ >= 16 || defined(__ARM_FEATURE_MATMUL_INT8))
#define QUANTKIT_NEON_I8MM 1
#include <arm_neon.h>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct neon_i8mm_tiles
    {
        static constexpr isa_level level = isa_level::neon_i8mm;
        static constexpr operand_format format = operand_format::u8_s8;
        static constexpr lane_family lanes = lane_family::scalar;
        static constexpr bool direct_output = false;
        static constexpr std::size_t main_panels = 1;
        static constexpr int max_rows[3] = { 6, 1, 1 };

        template <int Rows, int Panels>
        QUANTKIT_TARGET("arch=armv8.2-a+dotprod+i8mm")
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            for (std::size_t panel = 0; panel < Panels; ++panel)
                one_panel<Rows>(operands, operands.b + panel * operands.panel_stride, c + panel * panel_columns, ldc);
        }

    private:
        template <int Rows>
        QUANTKIT_TARGET("arch=armv8.2-a+dotprod+i8mm")
        static void one_panel(const tile_operands& operands, const std::byte* b, std::int32_t* c,
                              std::size_t ldc) noexcept
        {
            int32x4_t sum[Rows][4];
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int part = 0; part < 4; ++part)
                    sum[row][part] = vdupq_n_s32(0);
            }

            detail::strip_rows<Rows> a { operands };
            for (std::size_t group = 0; group < operands.groups; ++group)
            {
                QUANTKIT_UNROLL(4)
                for (int part = 0; part < 4; ++part)
                {
                    const int8x16_t columns = vld1q_s8(reinterpret_cast<const std::int8_t*>(b) + part * 16);
                    QUANTKIT_UNROLL(6)
                    for (int row = 0; row < Rows; ++row)
                        sum[row][part] =
                            vsudotq_lane_s32(sum[row][part], columns, vreinterpret_u8_s32(vdup_n_s32(a.group(row))), 0);
                }
                a.advance();
                b += panel_step_bytes;
            }

            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int part = 0; part < 4; ++part)
                    vst1q_s32(c + static_cast<std::size_t>(row) * ldc + static_cast<std::size_t>(part) * 4,
                              sum[row][part]);
            }
        }
    };
}
#endif
