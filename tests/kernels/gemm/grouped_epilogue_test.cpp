// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/grouped_epilogue.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::guarded_buffer;
    using quantkit::test::require_equal;

    std::size_t groups_of(std::size_t k, std::size_t size) { return (k + size - 1) / size; }

    template <class Code>
    std::vector<std::int32_t> random_zero_points(std::size_t count, std::uint64_t seed)
    {
        using limits = std::numeric_limits<Code>;
        return quantkit::test::random_codes<std::int32_t>(count, seed, limits::min(), limits::max());
    }

    /// Everything that one product with groups needs, and what it must give.
    template <class ACode, class BCode>
    class grouped_product
    {
    public:
        grouped_product(gemm_extents extents, std::size_t group_size, bool weight_zero_points, std::size_t row_step)
            : extents_(extents)
            , size_(group_size)
            , count_(groups_of(extents.k, group_size))
            , row_step_(row_step)
            , a_(quantkit::test::random_codes<ACode>(extents.m * extents.k, 1))
            , b_(quantkit::test::random_codes<BCode>(extents.n * extents.k, 2))
            , row_zero_points_(random_zero_points<ACode>(row_step == 0 ? 1 : extents.m, 3))
            , row_scales_(quantkit::test::random_floats(row_step == 0 ? 1 : extents.m, 4, 0.01f, 0.1f))
            , zero_points_(count_ * extents.n, 0)
            , scales_(quantkit::test::random_floats(count_ * extents.n, 5, 0.01f, 0.1f))
            , bias_(quantkit::test::random_floats(padded_columns(extents.n), 6, -9.0f, 9.0f))
        {
            if (weight_zero_points)
                zero_points_ = random_zero_points<BCode>(zero_points_.size(), 7);
        }

        void check(const micro_kernel& kernel, std::ptrdiff_t column_stride) const
        {
            const std::size_t columns = padded_columns(extents_.n);
            guarded_buffer<std::byte> panels(packed_b_bytes(kernel.format, extents_.n, extents_.k));
            guarded_buffer<std::int32_t> column_sums(columns);
            pack_b(matrix_view<const BCode> { b_.data(), static_cast<std::ptrdiff_t>(extents_.k), 1 }, extents_.n,
                   extents_.k, kernel.format, panels.data(), column_sums.data());
            const packed_b b { kernel.format, extents_.n, extents_.k, panels.data(), column_sums.data() };

            guarded_buffer<std::int32_t> centered(count_ * columns), zero_points(count_ * columns);
            guarded_buffer<float> scales(count_ * columns);
            const std::int32_t shift = packing_shift<BCode>(kernel.format, operand::b);
            bool has_zero_points = false;
            for (std::size_t group = 0; group < count_; ++group)
                for (std::size_t j = 0; j < columns; ++j)
                {
                    const std::size_t to = group * columns + j;
                    const bool exists = j < extents_.n;
                    zero_points[to] = exists ? zero_points_[group * extents_.n + j] + shift : 0;
                    scales[to] = exists ? scales_[group * extents_.n + j] : 0.0f;
                    std::int32_t sum = 0;
                    for (std::size_t p = group * size_; exists && p < std::min((group + 1) * size_, extents_.k); ++p)
                        sum += b_[j * extents_.k + p] + shift - zero_points[to];
                    centered[to] = sum;
                    has_zero_points = has_zero_points || zero_points[to] != 0;
                }
            guarded_buffer<std::int32_t> row_zero_points(row_zero_points_);
            for (std::int32_t& zero_point : row_zero_points)
                zero_point += packing_shift<ACode>(kernel.format, operand::a);
            const guarded_buffer<float> row_scales(row_scales_);
            guarded_buffer<std::int32_t> row_sums(extents_.m * count_);

            const std::ptrdiff_t row_stride = static_cast<std::ptrdiff_t>(extents_.n) * column_stride + 3;
            std::vector<float> c(extents_.m * static_cast<std::size_t>(row_stride), -77.0f), expected = c;
            using rest = epilogue_of<store_to<float>, add_columns, clamp_to>;
            const grouped_epilogue<rest> epilogue { { count_, size_, columns, centered.data(), scales.data(),
                                                      has_zero_points ? zero_points.data() : nullptr, row_sums.data(),
                                                      row_zero_points.data(), row_scales.data(), row_step_ },
                                                    { { add_columns { bias_.data() }, clamp_to { -50.0f, 60.0f } },
                                                      { { c.data(), row_stride, column_stride } } } };
            const code_rows<ACode> rows { { a_.data(), static_cast<std::ptrdiff_t>(extents_.k), 1 } };
            guarded_buffer<std::byte> workspace(gemm_workspace_bytes(kernel, extents_, rows),
                                                quantkit::test::guard_page::before);
            gemm(kernel, extents_, rows, b, epilogue, has_zero_points ? row_sums.data() : nullptr, workspace.data());

            for (std::size_t i = 0; i < extents_.m; ++i)
                for (std::size_t j = 0; j < extents_.n; ++j)
                    expected[i * static_cast<std::size_t>(row_stride) + j * static_cast<std::size_t>(column_stride)] =
                        value(i, j);
            require_equal(c, expected);
        }

    private:
        /// By definition: integers within a group, floats from group to group, each operation rounded once.
        float value(std::size_t i, std::size_t j) const
        {
            const std::size_t row = i * row_step_;
            float total = 0.0f;
            for (std::size_t group = 0; group < count_; ++group)
            {
                std::int64_t sum = 0;
                for (std::size_t p = group * size_; p < std::min((group + 1) * size_, extents_.k); ++p)
                    sum += (std::int64_t { a_[i * extents_.k + p] } - row_zero_points_[row])
                           * (std::int64_t { b_[j * extents_.k + p] } - zero_points_[group * extents_.n + j]);
                const auto scale =
                    static_cast<float>(double { row_scales_[row] } * double { scales_[group * extents_.n + j] });
                const auto share =
                    static_cast<float>(static_cast<double>(static_cast<float>(sum)) * static_cast<double>(scale));
                total = static_cast<float>(static_cast<double>(total) + static_cast<double>(share));
            }
            const auto biased = static_cast<float>(static_cast<double>(total) + static_cast<double>(bias_[j]));
            return std::clamp(biased, -50.0f, 60.0f);
        }

        gemm_extents extents_;
        std::size_t size_, count_, row_step_;
        std::vector<ACode> a_;
        std::vector<BCode> b_;
        std::vector<std::int32_t> row_zero_points_;
        std::vector<float> row_scales_;
        std::vector<std::int32_t> zero_points_; // [count][n]
        std::vector<float> scales_;             // [count][n]
        std::vector<float> bias_;
    };

    template <class ACode, class BCode>
    void check_everywhere(gemm_extents extents, std::size_t group_size)
    {
        CAPTURE(extents.m);
        CAPTURE(extents.n);
        CAPTURE(extents.k);
        CAPTURE(group_size);
        for (const bool weight_zero_points : { false, true })
            for (const std::size_t row_step : { std::size_t { 0 }, std::size_t { 1 } })
            {
                const grouped_product<ACode, BCode> product(extents, group_size, weight_zero_points, row_step);
                quantkit::test::for_each_micro_kernel(
                    [&](const micro_kernel& kernel)
                    {
                        product.check(kernel, 1);
                        product.check(kernel, 2);
                    });
            }
    }
}

TEST_CASE("groups along k: integers within one, floats from one to the next")
{
    for (const std::size_t m : { 1u, 2u, 5u, 13u })
        for (const std::size_t n : { 1u, 15u, 16u, 49u, 130u })
            for (const std::size_t k : { 1u, 31u, 32u, 33u, 100u, 129u })
                check_everywhere<std::uint8_t, std::int8_t>({ m, n, k }, 32);
}

TEST_CASE("groups of every size that divides nothing, and one group for all of k")
{
    for (const std::size_t size : { 4u, 12u, 64u, 128u, 1024u })
        check_everywhere<std::uint8_t, std::int8_t>({ 7, 37, 203 }, size);
}

TEST_CASE("every signedness")
{
    check_everywhere<std::uint8_t, std::uint8_t>({ 9, 50, 70 }, 16);
    check_everywhere<std::int8_t, std::int8_t>({ 9, 50, 70 }, 16);
    check_everywhere<std::int8_t, std::uint8_t>({ 9, 50, 70 }, 16);
}

TEST_CASE("no k at all leaves the bias") { check_everywhere<std::uint8_t, std::int8_t>({ 3, 20, 0 }, 32); }

TEST_CASE("several chunks of rows") { check_everywhere<std::uint8_t, std::int8_t>({ 700, 20, 1030 }, 128); }
