// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Extents beyond 2^31, in memory that is only reserved or whose parts are the same. Takes a minute, so it runs only
/// where QUANTKIT_LONG_TESTS is set.
#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/executor.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/tensor_view.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/quantize_rows.hpp>
#include <quantkit/metrics/code_usage.hpp>
#include <quantkit/metrics/error_metrics.hpp>
#include <quantkit/observers/measured_range.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/tensor/dequantizer.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/real_linear.hpp>

#include "faults/sparse_memory.hpp"
#include "support/checks.hpp"
#include "support/float_micro_kernels.hpp"
#include "support/micro_kernels.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <span>
#include <string>
#include <utility>
#include <vector>

using namespace quantkit;
using namespace quantkit::test;

namespace
{
    constexpr std::ptrdiff_t two_31 = std::ptrdiff_t { 1 } << 31;
    constexpr std::ptrdiff_t count = two_31 + 77;

    bool is_asked_for()
    {
        const bool asked = std::getenv("QUANTKIT_LONG_TESTS") != nullptr;
        if (!asked)
            MESSAGE("SKIPPED: set QUANTKIT_LONG_TESTS=1 to run it; it takes a minute");
        return asked;
    }

    template <class T>
    tensor_view<const T> forwards(const sparse_memory<T>& x)
    {
        return { x.data(), { count } };
    }

    /// In runs that are copied to a buffer.
    template <class T>
    tensor_view<const T> backwards(const sparse_memory<T>& x)
    {
        return { x.data() + count - 1, { count }, { -1 } };
    }

    template <class T>
    using places = std::vector<std::pair<std::ptrdiff_t, T>>;

    constexpr std::ptrdiff_t last = 1 << 20;
    static_assert(last == repeated_memory<float>::window);

    /// The last elements of an array of `count`.
    template <class T>
    std::span<const T> last_of(const sparse_memory<T>& x)
    {
        return { x.data() + count - last, static_cast<std::size_t>(last) };
    }

    template <class T>
    std::vector<T> last_of(const repeated_memory<T>& x)
    {
        std::vector<T> values;
        for (std::ptrdiff_t place = count - last; place < count; ++place)
            values.push_back(x.data()[place % last]);
        return values;
    }

    /// `value` everywhere but in some places.
    template <class T>
    std::vector<T> expected_last(T value, const places<T>& others)
    {
        std::vector<T> expected(static_cast<std::size_t>(last), value);
        for (const auto& [place, other] : others)
            expected.at(static_cast<std::size_t>(place - (count - last))) = other;
        return expected;
    }

    /// Leaves all parts out but the last.
    struct only_last_part
    {
        std::size_t concurrency() const { return 256; }

        template <class Task>
        void run(std::size_t parts, const Task& task) const
        {
            CHECK(parts == concurrency());
            task(parts - 1);
        }
    };
    static_assert(executor<only_last_part>);
}

TEST_CASE("ranges of 2^31 + 77 floats")
{
    if (!is_asked_for())
        return;
    const sparse_memory<float> x(count);
    x[two_31 - 1] = 2.0f;
    x[two_31] = 3.0f;
    x[count - 1] = -7.0f;
    minmax_observer observer;
    observer.observe(forwards(x));
    CHECK(observer.range() == real_range { -7.0f, 3.0f });
    CHECK(measured_range(backwards(x)) == real_range { -7.0f, 3.0f });
    const std::vector<real_range> by_group { { 0.0f, 2.0f }, { -7.0f, 3.0f } };
    CHECK(measured_ranges(forwards(x), per_group { 0, two_31 }) == by_group);
    for_each_lane_family(
        [&](kernels::lane_family lanes) {
            CHECK(kernels::row_kernels_of(lanes).range(x.data(), x.size()) == real_range { -7.0f, 3.0f });
        });
}

TEST_CASE_TEMPLATE("2^31 + 77 codes, counted", Code, std::int8_t, std::uint8_t, std::int16_t)
{
    if (!is_asked_for())
        return;
    using limits = std::numeric_limits<Code>;
    const sparse_memory<Code> codes(count);
    for (const std::ptrdiff_t place : { std::ptrdiff_t { 5 }, two_31 - 1, two_31, count - 1 })
        codes[place] = limits::max();
    codes[two_31 + 9] = 1;
    code_usage usage({ limits::min(), limits::max() });
    usage.observe(forwards(codes));
    CHECK(usage.total() == static_cast<std::uint64_t>(count));
    CHECK(usage.at_quant_max() == 4);
    CHECK(usage.counts()[static_cast<std::size_t>(1 - limits::min())] == 1);
    CHECK(usage.counts()[static_cast<std::size_t>(0 - limits::min())] == static_cast<std::uint64_t>(count - 5));
}

TEST_CASE("errors of 2^31 + 77 pairs")
{
    if (!is_asked_for())
        return;
    const sparse_memory<float> reference(count), approximation(count);
    reference[two_31 - 1] = 3.0f;
    reference[two_31 + 1] = -0.5f;
    approximation[two_31 + 1] = 0.25f;
    approximation[count - 1] = 1.0f;
    error_metrics metrics;
    metrics.observe(forwards(reference), forwards(approximation));
    CHECK(metrics.count() == static_cast<std::uint64_t>(count));
    CHECK(metrics.squared_error() == 9.0 + 0.5625 + 1.0);
    CHECK(metrics.sums().error.value() == 3.0 - 0.75 - 1.0);
    CHECK(metrics.sums().max_error == 3.0);
    CHECK(metrics.sums().reference_range == real_range { -0.5f, 3.0f });
}

TEST_CASE("sums of 2^31 + 77 errors of the same size")
{
    if (!is_asked_for())
        return;
    const float greatest = 0x1p127f, zero = 0.0f;
    error_metrics metrics;
    metrics.observe(tensor_view<const float>(&greatest, { count }, { 0 }),
                    tensor_view<const float>(&zero, { count }, { 0 }));
    CHECK(metrics.count() == static_cast<std::uint64_t>(count));
    CHECK(metrics.squared_error() == static_cast<double>(count) * 0x1p254); // exact: count has 32 bits
    CHECK(metrics.sums().absolute_error.value() == static_cast<double>(count) * 0x1p127);
}

TEST_CASE("2^31 + 77 floats to codes, in groups of 2^31, and back")
{
    if (!is_asked_for())
        return;
    const qparams_list params { { 0.5f, -3 }, { 0.25f, 10 } };
    const per_group granularity { 0, two_31 };
    places<std::int8_t> expected_codes;
    for (std::ptrdiff_t place = two_31; place < count; ++place)
        expected_codes.emplace_back(place, std::int8_t { 10 });
    expected_codes.emplace_back(two_31 - 1, std::int8_t { -1 });
    expected_codes.emplace_back(two_31, std::int8_t { 14 });
    expected_codes.emplace_back(count - 1, std::int8_t { 127 });
    {
        const sparse_memory<float> x(count);
        x[5] = 99.0f; // long overwritten
        x[two_31 - 1] = 1.0f;
        x[two_31] = 1.0f;
        x[count - 1] = 1000.0f;
        const repeated_memory<std::int8_t> codes(count);
        quantize<int8_full>(forwards(x), tensor_view<std::int8_t>(codes.data(), { count }), params, granularity);
        require_equal(last_of(codes), expected_last<std::int8_t>(-3, expected_codes));
    }
    places<float> expected_reals;
    for (std::ptrdiff_t place = two_31; place < count; ++place)
        expected_reals.emplace_back(place, -2.5f);
    expected_reals.emplace_back(two_31 - 1, 33.5f);
    expected_reals.emplace_back(two_31, -1.5f);
    expected_reals.emplace_back(count - 1, -34.5f);
    const sparse_memory<std::int8_t> codes(count);
    codes[two_31 - 1] = 64;
    codes[two_31] = 4;
    codes[count - 1] = -128;
    const repeated_memory<float> reals(count);
    const dequantizer<int8_full, per_group> call(params, granularity);
    call(forwards(codes), tensor_view<float>(reals.data(), { count }));
    require_equal(last_of(reals), expected_last<float>(1.5f, expected_reals));
}

TEST_CASE("the last rows of an integer product of 2^31 + 77 rows, on every micro-kernel")
{
    if (!is_asked_for())
        return;
    using namespace kernels;
    // row i of A is a[i .. i + 3]
    constexpr gemm_extents size { static_cast<std::size_t>(count), 1, 4 };
    const sparse_memory<std::uint8_t> a(count + 3);
    a[two_31] = 200;
    a[count + 2] = 100;
    const std::vector<std::int8_t> weights { 1, -2, 3, -4 };
    const code_rows<std::uint8_t> rows { { a.data(), 1, 1 } };
    for_each_micro_kernel(
        [&](const micro_kernel& kernel)
        {
            aligned_buffer<std::byte> panels(packed_b_bytes(kernel.format, size.n, size.k));
            aligned_buffer<std::int32_t> sums(padded_columns(size.n));
            pack_b(matrix_view<const std::int8_t> { weights.data(), 4, 1 }, size.n, size.k, kernel.format,
                   panels.data(), sums.data());
            aligned_buffer<std::byte> workspace(gemm_workspace_bytes(kernel, size, rows, only_last_part {}));
            const sparse_memory<std::int32_t> c(count);
            gemm(kernel, size, rows, packed_b { kernel.format, size.n, size.k, panels.data(), sums.data() },
                 epilogue_of<store_to<std::int32_t>> { {}, { { c.data(), 1, 1 } } }, nullptr, workspace.data(),
                 only_last_part {});
            const std::int32_t none = packing_shift<std::uint8_t>(kernel.format, operand::a) * (1 - 2 + 3 - 4);
            require_equal(last_of(c), expected_last<std::int32_t>(none, { { two_31 - 3, none - 800 },
                                                                          { two_31 - 2, none + 600 },
                                                                          { two_31 - 1, none - 400 },
                                                                          { two_31, none + 200 },
                                                                          { count - 1, none - 400 } }));
        });
}

TEST_CASE("the last rows of 2^31 + 77 that a layer in float gets")
{
    if (!is_asked_for())
        return;
    const float weight = 3.0f;
    const sparse_memory<float> x(count);
    x[two_31 - 1] = 2.0f;
    x[two_31] = -1.0f;
    x[count - 1] = 0.5f;
    for_each_float_kernel<fp32_weights::format>(
        [&](const kernels::micro_kernel& kernel)
        {
            const real_linear layer(tensor_view<const float>(&weight, { 1, 1 }), fp32_weights {}, epilogue {}, kernel);
            const sparse_memory<float> y(count);
            layer(tensor_view<const float>(x.data(), { count, 1 }), tensor_view<float>(y.data(), { count, 1 }),
                  only_last_part {});
            require_equal(last_of(y),
                          expected_last<float>(0.0f, { { two_31 - 1, 6.0f }, { two_31, -3.0f }, { count - 1, 1.5f } }));
        });
}
