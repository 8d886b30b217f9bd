// SPDX-License-Identifier: BSD-3-Clause
// What holds where a program changed how the processor computes, flushed denormals and other rounding modes, and where
// values are no numbers: for kernels and for layers.
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/rounding.hpp>
#include <quantkit/kernels/convert_half.hpp>
#include <quantkit/kernels/dequantize.hpp>
#include <quantkit/kernels/quantize.hpp>
#include <quantkit/tensor/int8_linear.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/real_linear.hpp>
#include <quantkit/tensor/view.hpp>

#include "support/checks.hpp"
#include "support/float_micro_kernels.hpp"
#include "support/linear_layers.hpp"
#include "support/micro_kernels.hpp"

#include <doctest/doctest.h>

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <bit>
#include <cfenv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <vector>

#if defined(__SSE2__)
#include <immintrin.h>
#endif

using namespace quantkit;

namespace
{
#if defined(__SSE2__)
    /// Denormal operands are read as 0 and denormal results written as 0, as -ffast-math has it in whole programs.
    class flushed_denormals
    {
    public:
        flushed_denormals()
            : old_(_mm_getcsr())
        {
            _mm_setcsr(old_ | 0x8040);
        }
        flushed_denormals(const flushed_denormals&) = delete;
        flushed_denormals& operator=(const flushed_denormals&) = delete;
        ~flushed_denormals() { _mm_setcsr(old_); }

    private:
        unsigned old_;
    };
#define QUANTKIT_TEST_FLUSHES
#elif defined(__aarch64__)
    class flushed_denormals
    {
    public:
        flushed_denormals()
        {
            __asm__ volatile("mrs %0, fpcr" : "=r"(old_));
            __asm__ volatile("msr fpcr, %0" : : "r"(old_ | (std::uint64_t { 1 } << 24)));
        }
        flushed_denormals(const flushed_denormals&) = delete;
        flushed_denormals& operator=(const flushed_denormals&) = delete;
        ~flushed_denormals() { __asm__ volatile("msr fpcr, %0" : : "r"(old_)); }

    private:
        std::uint64_t old_ = 0;
    };
#define QUANTKIT_TEST_FLUSHES
#endif

    class rounding_mode
    {
    public:
        explicit rounding_mode(int mode)
            : old_(std::fegetround())
        {
            std::fesetround(mode);
        }
        rounding_mode(const rounding_mode&) = delete;
        rounding_mode& operator=(const rounding_mode&) = delete;
        ~rounding_mode() { std::fesetround(old_); }

    private:
        int old_;
    };

    /// Calls that the compiler can neither move nor compute beforehand.
    template <class Result, class... Arguments>
    class opaque
    {
    public:
        explicit opaque(Result (*function)(Arguments...))
            : function_(function)
        {
        }
        Result operator()(Arguments... arguments) const { return function_(arguments...); }

    private:
        Result (*volatile function_)(Arguments...);
    };

    using floats = std::vector<float>;
    using codes = std::vector<std::uint8_t>;

    codes quantized(const floats& x, qparams params)
    {
        codes q(x.size());
        kernels::quantize(x.data(), q.data(), x.size(), params, uint8_full::bounds);
        return q;
    }

    floats dequantized(const codes& q, qparams params)
    {
        floats x(q.size());
        kernels::dequantize(q.data(), x.data(), q.size(), params);
        return x;
    }

    /// Floats of every size, denormal ones among them, and their neighbours at ties of a scale of 1.
    floats all_sizes()
    {
        floats values { 0.0f, -0.0f, 0.5f, 1.5f, 2.5f, -0.5f, -1.5f, 126.5f, 127.5f };
        for (int exponent = -149; exponent < 128; ++exponent)
            for (const float digits : { 1.0f, 1.25f, 1.5f, 1.9999999f })
                for (const float sign : { 1.0f, -1.0f })
                    values.push_back(std::ldexp(sign * digits, exponent));
        return values;
    }

    std::vector<std::uint32_t> bits_of(const floats& values)
    {
        std::vector<std::uint32_t> bits;
        for (const float value : values)
            bits.push_back(std::bit_cast<std::uint32_t>(value));
        return bits;
    }

    using Eigen::Index;
    using kernels::micro_kernel;
    using test::elements;
    using test::require_equal;

    constexpr std::array rounding_modes { FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST };
    constexpr Index layer_rows = 7, layer_outputs = 21, layer_inputs = 50;
    constexpr qparams input_params { 0.04f, 117 }; // reals from -4.68 to 5.52

    /// Ordinary values, a row of denormals and some among others, a tiny row, zeros.
    matrix_f layer_input()
    {
        matrix_f x = test::random_matrix(layer_rows, layer_inputs, 1).cwiseMax(-4.6f).cwiseMin(5.5f);
        x.row(2) *= 1e-40f;
        x.row(3) *= 1e-30f;
        x.row(4).setZero();
        x.row(5).tail(9) *= 1e-40f;
        return x;
    }

    /// The same of weights.
    matrix_f layer_weights()
    {
        matrix_f w = test::random_matrix(layer_outputs, layer_inputs, 2);
        w.row(5) *= 1e-40f;
        w.row(6).head(20) *= 1e-40f;
        return w;
    }

    /// Quantizes, packs and multiplies, all of it in the mode of the caller.
    template <class Input>
    matrix_f int8_product(const matrix_f* x, const matrix_f* w, const Input* input, const micro_kernel* kernel)
    {
        const auto weight = quantize<int8_narrow>(*w, per_axis { 0 });
        const vector_f bias = vector_f::Constant(w->rows(), 0.375f);
        return int8_linear(weight, *input, epilogue { add_bias { bias } }, *kernel)(*x);
    }

    /// Multiplies in the mode of the caller.
    template <class Range, class Input>
    matrix_f product_with(const matrix_f* x, const quantized_tensor<Range>* weight, const Input* input,
                          const micro_kernel* kernel)
    {
        return int8_linear(*weight, *input, epilogue {}, *kernel)(*x);
    }

    matrix_f float_product(const matrix_f* x, const matrix_f* w, const micro_kernel* kernel)
    {
        return real_linear(*w, fp32_weights {}, epilogue {}, *kernel)(*x);
    }

    /// check(input) with every way in which a layer quantizes its input.
    template <class Check>
    void for_each_input(const qparams& frozen, Check check)
    {
        check(static_input { frozen });
        check(dynamic_per_tensor {});
        check(dynamic_per_row {});
    }

    /// Of a sum of k products of floats, each operation of which is off by at most `unit`, where what is denormal may
    /// be read or written as 0: |y - sum| <= k unit (1 + 2^-20) sum |x w|, and 2^-126 (1 + |x| + |w|) for each product.
    void require_near_product(const matrix_f& y, const matrix_f& x, const matrix_f& w, double unit)
    {
        REQUIRE((y.rows() == x.rows() && y.cols() == w.rows()));
        for (Index i = 0; i < y.rows(); ++i)
            for (Index j = 0; j < y.cols(); ++j)
            {
                double sum = 0, bound = 0;
                for (Index p = 0; p < x.cols(); ++p)
                {
                    const double a = double { x(i, p) }, b = double { w(j, p) };
                    sum += a * b;
                    bound += static_cast<double>(x.cols() + 1) * unit * (1 + 0x1p-20) * std::abs(a * b)
                             + 0x1p-126 * (1 + std::abs(a) + std::abs(b));
                }
                if (!(std::abs(double { y(i, j) } - sum) <= bound))
                    FAIL("y(", i, ", ", j, ") = ", y(i, j), ", but should be ", sum, " within ", bound);
            }
    }
}

#if defined(QUANTKIT_TEST_FLUSHES)
TEST_CASE("flushed denormals change no code and no real value for scales from 2^-125 to 2^126")
{
    const opaque quantize(+[](const floats* x, qparams params) { return quantized(*x, params); });
    const opaque dequantize(+[](const codes* q, qparams params) { return dequantized(*q, params); });
    const floats x = all_sizes();
    for (int exponent = -125; exponent <= 126; ++exponent)
        for (const float digits : { 1.0f, 1.37f })
        {
            const qparams params { std::ldexp(digits, exponent), 100 };
            if (params.scale > 0x1p126f)
                continue;
            CAPTURE(params.scale);
            const codes want = quantize(&x, params);
            const floats reals = dequantize(&want, params);
            codes got;
            floats flushed_reals;
            {
                const flushed_denormals flushed;
                got = quantize(&x, params);
                flushed_reals = dequantize(&want, params);
            }
            REQUIRE(got == want);
            REQUIRE(bits_of(flushed_reals) == bits_of(reals));
        }
}

TEST_CASE("flushed denormals change no conversion between floats of 16 and of 32 bits")
{
    std::vector<std::uint16_t> patterns;
    for (std::uint32_t pattern = 0; pattern < 0x10000; ++pattern)
        patterns.push_back(static_cast<std::uint16_t>(pattern));
    const opaque to_floats(+[](const std::vector<std::uint16_t>* from)
                           {
                               floats to(from->size());
                               kernels::half_to_float(from->data(), to.data(), to.size());
                               return to;
                           });
    const opaque to_halves(+[](const floats* from)
                           {
                               std::vector<std::uint16_t> to(from->size());
                               kernels::float_to_half(from->data(), to.data(), to.size());
                               return to;
                           });
    const floats values = to_floats(&patterns);
    const std::vector<std::uint16_t> halves = to_halves(&values);
    const flushed_denormals flushed;
    CHECK(bits_of(to_floats(&patterns)) == bits_of(values));
    CHECK(to_halves(&values) == halves);
}

TEST_CASE("flushed denormals change no bit of a layer that multiplies codes")
{
    const matrix_f x = layer_input(), w = layer_weights();
    for_each_input(input_params,
                   [&](const auto& input)
                   {
                       const opaque product(&int8_product<std::remove_cvref_t<decltype(input)>>);
                       test::for_each_micro_kernel(
                           [&](const micro_kernel& kernel)
                           {
                               const matrix_f want = product(&x, &w, &input, &kernel);
                               matrix_f got;
                               {
                                   const flushed_denormals flushed;
                                   got = product(&x, &w, &input, &kernel);
                               }
                               require_equal(elements(got), elements(want));
                           });
                   });
}

TEST_CASE("flushed denormals change a product of floats by no more than they are")
{
    const opaque product(&float_product);
    const matrix_f x = layer_input(), w = layer_weights();
    const matrix_f ordinary = test::random_matrix(layer_outputs, layer_inputs, 3);
    test::for_each_float_kernel<fp32_weights::format>(
        [&](const micro_kernel& kernel)
        {
            const matrix_f want = product(&ordinary, &ordinary, &kernel);
            matrix_f y, same;
            {
                const flushed_denormals flushed;
                y = product(&x, &w, &kernel);
                same = product(&ordinary, &ordinary, &kernel);
            }
            require_near_product(y, x, w, 0x1p-24);
            require_equal(elements(same), elements(want)); // nothing was denormal
        });
}
#endif

TEST_CASE("the scalar definition of rounding does not depend on the rounding mode")
{
    const opaque even(+[](float x) { return round_half_even(x); });
    const opaque away(+[](float x) { return round_half_away(x); });
    const floats values = all_sizes();
    floats want_even, want_away;
    for (const float x : values)
    {
        want_even.push_back(even(x));
        want_away.push_back(away(x));
    }
    for (const int mode : { FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO, FE_TONEAREST })
    {
        CAPTURE(mode);
        const rounding_mode changed(mode);
        for (std::size_t i = 0; i < values.size(); ++i)
        {
            REQUIRE(even(values[i]) == want_even[i]);
            REQUIRE(away(values[i]) == want_away[i]);
        }
    }
}

#if defined(__SSE2__)
TEST_CASE("kernels use the rounding mode that they find and leave it as it is")
{
    const opaque quantize(+[](const floats* x, qparams params) { return quantized(*x, params); });
    const floats x(37, 2.5f);
    const qparams params { 1.0f, 0 };
    CHECK(quantize(&x, params) == codes(37, 2));
    {
        const rounding_mode upward(FE_UPWARD);
        CHECK(quantize(&x, params) == codes(37, 3));
        CHECK(std::fegetround() == FE_UPWARD);
    }
    CHECK(quantize(&x, params) == codes(37, 2));
    CHECK(std::fegetround() == FE_TONEAREST);
}
#endif

TEST_CASE("what is exact is the same in every rounding mode: sums of codes, their products with powers of two")
{
    const quantized_tensor<uint8_full> weight({ 3, 4 }, { 0, 131, 255, 7, 130, 131, 132, 133, 9, 80, 200, 254 },
                                              qparams { 0x1p-7f, 131 });
    // codes 0 to 255 of the scale 2^-5 and the zero point 100, the ends of the range in every row
    matrix_f x(3, 4);
    x << -100.0f, 155.0f, 0.0f, 33.0f, 155.0f, -100.0f, -1.0f, 1.0f, 155.0f, 154.0f, -99.0f, -100.0f;
    x *= 0x1p-5f;
    matrix_f y(3, 3);
    for (Index i = 0; i < 3; ++i)
        for (Index j = 0; j < 3; ++j)
        {
            y(i, j) = 0.0f;
            for (Index p = 0; p < 4; ++p)
                y(i, j) +=
                    x(i, p) * static_cast<float>(int { weight.codes()[static_cast<std::size_t>(4 * j + p)] } - 131);
            y(i, j) *= 0x1p-7f;
        }
    for_each_input({ 0x1p-5f, 100 },
                   [&](const auto& input)
                   {
                       const opaque product(&product_with<uint8_full, std::remove_cvref_t<decltype(input)>>);
                       test::for_each_micro_kernel(
                           [&](const micro_kernel& kernel)
                           {
                               for (const int mode : rounding_modes)
                               {
                                   CAPTURE(mode);
                                   matrix_f got;
                                   {
                                       const rounding_mode changed(mode);
                                       got = product(&x, &weight, &input, &kernel);
                                   }
                                   require_equal(elements(got), elements(y));
                               }
                           });
                   });
}

TEST_CASE("other rounding modes move the codes of a layer by less than one step, and leave the mode as it is")
{
    matrix_f x = test::random_matrix(layer_rows, layer_inputs, 1).cwiseMax(-4.6f).cwiseMin(5.5f);
    // rows of one range, so that a step is 0.04 in all of them
    x.col(0).setConstant(-4.68f);
    x.col(1).setConstant(5.52f);
    // the identity: y is what the codes of x stand for
    const auto identity = quantize<int8_full>(matrix_f(matrix_f::Identity(layer_inputs, layer_inputs)), qparams {});
    for_each_input(input_params,
                   [&](const auto& input)
                   {
                       const opaque product(&product_with<int8_full, std::remove_cvref_t<decltype(input)>>);
                       test::for_each_micro_kernel(
                           [&](const micro_kernel& kernel)
                           {
                               for (const int mode : rounding_modes)
                               {
                                   CAPTURE(mode);
                                   matrix_f y;
                                   int mode_after = 0;
                                   {
                                       const rounding_mode changed(mode);
                                       y = product(&x, &identity, &input, &kernel);
                                       mode_after = std::fegetround();
                                   }
                                   CHECK(mode_after == mode);
                                   test::require_close(elements(y), elements(x),
                                                       0.04 * (mode == FE_TONEAREST ? 0.5001 : 1.0001));
                               }
                           });
                   });
}

TEST_CASE("products of floats lie within twice the bound in other rounding modes")
{
    const opaque product(&float_product);
    const matrix_f x = layer_input(), w = layer_weights();
    test::for_each_float_kernel<fp32_weights::format>(
        [&](const micro_kernel& kernel)
        {
            for (const int mode : rounding_modes)
            {
                CAPTURE(mode);
                matrix_f y;
                {
                    const rounding_mode changed(mode);
                    y = product(&x, &w, &kernel);
                }
                require_near_product(y, x, w, mode == FE_TONEAREST ? 0x1p-24 : 0x1p-23);
            }
        });
}

TEST_CASE("a storm of NaN and infinities gives the codes at the ends")
{
    const float nan = std::numeric_limits<float>::quiet_NaN(), infinity = std::numeric_limits<float>::infinity();
    for (const std::size_t count : { 1u, 7u, 64u, 1000u })
    {
        CHECK(quantized(floats(count, nan), { 0.1f, 7 }) == codes(count, 0));
        CHECK(quantized(floats(count, -infinity), { 0.1f, 7 }) == codes(count, 0));
        CHECK(quantized(floats(count, infinity), { 0.1f, 7 }) == codes(count, 255));
    }
}

namespace
{
    constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
    constexpr float infinite = std::numeric_limits<float>::infinity();

    /// The rows that a storm leaves alone have the bits of `calm`.
    void require_same_even_rows(const matrix_f& stormy, const matrix_f& calm)
    {
        for (Index i = 0; i < calm.rows(); i += 2)
            require_equal(elements(matrix_f(stormy.row(i))), elements(matrix_f(calm.row(i))));
    }

    /// x with NaN in every odd row: in every third value, or in all.
    matrix_f with_nan_in_odd_rows(matrix_f x, Index step)
    {
        for (Index i = 1; i < x.rows(); i += 2)
            for (Index p = 0; p < x.cols(); p += step)
                x(i, p) = not_a_number;
        return x;
    }
}

TEST_CASE("NaN in rows of a batch does not reach the others: static input and one range per row")
{
    const matrix_f x = test::random_matrix(9, layer_inputs, 4);
    const auto weight = quantize<uint8_full>(test::random_matrix(layer_outputs, layer_inputs, 5), per_axis { 0 });
    test::for_each_micro_kernel(
        [&](const micro_kernel& kernel)
        {
            const int8_linear frozen(weight, static_input { input_params }, epilogue {}, kernel);
            const int8_linear per_row(weight, dynamic_per_row {}, epilogue {}, kernel);
            const matrix_f holed = with_nan_in_odd_rows(x, 3);
            require_same_even_rows(frozen(holed), frozen(x));
            require_same_even_rows(per_row(holed), per_row(x));
            CHECK(frozen(holed).allFinite());
            CHECK(per_row(holed).allFinite());

            // the static layer: NaN is quant_min, infinities are the ends
            matrix_f stormy = with_nan_in_odd_rows(x, 1), lowest = x;
            stormy.row(3).setConstant(-infinite);
            stormy.row(5).setConstant(infinite);
            for (const Index row : { 1, 3, 7 })
                lowest.row(row).setConstant(-1e30f);
            lowest.row(5).setConstant(1e30f);
            require_equal(elements(frozen(stormy)), elements(frozen(lowest)));
        });
}

TEST_CASE("a row without a range, or with an infinite one, is refused before anything is written")
{
    const matrix_f x = test::random_matrix(9, layer_inputs, 4);
    const auto weight = quantize<int8_narrow>(test::random_matrix(layer_outputs, layer_inputs, 5), per_axis { 0 });
    const matrix_f before = matrix_f::Constant(x.rows(), layer_outputs, 7.0f);
    test::for_each_micro_kernel(
        [&](const micro_kernel& kernel)
        {
            const int8_linear per_row(weight, dynamic_per_row {}, epilogue {}, kernel);
            const int8_linear per_tensor(weight, dynamic_per_tensor {}, epilogue {}, kernel);
            const matrix_f want = per_row(x);
            matrix_f stormy = x, y = before;
            stormy.row(8).setConstant(not_a_number); // the last one: all others have their range by then
            CHECK_THROWS_WITH_AS(per_row(stormy, y), doctest::Contains("the range [inf, -inf]"), std::invalid_argument);
            require_equal(elements(y), elements(before));
            stormy = x;
            stormy(8, layer_inputs - 1) = -infinite;
            CHECK_THROWS_WITH_AS(per_row(stormy, y), doctest::Contains("the range [-inf, "), std::invalid_argument);
            CHECK_THROWS_WITH_AS(per_tensor(stormy, y), doctest::Contains("the range [-inf, "), std::invalid_argument);
            require_equal(elements(y), elements(before));
            require_equal(elements(per_row(x)), elements(want));
        });
}

TEST_CASE("NaN and infinities stay in their rows of a product of floats")
{
    const matrix_f x = test::random_matrix(9, layer_inputs, 4);
    const matrix_f w = test::random_matrix(layer_outputs, layer_inputs, 5);
    test::for_each_float_kernel<fp32_weights::format>(
        [&](const micro_kernel& kernel)
        {
            const real_linear layer(w, fp32_weights {}, epilogue {}, kernel);
            matrix_f stormy = with_nan_in_odd_rows(x, 3);
            stormy.row(3) = x.row(3);
            stormy(3, 10) = infinite;
            const matrix_f y = layer(stormy);
            require_same_even_rows(y, layer(x));
            for (Index j = 0; j < layer_outputs; ++j)
            {
                CHECK(y(3, j) == (w(j, 10) > 0.0f ? infinite : -infinite));
                for (const Index row : { 1, 5, 7 })
                    CHECK(std::isnan(y(row, j)));
            }
        });
}
