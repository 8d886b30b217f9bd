// SPDX-License-Identifier: BSD-3-Clause
// Sizes at both ends: extents of 0, and offsets and numbers of elements beyond 2^31, in memory that is only reserved.
#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/parameter_shape.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/io/data_type.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/tensor/matmul_integer.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>

#include "faults/sparse_memory.hpp"
#include "support/micro_kernels.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace quantkit;

namespace
{
    constexpr std::ptrdiff_t two_31 = std::ptrdiff_t { 1 } << 31;

    /// Of operands whose rows, or columns, lie this far apart.
    constexpr std::ptrdiff_t distance = two_31 + 64;
    constexpr kernels::gemm_extents far_extents { 5, 19, 9 };

    template <class T>
    struct far_matrix
    {
        far_matrix(std::size_t rows, std::size_t columns, bool far_rows)
            : memory(static_cast<std::ptrdiff_t>(far_rows ? rows : columns) * distance)
            , view(far_rows ? kernels::matrix_view<T> { memory.data(), distance, 1 }
                            : kernels::matrix_view<T> { memory.data(), 1, distance })
        {
        }

        kernels::matrix_view<const T> read_only() const { return { view.data, view.row_stride, view.column_stride }; }

        test::sparse_memory<T> memory;
        kernels::matrix_view<T> view;
    };

    struct far_product
    {
        explicit far_product(bool far_rows)
            : a(far_extents.m, far_extents.k, far_rows)
            , b(far_extents.n, far_extents.k, far_rows)
            , sums(far_extents.m, far_extents.n, far_rows)
            , reals(far_extents.m, far_extents.n, far_rows)
        {
            for (std::size_t p = 0; p < far_extents.k; ++p)
            {
                for (std::size_t i = 0; i < far_extents.m; ++i)
                    *a.view.at(i, p) = static_cast<std::uint8_t>(200 + 10 * i + p);
                for (std::size_t j = 0; j < far_extents.n; ++j)
                    *b.view.at(j, p) = static_cast<std::int8_t>(static_cast<int>(p * 9) - 7 * static_cast<int>(j));
            }
        }

        // Of codes as the kernel packs them.
        std::int32_t expected(std::size_t i, std::size_t j, std::int32_t shift) const
        {
            std::int32_t sum = 0;
            for (std::size_t p = 0; p < far_extents.k; ++p)
                sum += (*a.view.at(i, p) + shift) * *b.view.at(j, p);
            return sum;
        }

        far_matrix<std::uint8_t> a;
        far_matrix<std::int8_t> b;
        far_matrix<std::int32_t> sums;
        far_matrix<float> reals;
    };

    // Sums as they are, and as floats, which some micro-kernels write themselves.
    void check_far_product(const far_product& product, const kernels::micro_kernel& kernel)
    {
        using namespace kernels;
        aligned_buffer<std::byte> panels(packed_b_bytes(kernel.format, far_extents.n, far_extents.k));
        aligned_buffer<std::int32_t> column_sums(padded_columns(far_extents.n));
        pack_b(product.b.read_only(), far_extents.n, far_extents.k, kernel.format, panels.data(), column_sums.data());
        const packed_b b { kernel.format, far_extents.n, far_extents.k, panels.data(), column_sums.data() };
        const code_rows<std::uint8_t> a { product.a.read_only() };
        aligned_buffer<std::byte> workspace(gemm_workspace_bytes(kernel, far_extents, a));
        const aligned_buffer<std::int32_t> nothing(padded_columns(far_extents.n));
        aligned_buffer<float> halves(padded_columns(far_extents.n));
        std::fill_n(halves.data(), halves.size(), 0.5f);

        gemm(kernel, far_extents, a, b, epilogue_of<store_to<std::int32_t>> { {}, { product.sums.view } }, nullptr,
             workspace.data());
        gemm(kernel, far_extents, a, b,
             scaled_epilogue<> { { subtract_columns { nothing.data() }, scale_columns { halves.data() } },
                                 { product.reals.view } },
             nullptr, workspace.data());
        const std::int32_t shift = packing_shift<std::uint8_t>(kernel.format, operand::a);
        for (std::size_t i = 0; i < far_extents.m; ++i)
            for (std::size_t j = 0; j < far_extents.n; ++j)
            {
                const std::int32_t sum = product.expected(i, j, shift);
                CHECK(std::exchange(*product.sums.view.at(i, j), 0) == sum);
                CHECK(std::exchange(*product.reals.view.at(i, j), 0.0f) == 0.5f * static_cast<float>(sum));
            }
    }

    /// A matrix of any size whose elements are all the same one.
    template <class Code>
    tensor_view<const Code> constant_matrix(const Code& value, std::ptrdiff_t rows, std::ptrdiff_t columns)
    {
        return { &value, { rows, columns }, { 0, 0 } };
    }
}

TEST_CASE("products whose rows, or columns, lie more than 2^31 elements apart")
{
    for (const bool far_rows : { true, false })
    {
        CAPTURE(far_rows);
        const far_product product(far_rows);
        test::for_each_micro_kernel([&](const kernels::micro_kernel& kernel) { check_far_product(product, kernel); });
    }
}

TEST_CASE("a sum of 2^31 and more products is refused with its length, also beyond 2^32")
{
    const std::uint8_t a = 1;
    const std::int8_t b = 1;
    for (const std::ptrdiff_t k : { two_31, two_31 + 5, 2 * two_31, 2 * two_31 + 5 })
    {
        const std::string text = "k = " + std::to_string(k)
                                 + " products of magnitudes up to 255 and 128 may overflow an int32 sum: k can be 65793"
                                   " at most";
        CHECK_THROWS_WITH_AS(matmul_integer(constant_matrix(a, 2, k), constant_matrix(b, k, 3)),
                             doctest::Contains(text.c_str()), std::invalid_argument);
    }
}

TEST_CASE("observers of tensors whose elements lie more than 2^31 apart")
{
    const test::sparse_memory<float> memory(3 * two_31);
    const tensor_view<float> x(memory.data(), { 2, 3 }, { 8, two_31 - 8 });
    memory[8 + 2 * (two_31 - 8)] = -3.0f;
    memory[two_31 - 8] = 5.0f;
    minmax_observer all;
    all.observe(x);
    CHECK(all.range() == real_range { -3.0f, 5.0f });
}

TEST_CASE("shapes near 2^31 and beyond 2^63: counted exactly, or refused")
{
    CHECK(element_count({ two_31, two_31 - 1 }) == two_31 * (two_31 - 1));
    CHECK(element_count({ two_31, 0, two_31 }) == 0);
    CHECK(row_major_strides({ 2, two_31 + 1, 3 }) == tensor_strides { 3 * (two_31 + 1), 3, 1 });
    CHECK(byte_count({ two_31, two_31, 2 }, data_type::int8) == std::nullopt);
    CHECK(byte_count({ two_31, two_31 - 1 }, data_type::uint8) == static_cast<std::size_t>(two_31 * (two_31 - 1)));
    CHECK(byte_count({ two_31, two_31 }, data_type::float32) == std::nullopt);
    CHECK(bytes_of({ two_31 + 1, 3 }, precision::int4).values == static_cast<std::size_t>(3 * (two_31 + 1) + 1) / 2);
    CHECK_THROWS_AS(bytes_of({ two_31, two_31, 4 }, precision::int8), std::invalid_argument);
    CHECK(parameter_shape({ 2, two_31 + 1 }, per_group { 1, 2 }) == tensor_shape { 2, two_31 / 2 + 1 });
    CHECK(parameter_shape({ 2, 5 }, per_group { 1, std::numeric_limits<std::ptrdiff_t>::max() })
          == tensor_shape { 2, 1 });
    CHECK_THROWS_AS(parameter_shape({ 2, 5 }, per_axis { two_31 }), std::invalid_argument);
}

TEST_CASE("a shape of 2^63 elements and more is refused with its extents, and never taken for an empty one")
{
    const std::ptrdiff_t two_32 = 2 * two_31, two_62 = two_31 * two_31;
    CHECK(element_count({ two_31, two_31, 1 }) == two_62);
    CHECK(element_count({ 0, two_32, two_32 }) == 0);
    CHECK(row_major_strides({ two_32, two_32 }) == tensor_strides { two_32, 1 });
    CHECK_THROWS_WITH_AS(element_count({ two_32, two_32 }),
                         "quantkit: a tensor of shape [4294967296, 4294967296] is larger than any memory",
                         std::invalid_argument);
    const float one = 1.0f;
    const std::int8_t code = 1;
    // modulo 2^64 these have 0, 4, 0 and -2^63 elements
    for (const tensor_shape& shape : { tensor_shape { two_32, two_32 }, tensor_shape { two_62 + 1, 4 },
                                       tensor_shape { 2, two_32, two_32 }, tensor_shape { two_32, two_31 } })
    {
        tensor_strides same = shape;
        for (std::size_t axis = 0; axis < shape.rank(); ++axis)
            same[axis] = 0;
        const tensor_view<const float> x(&one, shape, same);
        minmax_observer observer;
        CHECK_THROWS_AS(static_cast<void>(x.size()), std::invalid_argument);
        CHECK_THROWS_AS(observer.observe(x), std::invalid_argument);
        CHECK_THROWS_AS(observer.observe(tensor_view<const float>(&one, shape)), std::invalid_argument);
        for (const std::size_t codes : { 0u, 4u })
            CHECK_THROWS_AS(quantized_tensor<int8_full>(shape, std::vector<std::int8_t>(codes, code), qparams {}),
                            std::invalid_argument);
    }
}

TEST_CASE("nothing to observe: no range, and qparams that say so")
{
    const std::vector<float> nothing;
    minmax_observer observer;
    observer.observe(nothing);
    CHECK(observer.range() == nothing_observed);
    CHECK(choose_qparams<uint8_full>(observer) == qparams { 1.0f, 0 });
    for (const tensor_shape& shape : { tensor_shape { 0 }, tensor_shape { 0, 4 }, tensor_shape { 4, 0, 2 } })
    {
        observer.observe(tensor_view<const float>(nullptr, shape));
        CHECK(observer.range() == nothing_observed);
    }
}

TEST_CASE("products with an extent of 0 touch nothing, and a sum of nothing is 0")
{
    using namespace kernels;
    const micro_kernel& kernel = micro_kernel_of<scalar_tiles>;
    for (const gemm_extents extents : { gemm_extents { 0, 3, 4 }, gemm_extents { 3, 0, 4 }, gemm_extents { 3, 4, 0 } })
    {
        const std::vector<std::uint8_t> a(extents.m * extents.k, 7);
        const std::vector<std::int8_t> b(extents.n * extents.k, 7);
        std::vector<std::int32_t> c(extents.m * extents.n, 99);
        aligned_buffer<std::byte> panels(packed_b_bytes(kernel.format, extents.n, extents.k));
        std::vector<std::int32_t> sums(padded_columns(extents.n), 77), row_sums(extents.m, 55); // of others, before
        const auto k = static_cast<std::ptrdiff_t>(extents.k);
        pack_b(matrix_view<const std::int8_t> { b.data(), k, 1 }, extents.n, extents.k, kernel.format, panels.data(),
               sums.data());
        const code_rows<std::uint8_t> rows { { a.data(), k, 1 } };
        aligned_buffer<std::byte> workspace(gemm_workspace_bytes(kernel, extents, rows));
        std::fill_n(workspace.data(), workspace.size(), std::byte { 33 });
        gemm(kernel, extents, rows, packed_b { kernel.format, extents.n, extents.k, panels.data(), sums.data() },
             epilogue_of<store_to<std::int32_t>> { {}, { { c.data(), static_cast<std::ptrdiff_t>(extents.n), 1 } } },
             row_sums.data(), workspace.data());
        CHECK(c == std::vector<std::int32_t>(c.size(), 0));
        if (extents.k > 0)
            continue;
        CHECK(sums == std::vector<std::int32_t>(sums.size(), 0));
        CHECK(row_sums == std::vector<std::int32_t>(row_sums.size(), 0));
    }
}
