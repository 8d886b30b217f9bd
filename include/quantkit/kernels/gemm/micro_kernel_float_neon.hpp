// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Products in float with NEON, the aarch64 baseline, which has FMA and converts binary16. Main tile 6 x 16: 24
/// accumulators, 4 registers of B, 1 of A: 29 of 32.
///
/// ARM's products of bfloat16 (BFDOT, BFMMLA) are not used: without FEAT_EBF16 they round to odd and flush subnormals.
#pragma once

#include <quantkit/kernels/gemm/micro_kernel_float.hpp>

#if defined(__aarch64__)
#include <arm_neon.h>

#include <utility>

namespace quantkit::kernels
{
    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
        /// One group step, 16 columns, as it is loaded; and value i of its groups as floats.
        ///
        /// f32_f32, f32_f16, f32_bf16, f32_s8: one value to the group, widened at once.
        template <operand_format Format>
        struct neon_weights
        {
            float32x4_t columns[4];

            QUANTKIT_INLINE explicit neon_weights(const std::byte* step)
            {
                if constexpr (Format == operand_format::f32_s8)
                    load_codes(vld1q_s8(reinterpret_cast<const std::int8_t*>(step)));
                else
                {
                    QUANTKIT_UNROLL(4)
                    for (int part = 0; part < 4; ++part)
                        columns[part] = load(step + part * int { 4 * group_bytes_of_b(Format) });
                }
            }

            QUANTKIT_INLINE float32x4_t value(int, int part) const { return columns[part]; }

        private:
            static QUANTKIT_INLINE float32x4_t load(const std::byte* from)
            {
                if constexpr (Format == operand_format::f32_f32)
                    return vld1q_f32(reinterpret_cast<const float*>(from));
                else
                {
                    const uint16x4_t bits = vld1_u16(reinterpret_cast<const std::uint16_t*>(from));
                    if constexpr (Format == operand_format::f32_f16)
                        return vcvt_f32_f16(vreinterpret_f16_u16(bits));
                    else
                        return vreinterpretq_f32_u32(vshll_n_u16(bits, 16));
                }
            }

            QUANTKIT_INLINE void load_codes(int8x16_t codes)
            {
                const int16x8_t left = vmovl_s8(vget_low_s8(codes)), right = vmovl_high_s8(codes);
                columns[0] = vcvtq_f32_s32(vmovl_s16(vget_low_s16(left)));
                columns[1] = vcvtq_f32_s32(vmovl_high_s16(left));
                columns[2] = vcvtq_f32_s32(vmovl_s16(vget_low_s16(right)));
                columns[3] = vcvtq_f32_s32(vmovl_high_s16(right));
            }
        };

        /// Eight codes to the word of a column.
        template <>
        struct neon_weights<operand_format::f32_u4>
        {
            uint32x4_t words[4];

            QUANTKIT_INLINE explicit neon_weights(const std::byte* step)
            {
                QUANTKIT_UNROLL(4)
                for (int part = 0; part < 4; ++part)
                    words[part] = vld1q_u32(reinterpret_cast<const std::uint32_t*>(step) + 4 * part);
            }

            QUANTKIT_INLINE float32x4_t value(int i, int part) const
            {
                return vcvtq_f32_u32(i == 7 ? vshrq_n_u32(words[part], 28)
                                            : vandq_u32(words[part], vdupq_n_u32(0xfu << (4 * i))));
            }
        };

        /// A product that the compiler may not contract with a following addition.
        QUANTKIT_INLINE float32x4_t neon_product(float32x4_t a, float32x4_t b)
        {
            float32x4_t result = vmulq_f32(a, b);
            QUANTKIT_ROUND_HERE(result);
            return result;
        }
    }
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
    template <operand_format Format>
    struct neon_float_tiles
    {
        static constexpr isa_level level = isa_level::neon;
        static constexpr operand_format format = Format;
        static constexpr lane_family lanes = lane_family::scalar;
        static constexpr bool direct_output = false;
        static constexpr std::size_t main_panels = 1;
        static constexpr int max_rows[3] = { 6, 3, 1 };
        static constexpr int grouped_rows = float_grouped_rows<Format>;

        template <int Rows, int Panels>
        static void tile(const tile_operands& operands, std::int32_t* c, std::size_t ldc) noexcept
        {
            auto* out = reinterpret_cast<float*>(c);
            if constexpr (Rows <= grouped_rows)
                if (operands.grouped != nullptr)
                    return grouped_tile<Rows, Panels>(operands, *operands.grouped, out, ldc);
            float32x4_t sum[Rows][Panels][4];
            detail::strip_rows<Rows, group_bytes_of_a(Format)> a { operands };
            const std::byte* b = operands.b;
            sum_steps<Rows>(a, b, operands.groups, operands.panel_stride, sum);
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                {
                    QUANTKIT_UNROLL(4)
                    for (int part = 0; part < 4; ++part)
                        vst1q_f32(out + offset_of(row, panel, part, ldc), sum[row][panel][part]);
                }
            }
        }

    private:
        using weights = detail::neon_weights<Format>;

        QUANTKIT_INLINE static std::size_t offset_of(int row, int panel, int part, std::size_t ldc)
        {
            return static_cast<std::size_t>(row) * ldc + static_cast<std::size_t>(panel) * panel_columns
                   + static_cast<std::size_t>(part) * 4;
        }

        /// Totals stay in c: with the sums of a group they would be more than the registers hold.
        template <int Rows, int Panels>
        static QUANTKIT_INLINE void grouped_tile(const tile_operands& operands, const scaled_groups& groups, float* c,
                                                 std::size_t ldc)
        {
            for (std::size_t row = 0; row < Rows; ++row)
                for (std::size_t column = 0; column < Panels * panel_columns; column += 4)
                    vst1q_f32(c + row * ldc + column, vdupq_n_f32(0.0f));
            detail::strip_rows<Rows, group_bytes_of_a(Format)> a { operands };
            const std::byte* b = operands.b;
            for (std::size_t step = 0, group = 0; step < operands.groups; step += groups.steps, ++group)
            {
                const std::size_t left = operands.groups - step;
                float32x4_t sum[Rows][Panels][4];
                sum_steps<Rows>(a, b, groups.steps < left ? groups.steps : left, operands.panel_stride, sum);
                add_group<Rows>(groups, group, sum, c, ldc);
            }
        }

        template <int Rows, int Panels>
        static QUANTKIT_INLINE void add_group(const scaled_groups& groups, std::size_t group,
                                              const float32x4_t (&sum)[Rows][Panels][4], float* c, std::size_t ldc)
        {
            QUANTKIT_UNROLL(4)
            for (int panel = 0; panel < Panels; ++panel)
            {
                QUANTKIT_UNROLL(4)
                for (int part = 0; part < 4; ++part)
                {
                    const auto at_panel = static_cast<std::size_t>(panel);
                    const float32x4_t scales = vld1q_f32(groups.scales.at(at_panel, group) + part * 4);
                    QUANTKIT_UNROLL(4)
                    for (int row = 0; row < Rows; ++row)
                    {
                        float32x4_t centered = sum[row][panel][part];
                        if (!groups.zero_points.empty())
                        {
                            const float* row_sums =
                                groups.row_sums + static_cast<std::size_t>(row) * groups.row_sums_stride;
                            const float32x4_t zero_points =
                                vld1q_f32(groups.zero_points.at(at_panel, group) + part * 4);
                            centered =
                                vsubq_f32(centered, detail::neon_product(vdupq_n_f32(row_sums[group]), zero_points));
                        }
                        float* const at = c + offset_of(row, panel, part, ldc);
                        vst1q_f32(at, vaddq_f32(detail::neon_product(centered, scales), vld1q_f32(at)));
                    }
                }
            }
        }

        /// Moves a and b behind these steps.
        template <int Rows, int Panels, class Strip>
        static QUANTKIT_INLINE void sum_steps(Strip& a, const std::byte*& b, std::size_t steps,
                                              std::size_t panel_stride, float32x4_t (&sum)[Rows][Panels][4])
        {
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                {
                    QUANTKIT_UNROLL(4)
                    for (int part = 0; part < 4; ++part)
                        sum[row][panel][part] = vdupq_n_f32(0.0f);
                }
            }
            for (; steps > 0; --steps)
            {
                QUANTKIT_UNROLL(4)
                for (int panel = 0; panel < Panels; ++panel)
                    add_all_products<Rows>(a, weights(b + static_cast<std::size_t>(panel) * panel_stride), panel, sum,
                                           std::make_integer_sequence<int, int { group_values(Format) }> {});
                a.advance();
                b += panel_columns * group_bytes_of_b(Format);
            }
        }

        template <int Rows, int Panels, class Strip, int... I>
        static QUANTKIT_INLINE void add_all_products(const Strip& a, const weights& step, int panel,
                                                     float32x4_t (&sum)[Rows][Panels][4],
                                                     std::integer_sequence<int, I...>)
        {
            (add_products<Rows>(a, step, I, panel, sum), ...);
        }

        template <int Rows, int Panels, class Strip>
        static QUANTKIT_INLINE void add_products(const Strip& a, const weights& step, int i, int panel,
                                                 float32x4_t (&sum)[Rows][Panels][4])
        {
            float32x4_t columns[4];
            QUANTKIT_UNROLL(4)
            for (int part = 0; part < 4; ++part)
            {
                columns[part] = step.value(i, part);
                __asm__("" : "+w"(columns[part])); // GCC would widen it again for each row
            }
            QUANTKIT_UNROLL(6)
            for (int row = 0; row < Rows; ++row)
            {
                const float32x4_t x = vld1q_dup_f32(reinterpret_cast<const float*>(a.at(row)) + i);
                QUANTKIT_UNROLL(4)
                for (int part = 0; part < 4; ++part)
                    sum[row][panel][part] = vfmaq_f32(sum[row][panel][part], x, columns[part]);
            }
        }
    };
}
#endif
