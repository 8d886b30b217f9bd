// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/select_s16.hpp>
#include <quantkit/kernels/gemm/wide_epilogue.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/int16_products.hpp"
#include "support/shapes.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::guard_page;
    using quantkit::test::guarded_buffer;
    using quantkit::test::int16_product;
    using quantkit::test::require_equal;
    using quantkit::test::row_layouts;

    constexpr auto raw_sums = [](const matrix_view<std::int64_t>& c) { return store_wide { c }; };

    template <class Check>
    void for_each_wide_kernel(Check check)
    {
        quantkit::test::for_each_runnable(compiled_wide_kernels(), check);
    }

    constexpr gemm_extents extents_of(const quantkit::test::matmul_shape& shape)
    {
        return { shape.m, shape.n, shape.k };
    }

    // float(sum) * (scale of the row * scale of the column), each step rounded once.
    std::vector<float> scaled(const std::vector<std::int64_t>& sums, std::size_t columns, const float* row_scales,
                              std::size_t row_step, const float* column_scales)
    {
        std::vector<float> y;
        for (std::size_t i = 0; i < sums.size(); ++i)
        {
            const float scale = row_scales[i / columns * row_step] * column_scales[i % columns];
            y.push_back(static_cast<float>(sums[i]) * scale);
        }
        return y;
    }

    struct scales
    {
        guarded_buffer<float> rows, columns;

        explicit scales(gemm_extents extents)
            : rows(quantkit::test::random_floats(extents.m, 7, 1e-6f, 1e-4f))
            , columns(quantkit::test::random_floats(padded_columns(extents.n), 8, 1e-6f, 1e-4f))
        {
        }
    };

    void check_floats(const int16_product& product)
    {
        const scales factors(product.extents);
        const std::vector<std::int64_t> sums = product.reference();
        for (const std::size_t row_step : { 0u, 1u })
        {
            const auto epilogue = [&](const matrix_view<float>& c)
            {
                using rest = epilogue_of<store_to<float>>;
                return wide_epilogue<rest> { factors.rows.data(), row_step, factors.columns.data(), { {}, { c } } };
            };
            const std::vector<float> expected =
                scaled(sums, product.extents.n, factors.rows.data(), row_step, factors.columns.data());
            for_each_wide_kernel([&](const micro_kernel& kernel)
                                 { require_equal(product.run<float>(kernel, epilogue), expected); });
        }
    }
}

TEST_CASE("sums of 16-bit codes equal the int64 definition, for every shape and layout of A")
{
    for (const quantkit::test::matmul_shape& shape : quantkit::test::matmul_shapes)
    {
        CAPTURE(shape.reason);
        const auto product = int16_product::random(extents_of(shape), shape.m + shape.n);
        const std::vector<std::int64_t> expected = product.reference();
        for_each_wide_kernel(
            [&](const micro_kernel& kernel)
            {
                for (const auto& how : row_layouts)
                    for (const guard_page side : { guard_page::after, guard_page::before })
                    {
                        CAPTURE(how.reason);
                        require_equal(product.run<std::int64_t>(kernel, raw_sums, how, side), expected);
                    }
            });
    }
}

TEST_CASE("without values along k, every sum is 0")
{
    const auto product = int16_product::random({ 3, 20, 0 }, 1);
    for_each_wide_kernel(
        [&](const micro_kernel& kernel)
        { require_equal(product.run<std::int64_t>(kernel, raw_sums), std::vector<std::int64_t>(60, 0)); });
    check_floats(product);
}

TEST_CASE("the extremes of 16 bits where one side is narrow, far beyond int32")
{
    struct extremes
    {
        std::int16_t a, b;
    };
    for (const extremes codes : { extremes { -32768, 32767 }, { -32768, -32767 }, { 32767, -32768 }, { 32767, 32767 } })
    {
        const auto product = int16_product::constant({ 5, 18, 3001 }, codes.a, codes.b);
        for_each_wide_kernel([&](const micro_kernel& kernel)
                             { require_equal(product.run<std::int64_t>(kernel, raw_sums), product.reference()); });
        check_floats(product);
    }
}

TEST_CASE("k beyond what one tile may sum goes on part after part")
{
    for (const std::size_t k : { std::size_t { 131'072 }, std::size_t { 131'073 }, std::size_t { 270'001 } })
    {
        CAPTURE(k);
        const auto constant = int16_product::constant({ 2, 3, k }, -32768, 32767);
        const auto random = int16_product::random({ 2, 3, k }, k);
        for_each_wide_kernel(
            [&](const micro_kernel& kernel)
            {
                require_equal(constant.run<std::int64_t>(kernel, raw_sums), constant.reference());
                require_equal(random.run<std::int64_t>(kernel, raw_sums), random.reference());
            });
        check_floats(constant);
        check_floats(random);
    }
}

TEST_CASE("floats are the sums rounded once, then scaled, with the same bits from every kernel")
{
    for (const quantkit::test::matmul_shape& shape : quantkit::test::matmul_shapes)
    {
        CAPTURE(shape.reason);
        check_floats(int16_product::random(extents_of(shape), shape.k));
    }
}

TEST_CASE("the stages behind the scales run on floats")
{
    const gemm_extents extents { 7, 37, 90 };
    const auto product = int16_product::random(extents, 3);
    const scales factors(extents);
    const guarded_buffer<float> bias(quantkit::test::random_floats(padded_columns(extents.n), 9, -9.0f, 9.0f));
    std::vector<float> expected =
        scaled(product.reference(), extents.n, factors.rows.data(), 1, factors.columns.data());
    for (std::size_t i = 0; i < expected.size(); ++i)
    {
        const float biased =
            static_cast<float>(static_cast<double>(expected[i]) + static_cast<double>(bias[i % extents.n]));
        expected[i] = biased < 0.0f ? 0.0f : biased;
    }
    const auto epilogue = [&](const matrix_view<float>& c)
    {
        using rest = epilogue_of<store_to<float>, add_columns, clamp_to>;
        return wide_epilogue<rest> {
            factors.rows.data(), 1, factors.columns.data(), { { add_columns { bias.data() }, clamp_to {} }, { c } }
        };
    };
    for_each_wide_kernel([&](const micro_kernel& kernel)
                         { require_equal(product.run<float>(kernel, epilogue), expected); });
}

TEST_CASE("threads do not change a bit")
{
    Eigen::ThreadPool pool(3);
    const quantkit::thread_pool threads(pool);
    for (const gemm_extents extents : { gemm_extents { 60, 130, 600 }, gemm_extents { 1, 900, 1500 } })
    {
        const auto product = int16_product::random(extents, extents.m);
        for_each_wide_kernel(
            [&](const micro_kernel& kernel)
            {
                require_equal(product.run<std::int64_t>(kernel, raw_sums, row_layouts[0], guard_page::after, threads),
                              product.reference());
            });
    }
}
