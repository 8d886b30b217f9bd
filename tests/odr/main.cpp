// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Each translation unit must run the functions of its own flags, and all must give the same bits.
#include "odr/units.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace
{
    using quantkit::kernels::kernel_table;

    constexpr quantkit::qparams params { 0.037f, 117 };
    constexpr quantkit::quant_bounds bounds { 0, 255 };

    /// Steps of a twentieth of the scale: every tenth value is a tie, or next to one.
    std::vector<float> inputs()
    {
        std::vector<float> x;
        for (int i = -5000; i < 5000; ++i)
            x.push_back(0.00185f * static_cast<float>(i));
        return x;
    }

    std::vector<std::uint8_t> codes(const kernel_table& kernels, const std::vector<float>& x)
    {
        std::vector<std::uint8_t> q(x.size());
        kernels.u8.quantize(x.data(), q.data(), x.size(), params, bounds);
        return q;
    }

    std::vector<float> rounded(const kernel_table& kernels, const std::vector<float>& x)
    {
        std::vector<float> y(x.size());
        kernels.fake_quantize(x.data(), y.data(), x.size(), params, bounds);
        return y;
    }

    /// Those that this CPU can run, the baseline first.
    std::vector<odr::unit> units()
    {
        return {
            odr::products::baseline(),
#ifdef QUANTKIT_ODR_AVX2
            odr::products::avx2(),
#endif
#ifdef QUANTKIT_ODR_AVX512
            odr::products::avx512(),
#endif
        };
    }

    std::vector<odr::eigen_unit> eigen_units()
    {
        return {
            odr::with_eigen::baseline(),
#ifdef QUANTKIT_ODR_AVX2
            odr::with_eigen::avx2(),
#endif
#ifdef QUANTKIT_ODR_AVX512
            odr::with_eigen::avx512(),
#endif
        };
    }

    struct recorded final : odr::results
    {
        std::vector<std::vector<std::byte>> all;

        void add(std::span<const std::byte> result) override { all.emplace_back(result.begin(), result.end()); }
    };

    /// Sizes that no tile, panel or vector divides.
    struct problem
    {
        static constexpr Eigen::Index m = 7, n = 45, k = 83;
        quantkit::matrix_f x = quantkit::matrix_f::Random(m, k), w = quantkit::matrix_f::Random(n, k);
        quantkit::matrix_f residual = quantkit::matrix_f::Random(m, n);
        quantkit::vector_f bias = quantkit::vector_f::Random(n);
        quantkit::matrix<std::int8_t> codes = (100.0f * x).cast<std::int8_t>();
        std::vector<std::int32_t> integer_bias = std::vector<std::int32_t>(n, 321);
        quantkit::quantized_tensor<quantkit::int8_full> weights =
            quantkit::quantize<quantkit::int8_full>(w, quantkit::per_axis { 0 });
        quantkit::quantized_tensor<quantkit::int8_full> shifted_weights =
            quantkit::quantize<quantkit::int8_full>(w, quantkit::qparams { 0.009f, 11 });
        quantkit::quantized_tensor<quantkit::int4_full> grouped_weights =
            quantkit::quantize<quantkit::int4_full>(w, quantkit::per_group { 1, 32 });

        odr::operands operands() const
        {
            return { x, codes, weights, shifted_weights, grouped_weights, w, bias, integer_bias, residual };
        }
    };
}

TEST_CASE("translation units with different flags keep their own kernels and agree")
{
    const auto x = inputs();
    const kernel_table& first = units().front().kernels;
    std::set<std::string> names;
    for (const odr::unit& unit : units())
    {
        const kernel_table& kernels = unit.kernels;
        CAPTURE(kernels.name);
        CHECK(codes(kernels, x) == codes(first, x));
        CHECK(rounded(kernels, x) == rounded(first, x));
        CHECK(kernels.reduce_range(x.data(), x.size()) == first.reduce_range(x.data(), x.size()));
        names.insert(kernels.name);
    }
    CHECK_MESSAGE(names.size() == units().size(), "the linker merged kernels of different instruction sets");
}

TEST_CASE("products give the same bits whatever the flags of their translation unit")
{
    const problem given;
    recorded expected;
    units().front().run_all(given.operands(), expected);
    REQUIRE(expected.all.size() == 8);
    for (const odr::unit& unit : units())
    {
        CAPTURE(unit.kernels.name);
        recorded results;
        unit.run_all(given.operands(), results);
        CHECK(results.all == expected.all);
    }
}

TEST_CASE("a layer that one translation unit makes runs in another, with the same bits")
{
    const problem given;
    for (const odr::unit& maker : units())
        for (const odr::unit& runner : units())
        {
            CAPTURE(maker.kernels.name);
            CAPTURE(runner.kernels.name);
            const odr::shared_layer layer = maker.make(given.operands());
            recorded theirs, own;
            runner.run(layer, given.operands(), theirs);
            maker.run(layer, given.operands(), own);
            CHECK(theirs.all == own.all);
            CHECK(theirs.all.front().size() == given.m * given.n * sizeof(float));
        }
}

TEST_CASE("threads, and weights of every format, give the same bits whatever the flags")
{
    const problem given;
    Eigen::ThreadPool pool(2);
    recorded expected;
    eigen_units().front()(given.operands(), quantkit::thread_pool { pool }, expected);
    REQUIRE(expected.all.size() == 9);
    for (const odr::eigen_unit run : eigen_units())
    {
        recorded results;
        run(given.operands(), quantkit::thread_pool { pool }, results);
        CHECK(results.all == expected.all);
    }
}
