// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/select.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"
#include "support/shapes.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::qparams;
    using quantkit::test::for_each_micro_kernel;
    using quantkit::test::guard_page;
    using quantkit::test::guarded_buffer;
    using quantkit::test::random_bits;
    using quantkit::test::require_equal;

    constexpr std::int32_t untouched = 0x5a5a5a5a;

    // B packed for one kernel, in memory that ends where the last panel and the last column end.
    template <class Code>
    class packed_operand
    {
    public:
        packed_operand(const std::vector<Code>& b, std::size_t n, std::size_t k, operand_format format)
            : panels_(packed_b_bytes(format, n, k))
            , column_sums_(padded_columns(n))
            , view_ { format, n, k, panels_.data(), column_sums_.data() }
        {
            pack_b(matrix_view<const Code> { b.data(), static_cast<std::ptrdiff_t>(k), 1 }, n, k, format,
                   panels_.data(), column_sums_.data());
        }

        const packed_b& view() const { return view_; }

    private:
        guarded_buffer<std::byte> panels_;
        guarded_buffer<std::int32_t> column_sums_;
        packed_b view_;
    };

    // Memory of exactly the size that gemm() asks for; what is written behind it, the canary shows.
    template <class Source>
    guarded_buffer<std::byte> workspace_for(const micro_kernel& kernel, gemm_extents extents, const Source& a)
    {
        return guarded_buffer<std::byte>(gemm_workspace_bytes(kernel, extents, a), guard_page::before);
    }

    // A matrix whose rows and columns lie apart, with a canary in each gap.
    template <class T>
    class matrix_memory
    {
    public:
        matrix_memory(std::size_t rows, std::size_t columns, std::ptrdiff_t row_stride, std::ptrdiff_t column_stride,
                      T filler, guard_page side = guard_page::after)
            : rows_(rows)
            , columns_(columns)
            , filler_(filler)
            , memory_(size(rows, columns, row_stride, column_stride), side)
            , view_ { memory_.data(), row_stride, column_stride }
        {
            std::fill(memory_.begin(), memory_.end(), filler);
        }

        void fill(const std::vector<T>& values)
        {
            for (std::size_t row = 0; row < rows_; ++row)
                for (std::size_t column = 0; column < columns_; ++column)
                    *view_.at(row, column) = values[row * columns_ + column];
        }

        const matrix_view<T>& view() const { return view_; }
        matrix_view<const T> const_view() const { return { view_.data, view_.row_stride, view_.column_stride }; }

        // The elements, row-major; the gaps must be as they were. Leaves only filler behind.
        std::vector<T> taken()
        {
            std::vector<T> values;
            for (std::size_t row = 0; row < rows_; ++row)
                for (std::size_t column = 0; column < columns_; ++column)
                {
                    values.push_back(*view_.at(row, column));
                    *view_.at(row, column) = filler_;
                }
            REQUIRE(std::all_of(memory_.begin(), memory_.end(), [&](T value) { return value == filler_; }));
            return values;
        }

    private:
        static std::size_t size(std::size_t rows, std::size_t columns, std::ptrdiff_t row_stride,
                                std::ptrdiff_t column_stride)
        {
            return rows * columns == 0
                       ? 0
                       : static_cast<std::size_t>(static_cast<std::ptrdiff_t>(rows - 1) * row_stride
                                                  + static_cast<std::ptrdiff_t>(columns - 1) * column_stride)
                             + 1;
        }

        std::size_t rows_, columns_;
        T filler_;
        guarded_buffer<T> memory_;
        matrix_view<T> view_;
    };

    struct strides
    {
        std::ptrdiff_t row, column;
    };

    // Adjacent, apart, transposed, and neither rows nor columns adjacent.
    std::vector<strides> layouts(std::size_t rows, std::size_t columns)
    {
        const auto height = static_cast<std::ptrdiff_t>(rows), width = static_cast<std::ptrdiff_t>(columns);
        return { { width, 1 }, { width + 5, 1 }, { 1, height + 1 }, { 2 * width + 1, 2 } };
    }

    // C = sums of packed codes; what gemm() leaves without any stage.
    using raw_epilogue = epilogue_of<store_to<std::int32_t>>;
    using exact_epilogue = epilogue_of<store_to<std::int32_t>, subtract_outer, subtract_outer>;

    template <class ACode, class BCode>
    class product
    {
    public:
        product(gemm_extents extents, std::vector<ACode> a, std::vector<BCode> b, std::int32_t zero_point_a = 0,
                std::int32_t zero_point_b = 0)
            : extents_(extents)
            , a_(std::move(a))
            , b_(std::move(b))
            , zero_point_a_(zero_point_a)
            , zero_point_b_(zero_point_b)
        {
        }

        // Sums of codes as they are packed, by every path: into C directly, and by way of a scratch tile.
        void check_raw(const micro_kernel& kernel) const
        {
            const std::int32_t shift_a = packing_shift<ACode>(kernel.format, operand::a);
            const std::int32_t shift_b = packing_shift<BCode>(kernel.format, operand::b);
            const std::vector<std::int32_t> expected = reference(-shift_a, -shift_b);
            const packed_operand<BCode> b(b_, extents_.n, extents_.k, kernel.format);
            for (const strides& of_a : layouts(extents_.m, extents_.k))
            {
                matrix_memory<ACode> a(extents_.m, extents_.k, of_a.row, of_a.column, ACode { 99 });
                a.fill(a_);
                const code_rows<ACode> rows { a.const_view() };
                guarded_buffer<std::byte> workspace = workspace_for(kernel, extents_, rows);
                for (const strides& of_c : layouts(extents_.m, extents_.n))
                {
                    matrix_memory<std::int32_t> c(extents_.m, extents_.n, of_c.row, of_c.column, untouched);
                    gemm(kernel, extents_, rows, b.view(), raw_epilogue { {}, { c.view() } }, nullptr,
                         workspace.data());
                    require_equal(c.taken(), expected);
                }
            }
        }

        // The product of the codes less their zero points, by way of row and column sums.
        void check_exact(const micro_kernel& kernel, guard_page side = guard_page::after) const
        {
            matrix_memory<ACode> a(extents_.m, extents_.k, static_cast<std::ptrdiff_t>(extents_.k), 1, ACode {}, side);
            a.fill(a_);
            const code_rows<ACode> rows { a.const_view() };
            require_equal(exact(kernel, rows, extents_.m), reference(zero_point_a_, zero_point_b_));
        }

        // To float with a bias and limits, or without: what a tile may do before its sums reach memory.
        void check_scaled(const micro_kernel& kernel) const
        {
            const std::size_t width = padded_columns(extents_.n);
            const guarded_buffer<std::int32_t> offsets(
                quantkit::test::random_codes<std::int32_t>(width, 1, -100'000, 100'000));
            const guarded_buffer<float> scales(quantkit::test::random_floats(width, 2, 1e-4f, 1e-3f));
            guarded_buffer<float> biases(quantkit::test::random_floats(width, 3, -9.0f, 9.0f));
            if (extents_.n > 2)
                biases[2] = std::numeric_limits<float>::quiet_NaN();
            const subtract_columns offset { offsets.data() };
            const scale_columns scale { scales.data() };
            const add_columns bias { biases.data() };
            const clamp_to relu6 { 0.0f, 6.0f };

            const std::vector<std::int32_t> sums = reference(-packing_shift<ACode>(kernel.format, operand::a),
                                                             -packing_shift<BCode>(kernel.format, operand::b));
            std::vector<float> scaled, biased;
            for (std::size_t i = 0; i < sums.size(); ++i)
            {
                const std::size_t j = i % extents_.n;
                // exact in double, so rounded to float once: never fused
                scaled.push_back(static_cast<float>(static_cast<double>(static_cast<float>(sums[i] - offsets[j]))
                                                    * static_cast<double>(scales[j])));
                biased.push_back(static_cast<float>(static_cast<double>(scaled[i]) + static_cast<double>(biases[j])));
            }
            const auto clamped = [](std::vector<float> values)
            {
                for (float& x : values)
                    x = x < 0.0f ? 0.0f : x > 6.0f ? 6.0f : x;
                return values;
            };
            require_equal(floats(kernel, offset, scale), scaled);
            require_equal(floats(kernel, offset, scale, bias), biased);
            require_equal(floats(kernel, offset, scale, relu6), clamped(scaled));
            require_equal(floats(kernel, offset, scale, bias, relu6), clamped(biased));
        }

        // The same with zero points of B, which one epilogue takes whether there are any or not.
        void check_corrected(const micro_kernel& kernel) const
        {
            const std::size_t width = padded_columns(extents_.n);
            const guarded_buffer<std::int32_t> columns(
                quantkit::test::random_codes<std::int32_t>(width, 1, -100'000, 100'000));
            const guarded_buffer<std::int32_t> rows(
                quantkit::test::random_codes<std::int32_t>(extents_.m, 4, -300, 300));
            const guarded_buffer<float> scales(quantkit::test::random_floats(width, 2, 1e-4f, 1e-3f));
            const subtract_columns offset { columns.data() };
            const scale_columns scale { scales.data() };
            const subtract_outer none { nullptr, 1, nullptr }, by_row { rows.data(), 1, columns.data() };

            const std::vector<std::int32_t> sums = reference(-packing_shift<ACode>(kernel.format, operand::a),
                                                             -packing_shift<BCode>(kernel.format, operand::b));
            std::vector<float> corrected;
            for (std::size_t i = 0; i < sums.size(); ++i)
            {
                const std::int64_t column = columns[i % extents_.n];
                const auto sum = static_cast<std::int32_t>(sums[i] - column - rows[i / extents_.n] * column);
                corrected.push_back(static_cast<float>(static_cast<double>(static_cast<float>(sum))
                                                       * static_cast<double>(scales[i % extents_.n])));
            }
            require_equal(floats(kernel, offset, none, scale), floats(kernel, offset, scale));
            require_equal(floats(kernel, offset, by_row, scale), corrected);
        }

        // Parts of C, one after the other, each by itself, give the whole.
        void check_parts(const micro_kernel& kernel, random_bits& random) const
        {
            matrix_memory<ACode> a(extents_.m, extents_.k, static_cast<std::ptrdiff_t>(extents_.k) + 1, 1, ACode {});
            a.fill(a_);
            const code_rows<ACode> rows { a.const_view() };
            const zero_points offset(*this, kernel);
            guarded_buffer<std::int32_t> row_sums(extents_.m);
            matrix_memory<std::int32_t> c(extents_.m, extents_.n, static_cast<std::ptrdiff_t>(extents_.n), 1,
                                          untouched);
            const exact_epilogue epilogue = offset.epilogue(row_sums.data(), c.view());
            const gemm_run<code_rows<ACode>, exact_epilogue> run { kernel,          extents_, rows,
                                                                   offset.b.view(), epilogue, row_sums.data() };
            const std::vector<std::size_t> row_cuts = cuts(extents_.m, random);
            const std::vector<std::size_t> panel_cuts = cuts(offset.b.view().panel_count(), random);
            std::vector<gemm_part> parts;
            for (std::size_t i = 1; i < row_cuts.size(); ++i)
                for (std::size_t j = 1; j < panel_cuts.size(); ++j)
                    parts.push_back({ row_cuts[i - 1], row_cuts[i], panel_cuts[j - 1], panel_cuts[j] });
            for (std::size_t i = parts.size(); i > 1; --i)
                std::swap(parts[i - 1], parts[static_cast<std::size_t>(random.integer(0, static_cast<int>(i) - 1))]);
            guarded_buffer<std::byte> workspace = workspace_for(kernel, extents_, rows);
            for (const gemm_part& part : parts)
            {
                require_untouched(c.view(), part);
                run(part, workspace.data());
            }
            require_equal(c.taken(), reference(zero_point_a_, zero_point_b_));
        }

        // A and C with their last row first in memory.
        void check_backwards(const micro_kernel& kernel) const
        {
            const auto height = static_cast<std::ptrdiff_t>(extents_.m),
                       depth = static_cast<std::ptrdiff_t>(extents_.k), width = static_cast<std::ptrdiff_t>(extents_.n);
            guarded_buffer<ACode> a(a_.size());
            guarded_buffer<std::int32_t> c(extents_.m * extents_.n);
            for (std::size_t row = 0; row < extents_.m; ++row)
                std::copy_n(a_.data() + row * extents_.k, extents_.k, a.data() + (extents_.m - 1 - row) * extents_.k);
            const code_rows<ACode> rows { { a.data() + (height - 1) * depth, -depth, 1 } };
            const packed_operand<BCode> b(b_, extents_.n, extents_.k, kernel.format);
            guarded_buffer<std::byte> workspace = workspace_for(kernel, extents_, rows);
            gemm(kernel, extents_, rows, b.view(),
                 raw_epilogue { {}, { { c.data() + (height - 1) * width, -width, 1 } } }, nullptr, workspace.data());
            std::vector<std::int32_t> forwards;
            for (std::size_t row = extents_.m; row-- > 0;)
                forwards.insert(forwards.end(), c.begin() + row * extents_.n, c.begin() + (row + 1) * extents_.n);
            require_equal(forwards, reference(-packing_shift<ACode>(kernel.format, operand::a),
                                              -packing_shift<BCode>(kernel.format, operand::b)));
        }

        // The same with any source of rows of A.
        template <class Source>
        std::vector<std::int32_t> exact(const micro_kernel& kernel, const Source& rows, std::size_t m) const
        {
            gemm_extents extents = extents_;
            extents.m = m;
            const zero_points offset(*this, kernel);
            guarded_buffer<std::int32_t> row_sums(m);
            matrix_memory<std::int32_t> c(m, extents.n, static_cast<std::ptrdiff_t>(extents.n) + 1, 1, untouched);
            guarded_buffer<std::byte> workspace = workspace_for(kernel, extents, rows);
            gemm(kernel, extents, rows, offset.b.view(), offset.epilogue(row_sums.data(), c.view()), row_sums.data(),
                 workspace.data());
            return c.taken();
        }

        std::vector<std::int32_t> reference(std::int64_t zero_point_a, std::int64_t zero_point_b) const
        {
            const std::vector<std::int64_t> sums = quantkit::test::reference::matmul(
                a_.data(), b_.data(), extents_.m, extents_.n, extents_.k, zero_point_a, zero_point_b);
            std::vector<std::int32_t> wrapped;
            for (const std::int64_t sum : sums)
                wrapped.push_back(static_cast<std::int32_t>(sum));
            return wrapped;
        }

    private:
        // C by these stages, the same in every layout.
        template <class... Stages>
        std::vector<float> floats(const micro_kernel& kernel, const Stages&... stages) const
        {
            const packed_operand<BCode> b(b_, extents_.n, extents_.k, kernel.format);
            matrix_memory<ACode> a(extents_.m, extents_.k, static_cast<std::ptrdiff_t>(extents_.k), 1, ACode {});
            a.fill(a_);
            const code_rows<ACode> rows { a.const_view() };
            guarded_buffer<std::byte> workspace = workspace_for(kernel, extents_, rows);
            std::vector<float> first;
            for (const strides& of_c : layouts(extents_.m, extents_.n))
            {
                matrix_memory<float> c(extents_.m, extents_.n, of_c.row, of_c.column, -77.0f);
                const epilogue_of<store_to<float>, Stages...> epilogue { { stages... }, { c.view() } };
                gemm(kernel, extents_, rows, b.view(), epilogue, nullptr, workspace.data());
                const std::vector<float> values = c.taken();
                first = first.empty() ? values : first;
                require_equal(values, first);
            }
            return first;
        }

        // What turns sums of packed codes into the product of codes less zero points.
        struct zero_points
        {
            zero_points(const product& p, const micro_kernel& kernel)
                : b(p.b_, p.extents_.n, p.extents_.k, kernel.format)
                , rows(1)
                , centered(padded_columns(p.extents_.n))
                , columns(padded_columns(p.extents_.n))
            {
                rows[0] = packed_zero_point<ACode>(p.zero_point_a_, kernel.format, operand::a);
                const std::int32_t zero_point = packed_zero_point<BCode>(p.zero_point_b_, kernel.format, operand::b);
                std::fill(columns.begin(), columns.end(), zero_point);
                for (std::size_t j = 0; j < centered.size(); ++j)
                    centered[j] = static_cast<std::int32_t>(b.view().column_sums[j]
                                                            - static_cast<std::int64_t>(p.extents_.k) * zero_point);
            }

            exact_epilogue epilogue(const std::int32_t* row_sums, const matrix_view<std::int32_t>& c) const
            {
                return { { subtract_outer { rows.data(), 0, centered.data() },
                           subtract_outer { row_sums, 1, columns.data() } },
                         { c } };
            }

            packed_operand<BCode> b;
            guarded_buffer<std::int32_t> rows, centered, columns;
        };

        static std::vector<std::size_t> cuts(std::size_t count, random_bits& random)
        {
            std::vector<std::size_t> places { 0, count };
            for (int i = 0; i < 2; ++i)
                places.push_back(static_cast<std::size_t>(random.integer(0, static_cast<std::int64_t>(count))));
            std::sort(places.begin(), places.end());
            return places;
        }

        void require_untouched(const matrix_view<std::int32_t>& c, const gemm_part& part) const
        {
            bool intact = true;
            for (std::size_t row = part.first_row; row < part.last_row; ++row)
                for (std::size_t column = part.first_panel * 16; column < std::min(part.last_panel * 16, extents_.n);
                     ++column)
                    intact = intact && *c.at(row, column) == untouched;
            REQUIRE(intact);
        }

        gemm_extents extents_;
        std::vector<ACode> a_;
        std::vector<BCode> b_;
        std::int32_t zero_point_a_, zero_point_b_;
    };

    template <class Code>
    std::vector<Code> codes(std::size_t count, std::uint64_t seed)
    {
        return seed % 3 == 0 ? quantkit::test::extreme_codes<Code>(count, seed)
                             : quantkit::test::random_codes<Code>(count, seed);
    }

    template <class Code>
    std::int32_t some_zero_point(random_bits& random)
    {
        return static_cast<std::int32_t>(
            random.integer(std::numeric_limits<Code>::min(), std::numeric_limits<Code>::max()));
    }

    template <class ACode, class BCode>
    product<ACode, BCode> random_product(gemm_extents extents, std::uint64_t seed)
    {
        random_bits random(seed);
        return { extents, codes<ACode>(extents.m * extents.k, seed), codes<BCode>(extents.n * extents.k, seed + 1),
                 some_zero_point<ACode>(random), some_zero_point<BCode>(random) };
    }

    // The codes of A and of B.
    using u8_s8 = std::pair<std::uint8_t, std::int8_t>;
    using u8_u8 = std::pair<std::uint8_t, std::uint8_t>;
    using s8_s8 = std::pair<std::int8_t, std::int8_t>;
    using s8_u8 = std::pair<std::int8_t, std::uint8_t>;

    gemm_extents random_extents(random_bits& random)
    {
        const auto up_to = [&](std::int64_t most) { return static_cast<std::size_t>(random.integer(1, most)); };
        // one shape in eight has an extent of 0, one in four has k of whole groups
        gemm_extents extents { up_to(70), up_to(150), up_to(300) };
        const std::int64_t kind = random.integer(0, 23);
        (kind == 0 ? extents.m : kind == 1 ? extents.n : extents.k) *= kind <= 2 ? 0 : 1;
        if (kind % 4 == 3)
            extents.k = extents.k / 4 * 4;
        return extents;
    }

    // Larger ones, each with the reason it is there.
    constexpr std::array large_shapes {
        quantkit::test::matmul_shape { 1, 4096, 64, "one row: streams many panels" },
        quantkit::test::matmul_shape { 4, 333, 1024, "few rows, wide tiles, rows a multiple of 1024 bytes apart" },
        quantkit::test::matmul_shape { 37, 100, 784, "a layer of a small network" },
        quantkit::test::matmul_shape { 40, 50, 1024, "rows that would share sets of L1" },
        quantkit::test::matmul_shape { 130, 33, 2100, "more rows of A than fit half of L2 with 16 bits" },
        quantkit::test::matmul_shape { 61, 35, 9001, "more rows of A than fit half of L2 with 8 bits" },
        quantkit::test::matmul_shape { 14, 150, 4000, "more panels of B than fit the rest of L2" },
    };
}

TEST_CASE_TEMPLATE("ragged shapes: sums of packed codes, for every layout of A and C", Codes, u8_s8, u8_u8, s8_s8,
                   s8_u8)
{
    random_bits random(21);
    for (std::uint64_t trial = 0; trial < 30; ++trial)
    {
        const gemm_extents extents = random_extents(random);
        CAPTURE(extents.m);
        CAPTURE(extents.n);
        CAPTURE(extents.k);
        const auto p = random_product<typename Codes::first_type, typename Codes::second_type>(extents, trial);
        for_each_micro_kernel([&](const micro_kernel& kernel) { p.check_raw(kernel); });
    }
}

TEST_CASE_TEMPLATE("ragged shapes: zero points, and parts of C that compose the whole", Codes, u8_s8, u8_u8, s8_s8,
                   s8_u8)
{
    random_bits random(22);
    for (std::uint64_t trial = 0; trial < 40; ++trial)
    {
        const gemm_extents extents = random_extents(random);
        CAPTURE(extents.m);
        CAPTURE(extents.n);
        CAPTURE(extents.k);
        const auto p = random_product<typename Codes::first_type, typename Codes::second_type>(extents, 100 + trial);
        for_each_micro_kernel(
            [&](const micro_kernel& kernel)
            {
                p.check_exact(kernel);
                p.check_exact(kernel, guard_page::before);
                p.check_parts(kernel, random);
            });
    }
}

TEST_CASE("ragged shapes: scaled to float, with bias and limits or without")
{
    random_bits random(26);
    for (std::uint64_t trial = 0; trial < 25; ++trial)
    {
        const gemm_extents extents = random_extents(random);
        CAPTURE(extents.m);
        CAPTURE(extents.n);
        CAPTURE(extents.k);
        const auto p = random_product<std::uint8_t, std::int8_t>(extents, 200 + trial);
        for_each_micro_kernel([&](const micro_kernel& kernel) { p.check_scaled(kernel); });
        for_each_micro_kernel([&](const micro_kernel& kernel) { p.check_corrected(kernel); });
    }
}

TEST_CASE_TEMPLATE("shapes with a reason", Codes, u8_s8, u8_u8, s8_s8, s8_u8)
{
    for (const quantkit::test::matmul_shape& shape : quantkit::test::matmul_shapes)
    {
        CAPTURE(shape.reason);
        const auto p = random_product<typename Codes::first_type, typename Codes::second_type>(
            { shape.m, shape.n, shape.k }, shape.m + shape.n);
        for_each_micro_kernel(
            [&](const micro_kernel& kernel)
            {
                p.check_raw(kernel);
                p.check_exact(kernel);
            });
    }
}

TEST_CASE("large shapes: several chunks of A, several blocks of B")
{
    random_bits random(23);
    for (const quantkit::test::matmul_shape& shape : large_shapes)
    {
        CAPTURE(shape.reason);
        const auto p = random_product<std::uint8_t, std::int8_t>({ shape.m, shape.n, shape.k }, shape.m);
        for_each_micro_kernel(
            [&](const micro_kernel& kernel)
            {
                p.check_exact(kernel);
                p.check_parts(kernel, random);
            });
    }
}

TEST_CASE_TEMPLATE("every code an extreme, k up to 5000: nothing saturates", Codes, u8_s8, u8_u8, s8_s8, s8_u8)
{
    using a_limits = std::numeric_limits<typename Codes::first_type>;
    using b_limits = std::numeric_limits<typename Codes::second_type>;
    for (const std::size_t k : { std::size_t { 255 }, std::size_t { 1024 }, std::size_t { 5000 } })
        for (const auto left : { a_limits::min(), a_limits::max() })
            for (const auto right : { b_limits::min(), b_limits::max() })
            {
                const gemm_extents extents { 13, 37, k };
                const product<typename Codes::first_type, typename Codes::second_type> p {
                    extents, std::vector(extents.m * k, left), std::vector(extents.n * k, right), a_limits::min(),
                    b_limits::max()
                };
                for_each_micro_kernel([&](const micro_kernel& kernel) { p.check_exact(kernel); });
            }
}

TEST_CASE("rows of A and C may lie backwards")
{
    const auto p = random_product<std::uint8_t, std::int8_t>({ 20, 40, 32 }, 24);
    for_each_micro_kernel([&](const micro_kernel& kernel) { p.check_backwards(kernel); });
}

TEST_CASE("float rows, per tensor and per row: as codes that were quantized beforehand")
{
    random_bits random(25);
    for (std::uint64_t trial = 0; trial < 25; ++trial)
    {
        const gemm_extents extents = random_extents(random);
        CAPTURE(extents.m);
        CAPTURE(extents.n);
        CAPTURE(extents.k);
        const std::vector<float> x = trial % 4 == 0 ? quantkit::test::extreme_floats(extents.m * extents.k, trial)
                                                    : quantkit::test::normal_floats(extents.m * extents.k, trial, 9.0f);
        const std::vector<float> scales = quantkit::test::random_floats(extents.m + 1, trial, 0.01f, 0.5f);
        guarded_buffer<qparams> params(extents.m + 1);
        for (std::size_t i = 0; i < params.size(); ++i)
            params[i] = { scales[i], some_zero_point<std::uint8_t>(random) };
        for (const std::size_t step : { std::size_t { 0 }, std::size_t { 1 } })
            for (const quantkit::quant_bounds bounds : { quantkit::quant_bounds { 0, 255 }, { 0, 127 } })
            {
                std::vector<std::uint8_t> quantized;
                for (std::size_t i = 0; i < x.size(); ++i)
                    quantized.push_back(static_cast<std::uint8_t>(
                        quantkit::quantize_value(x[i], params[i / extents.k * step], bounds)));
                const product<std::uint8_t, std::int8_t> p { extents, quantized,
                                                             codes<std::int8_t>(extents.n * extents.k, trial + 1), 17,
                                                             -3 };
                const std::vector<std::int32_t> expected = p.reference(17, -3);
                for_each_micro_kernel(
                    [&](const micro_kernel& kernel)
                    {
                        for (const strides& of_a : layouts(extents.m, extents.k))
                        {
                            matrix_memory<float> a(extents.m, extents.k, of_a.row, of_a.column, 1e30f);
                            a.fill(x);
                            const float_rows rows { a.const_view(), params.data(), step, bounds,
                                                    row_kernels_of(kernel.lanes) };
                            require_equal(p.exact(kernel, rows, extents.m), expected);
                        }
                    });
            }
    }
}
