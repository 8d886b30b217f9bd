// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// NEON, the aarch64 baseline: 16-bit groups, widening multiply-add. Exact.
///
/// Main tile 4 x 16: 16 accumulators, 4 registers of B, 1 of A: 21 of 32.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel.hpp>

#if defined(__aarch64__)
#include <arm_neon.h>

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    struct neon_tiles
    {
        static constexpr isa_level level = isa_level::neon;
        static constexpr operand_format format = operand_format::s16_s16;
        static constexpr lane_family lanes = lane_family::scalar;
        static constexpr bool direct_output = false;
        static constexpr std::size_t main_panels = 1;
        static constexpr int max_rows[3] = { 4, 1, 1 };

        template <int Rows, int Panels>
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            for (std::size_t panel = 0; panel < Panels; ++panel)
                one_panel<Rows>(operands, operands.b + panel * operands.panel_stride, c + panel * panel_columns, ldc);
        }

    private:
        /// The products of value k of each group; vld2 has put those of 8 columns side by side.
        template <int K>
        static QUANTKIT_INLINE void add_products(int32x4_t (&sum)[4], const int16x8x2_t& left, const int16x8x2_t& right,
                                                 int16x4_t values)
        {
            sum[0] = vmlal_lane_s16(sum[0], vget_low_s16(left.val[K]), values, K);
            sum[1] = vmlal_high_lane_s16(sum[1], left.val[K], values, K);
            sum[2] = vmlal_lane_s16(sum[2], vget_low_s16(right.val[K]), values, K);
            sum[3] = vmlal_high_lane_s16(sum[3], right.val[K], values, K);
        }

        template <int Rows>
        static void one_panel(const tile_operands& operands, const std::byte* b, std::int32_t* c,
                              std::size_t ldc) noexcept
        {
            int32x4_t sum[Rows][4];
            QUANTKIT_UNROLL(4)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int part = 0; part < 4; ++part)
                    sum[row][part] = vdupq_n_s32(0);
            }

            detail::strip_rows<Rows> a { operands };
            for (std::size_t group = 0; group < operands.groups; ++group)
            {
                const auto* columns = reinterpret_cast<const std::int16_t*>(b);
                const int16x8x2_t left = vld2q_s16(columns), right = vld2q_s16(columns + 16);
                QUANTKIT_UNROLL(4)
                for (int row = 0; row < Rows; ++row)
                {
                    const int16x4_t values = vreinterpret_s16_s32(vdup_n_s32(a.group(row)));
                    add_products<0>(sum[row], left, right, values);
                    add_products<1>(sum[row], left, right, values);
                }
                a.advance();
                b += panel_step_bytes;
            }

            QUANTKIT_UNROLL(4)
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
