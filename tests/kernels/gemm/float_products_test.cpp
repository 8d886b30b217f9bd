// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/float_epilogue.hpp>
#include <quantkit/kernels/gemm/float_panels.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/select_float.hpp>

#include "support/checks.hpp"
#include "support/float_micro_kernels.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::for_each_float_kernel;
    using quantkit::test::guard_page;
    using quantkit::test::guarded_buffer;
    using quantkit::test::require_equal;

    constexpr std::size_t rows[] = { 1, 2, 3, 4, 5, 6, 7, 12, 13, 25 };
    constexpr std::size_t columns[] = { 1, 15, 16, 17, 33, 64, 130 };
    constexpr std::size_t depths[] = { 0, 1, 2, 7, 8, 9, 31, 64, 100 };

    // The weight that the format keeps of a float, and the activation.
    float stored(float weight, operand_format format)
    {
        if (format == operand_format::f32_f16)
            return quantkit::half_to_float(quantkit::float_to_half(weight));
        if (format == operand_format::f32_bf16 || format == operand_format::bf16_bf16)
            return quantkit::bfloat16_to_float(quantkit::float_to_bfloat16(weight));
        return weight;
    }

    float stored_activation(float x, operand_format format)
    {
        return format == operand_format::bf16_bf16 ? stored(x, format) : x;
    }

    using plain = epilogue_of<store_to<float>>;

    template <class Epilogue>
    void run(const micro_kernel& kernel, gemm_extents extents, const real_rows& a, const std::byte* panels,
             const Epilogue& epilogue)
    {
        const packed_b b { kernel.format, extents.n, extents.k, panels, nullptr };
        guarded_buffer<std::byte> workspace(gemm_workspace_bytes(kernel, extents, a), guard_page::before);
        gemm(kernel, extents, a, b, epilogue, nullptr, workspace.data());
    }

    struct float_case
    {
        gemm_extents extents;
        guarded_buffer<float> a, b;

        float_case(gemm_extents size, const std::vector<float>& left, const std::vector<float>& right)
            : extents(size)
            , a(left)
            , b(right)
        {
        }

        matrix_view<const float> rows_of_a() const { return { a.data(), static_cast<std::ptrdiff_t>(extents.k), 1 }; }
        matrix_view<const float> rows_of_b() const { return { b.data(), static_cast<std::ptrdiff_t>(extents.k), 1 }; }

        std::vector<float> product(const micro_kernel& kernel, matrix_view<const float> left) const
        {
            guarded_buffer<std::byte> panels(packed_b_bytes(kernel.format, extents.n, extents.k));
            pack_weights(rows_of_b(), extents.n, extents.k, kernel.format, panels.data());
            guarded_buffer<float> c(extents.m * extents.n);
            std::fill(c.begin(), c.end(), -77.0f);
            const float_epilogue<plain> epilogue { { {},
                                                     { { c.data(), static_cast<std::ptrdiff_t>(extents.n), 1 } } } };
            run(kernel, extents, { left }, panels.data(), epilogue);
            return { c.begin(), c.end() };
        }
    };

    // Sums in double within the bound of recursive summation.
    void require_close(const float_case& data, const std::vector<float>& c, operand_format format)
    {
        const auto& [m, n, k] = data.extents;
        for (std::size_t i = 0; i < m; ++i)
            for (std::size_t j = 0; j < n; ++j)
            {
                double sum = 0.0, magnitude = 0.0;
                for (std::size_t p = 0; p < k; ++p)
                {
                    const double term = double { stored_activation(data.a[i * k + p], format) }
                                        * double { stored(data.b[j * k + p], format) };
                    sum += term;
                    magnitude += std::abs(term);
                }
                const double bound = static_cast<double>(k + 1) * 0x1p-24 * (1 + 0x1p-20) * magnitude;
                if (!(std::abs(double { c[i * n + j] } - sum) <= bound))
                    FAIL("C(", i, ", ", j, ") = ", c[i * n + j], ", but the sum is ", sum, " and the bound ", bound);
            }
    }

    // What every tile with FMA gives: one chain along k, rounded once at each step; of a pair the second value first.
    std::vector<float> chains_of_fma(const float_case& data, operand_format format)
    {
        const auto& [m, n, k] = data.extents;
        const std::size_t swapped = group_values(format) == 2 ? 1 : 0;
        std::vector<float> c(m * n, 0.0f);
        for (std::size_t i = 0; i < m; ++i)
            for (std::size_t j = 0; j < n; ++j)
                for (std::size_t step = 0; step < k + (k & swapped); ++step)
                    if (const std::size_t p = step ^ swapped; p < k)
                        c[i * n + j] = std::fma(stored_activation(data.a[i * k + p], format),
                                                stored(data.b[j * k + p], format), c[i * n + j]);
        return c;
    }

    template <operand_format Format>
    struct of
    {
        static constexpr operand_format format = Format;
    };

    std::vector<float> small_integers(std::size_t count, std::uint64_t seed)
    {
        const std::vector<std::int8_t> codes = quantkit::test::random_codes<std::int8_t>(count, seed, -9, 9);
        return { codes.begin(), codes.end() };
    }
}

TEST_CASE_TEMPLATE("ragged shapes: integers are exact, whatever the layout of A", Format, of<operand_format::f32_f32>,
                   of<operand_format::f32_f16>, of<operand_format::f32_bf16>, of<operand_format::bf16_bf16>)
{
    for (const std::size_t m : rows)
        for (const std::size_t n : columns)
            for (const std::size_t k : depths)
            {
                const float_case data({ m, n, k }, small_integers(m * k, 1), small_integers(n * k, 2));
                std::vector<float> expected(m * n, 0.0f);
                for (std::size_t i = 0; i < m; ++i)
                    for (std::size_t j = 0; j < n; ++j)
                        for (std::size_t p = 0; p < k; ++p)
                            expected[i * n + j] += data.a[i * k + p] * data.b[j * k + p];
                guarded_buffer<float> transposed(m * k);
                for (std::size_t i = 0; i < m; ++i)
                    for (std::size_t p = 0; p < k; ++p)
                        transposed[p * m + i] = data.a[i * k + p];
                CAPTURE(m);
                CAPTURE(n);
                CAPTURE(k);
                for_each_float_kernel<Format::format>(
                    [&](const micro_kernel& kernel)
                    {
                        require_equal(data.product(kernel, data.rows_of_a()), expected);
                        require_equal(data.product(kernel, { transposed.data(), 1, static_cast<std::ptrdiff_t>(m) }),
                                      expected);
                    });
            }
}

TEST_CASE_TEMPLATE("random floats: within the bound of a sum, and with FMA the bits of the chain", Format,
                   of<operand_format::f32_f32>, of<operand_format::f32_f16>, of<operand_format::f32_bf16>,
                   of<operand_format::bf16_bf16>)
{
    for (const gemm_extents size :
         { gemm_extents { 1, 300, 700 }, gemm_extents { 4, 70, 33 }, gemm_extents { 31, 50, 1024 } })
    {
        const float_case data(size, quantkit::test::random_floats(size.m * size.k, 3, -2.0f, 2.0f),
                              quantkit::test::random_floats(size.n * size.k, 4, -2.0f, 2.0f));
        const std::vector<float> with_fma = chains_of_fma(data, Format::format);
        for_each_float_kernel<Format::format>(
            [&](const micro_kernel& kernel)
            {
                const std::vector<float> c = data.product(kernel, data.rows_of_a());
                require_close(data, c, Format::format);
                if (Format::format == operand_format::bf16_bf16 || kernel.level != quantkit::isa_level::scalar)
                    require_equal(c, with_fma);
            });
    }
}

namespace
{
    // Codes with scales and zero points per group of k.
    template <operand_format Format, class Code>
    void check_groups(gemm_extents size, std::size_t group, std::int32_t quant_min, std::int32_t quant_max,
                      bool with_zero_points)
    {
        const std::size_t m = size.m, n = size.n, k = size.k;
        const std::size_t count = (k + group - 1) / group, width = padded_columns(n);
        const std::int32_t shift = float_packing_shift<Code>(Format, quant_min);
        const auto codes =
            quantkit::test::random_codes<Code>(n * k, 1, static_cast<Code>(quant_min), static_cast<Code>(quant_max));
        const auto zero_points = quantkit::test::random_codes<std::int32_t>(n * count, 2, quant_min, quant_max);
        const auto scales = quantkit::test::random_floats(n * count, 3, 0.5f, 2.0f);
        const guarded_buffer<float> x(quantkit::test::random_floats(m * k, 4, -2.0f, 2.0f));
        const auto zero_point = [&](std::size_t g, std::size_t j)
        { return with_zero_points ? zero_points[g * n + j] : -shift; };

        guarded_buffer<std::byte> panels(packed_b_bytes(Format, n, k));
        pack_weight_codes(matrix_view<const Code> { codes.data(), static_cast<std::ptrdiff_t>(k), 1 }, n, k, Format,
                          shift, panels.data());
        guarded_buffer<float> scale_of(count * width), zeros(count * width), row_sums(m * count), c(m * n);
        for (std::size_t g = 0; g < count; ++g)
            for (std::size_t j = 0; j < n; ++j)
            {
                scale_of[group_place(j, g, count)] = scales[g * n + j];
                zeros[group_place(j, g, count)] = static_cast<float>(zero_point(g, j) + shift);
            }
        real_rows { { x.data(), static_cast<std::ptrdiff_t>(k), 1 } }.sum_groups(0, m, k, group, row_sums.data());
        const auto run_rows = [&](const micro_kernel& kernel, std::size_t first, std::size_t height, float* out)
        {
            std::fill_n(out, height * n, -77.0f);
            const real_rows a { { x.data() + first * k, static_cast<std::ptrdiff_t>(k), 1 } };
            const std::size_t panel_stride = count * panel_columns;
            const weight_groups groups { count,
                                         group,
                                         { scale_of.data(), panel_stride, panel_columns },
                                         { with_zero_points ? zeros.data() : nullptr, panel_stride, panel_columns },
                                         row_sums.data() + first * count };
            const plain store { {}, { { out, static_cast<std::ptrdiff_t>(n), 1 } } };
            run(kernel, { height, n, k }, a, panels.data(), grouped_float_epilogue<plain> { groups, store });
        };
        for_each_float_kernel<Format>(
            [&](const micro_kernel& kernel)
            {
                run_rows(kernel, 0, m, c.data());
                guarded_buffer<float> alone(n);
                for (std::size_t i = 0; i < m; ++i)
                {
                    run_rows(kernel, i, 1, alone.data());
                    REQUIRE(std::equal(alone.begin(), alone.end(), c.begin() + i * n));
                }
                for (std::size_t i = 0; i < m; ++i)
                    for (std::size_t j = 0; j < n; ++j)
                    {
                        double sum = 0.0, magnitude = 0.0;
                        for (std::size_t p = 0; p < k; ++p)
                        {
                            const std::size_t g = p / group;
                            const double scale = double { scales[g * n + j] } * double { x[i * k + p] };
                            sum += scale * (int { codes[j * k + p] } - zero_point(g, j));
                            magnitude += std::abs(scale)
                                         * (std::abs(codes[j * k + p] + shift) + std::abs(zero_point(g, j) + shift));
                        }
                        // each group: k roundings of the sum, and of the row sum; scale, zero, product, total
                        const double bound = static_cast<double>(group + count + 6) * 0x1p-24 * 1.001 * magnitude;
                        if (!(std::abs(double { c[i * n + j] } - sum) <= bound))
                            FAIL("C(", i, ", ", j, ") = ", c[i * n + j], ", but the sum is ", sum, ", the bound ",
                                 bound);
                    }
            });
    }
}

TEST_CASE("codes as weights, with scales and zero points per group: the same bits for a row alone and among others")
{
    for (const std::size_t m : { 1u, 2u, 4u, 5u, 13u })
        for (const std::size_t n : { 1u, 16u, 83u })
            for (const std::size_t k : { 0u, 1u, 8u, 31u, 100u, 130u })
                for (const std::size_t group : { 32u, 64u, 256u })
                    for (const bool with_zero_points : { false, true })
                    {
                        CAPTURE(m);
                        CAPTURE(n);
                        CAPTURE(k);
                        CAPTURE(group);
                        check_groups<operand_format::f32_s8, std::int8_t>({ m, n, k }, group, -128, 127,
                                                                          with_zero_points);
                        check_groups<operand_format::f32_s8, std::uint8_t>({ m, n, k }, group, 0, 255,
                                                                           with_zero_points);
                        check_groups<operand_format::f32_u4, std::int8_t>({ m, n, k }, group, -8, 7, with_zero_points);
                        check_groups<operand_format::f32_u4, std::uint8_t>({ m, n, k }, group, 0, 15, with_zero_points);
                    }
}

TEST_CASE("the best float kernel is one that runs here")
{
    const micro_kernel& best = best_float_kernel<operand_format::f32_f16>();
    CHECK(best.format == operand_format::f32_f16);
    CHECK(cpu_runs_float_kernel(best.level));
    CHECK(best.level <= quantkit::isa_cap());
}
