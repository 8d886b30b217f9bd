// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/select_s16.hpp>

#include "support/checks.hpp"
#include "support/int16_products.hpp"
#include "support/shapes.hpp"

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::guard_page;
    using quantkit::test::int16_product;
    using quantkit::test::require_equal;
    using quantkit::test::row_layouts;

    using raw_epilogue = epilogue_of<store_to<std::int32_t>>;

    constexpr auto raw_sums = [](const matrix_view<std::int32_t>& c) { return raw_epilogue { {}, { c } }; };

    std::vector<std::int32_t> modulo_2_32(const std::vector<std::int64_t>& sums)
    {
        std::vector<std::int32_t> wrapped;
        for (const std::int64_t sum : sums)
            wrapped.push_back(static_cast<std::int32_t>(sum));
        return wrapped;
    }

    template <class Check>
    void for_each_int16_kernel(Check check)
    {
        quantkit::test::for_each_runnable(compiled_int16_kernels(), check);
    }

    constexpr std::int64_t magnitude(quantkit::quant_bounds bounds) { return largest_magnitude(bounds, 0); }
}

TEST_CASE("every kernel takes the same packed operands, and the best is one that the CPU has")
{
    for (const micro_kernel* kernel : compiled_int16_kernels())
        CHECK(kernel->format == operand_format::s16_s16);
    const micro_kernel& best = best_int16_kernel();
    CHECK(quantkit::cpu_has(best.level));
    CHECK(best.level <= quantkit::isa_cap());
#if defined(QUANTKIT_X86)
    if (best_micro_kernel().level == quantkit::isa_level::avx2)
        CHECK(best.name() == "avx2_s16");
#endif
}

TEST_CASE("sums of 16-bit codes equal the int64 definition modulo 2^32, for every shape and layout of A")
{
    for (const quantkit::test::matmul_shape& shape : quantkit::test::matmul_shapes)
    {
        CAPTURE(shape.reason);
        const auto product = int16_product::random({ shape.m, shape.n, shape.k }, shape.m + shape.k);
        const std::vector<std::int32_t> expected = modulo_2_32(product.reference());
        for_each_int16_kernel(
            [&](const micro_kernel& kernel)
            {
                for (const auto& how : row_layouts)
                    for (const guard_page side : { guard_page::after, guard_page::before })
                    {
                        CAPTURE(how.reason);
                        require_equal(product.run<std::int32_t>(kernel, raw_sums, how, side), expected);
                    }
            });
    }
}

TEST_CASE("rows of A that would share sets of L1 are packed, with the same sums")
{
    const auto product = int16_product::random({ 13, 40, 512 }, 5, 1000);
    for_each_int16_kernel(
        [&](const micro_kernel& kernel)
        { require_equal(product.run<std::int32_t>(kernel, raw_sums), modulo_2_32(product.reference())); });
}

TEST_CASE("the extremes of 16 bits, also a pair of products beyond int32, do not saturate")
{
    constexpr std::int16_t lowest = std::numeric_limits<std::int16_t>::min(), highest = 32767;
    for (const std::int16_t of_a : { lowest, highest })
        for (const std::int16_t of_b : { lowest, highest })
            for (const std::size_t k : { std::size_t { 2 }, std::size_t { 3 }, std::size_t { 1000 } })
            {
                const auto product = int16_product::constant({ 7, 33, k }, of_a, of_b);
                for_each_int16_kernel(
                    [&](const micro_kernel& kernel)
                    { require_equal(product.run<std::int32_t>(kernel, raw_sums), modulo_2_32(product.reference())); });
            }
}

TEST_CASE("int32 sums are exact up to the k that the ranges allow, and not beyond")
{
    constexpr std::int64_t full = magnitude(quantkit::signed_range<12>::bounds),
                           narrow = magnitude(quantkit::narrow_range<12>::bounds);
    CHECK(max_accumulated_k(full, full) == 511);
    CHECK(max_accumulated_k(narrow, narrow) == 512);
    CHECK(max_accumulated_k(32767, 32767) == 2);
    for (const std::size_t k : { std::size_t { 511 }, std::size_t { 512 } })
    {
        const auto product = int16_product::constant({ 2, 17, k }, -2048, -2048);
        const std::vector<std::int64_t> expected = product.reference();
        for_each_int16_kernel(
            [&](const micro_kernel& kernel)
            {
                const std::vector<std::int32_t> sums = product.run<std::int32_t>(kernel, raw_sums);
                const std::vector<std::int64_t> widened(sums.begin(), sums.end());
                CHECK((widened == expected) == (k == 511));
            });
    }
}
