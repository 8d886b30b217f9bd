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
#include <quantkit/kernels/gemm/micro_kernel_sse2.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/minmax.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <stdexcept>
#include <vector>

#include <sys/mman.h>

using namespace quantkit;

namespace
{
    constexpr std::ptrdiff_t two_31 = std::ptrdiff_t { 1 } << 31;

    /// Zeros that take memory only where they are touched.
    template <class T>
    class sparse_memory
    {
    public:
        explicit sparse_memory(std::ptrdiff_t size)
            : bytes_(static_cast<std::size_t>(size) * sizeof(T))
            , data_(::mmap(nullptr, bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0))
        {
        }
        sparse_memory(const sparse_memory&) = delete;
        sparse_memory& operator=(const sparse_memory&) = delete;
        ~sparse_memory()
        {
            if (exists())
                ::munmap(data_, bytes_);
        }

        bool exists() const { return data_ != MAP_FAILED; }
        T* data() const { return static_cast<T*>(data_); }

    private:
        std::size_t bytes_;
        void* data_;
    };

    // 3 x 3 products whose operands' rows lie 2^31 elements and more apart.
    void check_far_rows(const kernels::micro_kernel& kernel)
    {
        using namespace kernels;
        constexpr std::size_t size = 3, k = 37;
        constexpr std::ptrdiff_t row = two_31 + 64, reach = 2 * row + 64;
        const sparse_memory<std::uint8_t> a(reach);
        const sparse_memory<std::int8_t> b(reach);
        const sparse_memory<std::int32_t> c(reach);
        if (!a.exists() || !b.exists() || !c.exists())
        {
            MESSAGE("not run, the system reserves no 24 GiB of addresses");
            return;
        }
        std::int32_t expected[size][size] {};
        for (std::size_t i = 0; i < size; ++i)
            for (std::size_t p = 0; p < k; ++p)
            {
                a.data()[static_cast<std::ptrdiff_t>(i) * row + static_cast<std::ptrdiff_t>(p)] =
                    static_cast<std::uint8_t>(200 + 10 * i + p);
                b.data()[static_cast<std::ptrdiff_t>(i) * row + static_cast<std::ptrdiff_t>(p)] =
                    static_cast<std::int8_t>(static_cast<int>(p) - 40 * static_cast<int>(i));
            }
        aligned_buffer<std::byte> panels(packed_b_bytes(kernel.format, size, k));
        aligned_buffer<std::int32_t> sums(padded_columns(size));
        pack_b(matrix_view<const std::int8_t> { b.data(), row, 1 }, size, k, kernel.format, panels.data(), sums.data());
        const code_rows<std::uint8_t> rows { { a.data(), row, 1 } };
        const gemm_extents extents { size, size, k };
        aligned_buffer<std::byte> workspace(gemm_workspace_bytes(kernel, extents, rows));
        gemm(kernel, extents, rows, packed_b { kernel.format, size, k, panels.data(), sums.data() },
             epilogue_of<store_to<std::int32_t>> { {}, { { c.data(), row, 1 } } }, nullptr, workspace.data());
        const std::int32_t shift = packing_shift<std::uint8_t>(kernel.format, operand::a);
        for (std::size_t i = 0; i < size; ++i)
            for (std::size_t j = 0; j < size; ++j)
            {
                for (std::size_t p = 0; p < k; ++p)
                    expected[i][j] +=
                        (a.data()[static_cast<std::ptrdiff_t>(i) * row + static_cast<std::ptrdiff_t>(p)] + shift)
                        * b.data()[static_cast<std::ptrdiff_t>(j) * row + static_cast<std::ptrdiff_t>(p)];
                CHECK(c.data()[static_cast<std::ptrdiff_t>(i) * row + static_cast<std::ptrdiff_t>(j)]
                      == expected[i][j]);
            }
    }
}

TEST_CASE("products whose rows lie more than 2^31 elements apart")
{
    check_far_rows(kernels::micro_kernel_of<kernels::scalar_tiles>);
#if defined(QUANTKIT_X86)
    check_far_rows(kernels::micro_kernel_of<kernels::sse2_tiles>);
#endif
}

TEST_CASE("observers of tensors whose elements lie more than 2^31 apart")
{
    const sparse_memory<float> memory(3 * two_31);
    if (!memory.exists())
    {
        MESSAGE("not run, the system reserves no 24 GiB of addresses");
        return;
    }
    const tensor_view<float> x(memory.data(), { 2, 3 }, { 8, two_31 - 8 });
    memory.data()[8 + 2 * (two_31 - 8)] = -3.0f;
    memory.data()[two_31 - 8] = 5.0f;
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
