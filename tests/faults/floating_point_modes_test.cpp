// SPDX-License-Identifier: BSD-3-Clause
// What holds where a program changed how the processor computes: flushed denormals, and other rounding modes.
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/rounding.hpp>
#include <quantkit/kernels/convert_half.hpp>
#include <quantkit/kernels/dequantize.hpp>
#include <quantkit/kernels/quantize.hpp>

#include <doctest/doctest.h>

#include <bit>
#include <cfenv>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
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
