// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/metrics/code_usage.hpp>

#include "support/layouts.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <stdexcept>
#include <vector>

namespace qk = quantkit;
namespace test = quantkit::test;

TEST_CASE_TEMPLATE("counts and rates are those of the definition", Range, qk::int8_full, qk::int8_narrow,
                   qk::uint8_full, qk::uint8_reduced, qk::int4_full, qk::uint4_full, qk::int16_full,
                   qk::unsigned_range<16>)
{
    using code_type = typename Range::code_type;
    for (const std::size_t count : { std::size_t { 1 }, std::size_t { 20 }, std::size_t { 3000 } })
    {
        const auto codes =
            test::random_codes<code_type>(count, count, code_type { Range::quant_min }, code_type { Range::quant_max });
        std::map<std::int32_t, std::uint64_t> expected;
        for (const code_type code : codes)
            ++expected[code];
        qk::code_usage seen(Range::bounds);
        seen.observe(codes);
        const auto all = static_cast<std::size_t>(Range::quant_max - Range::quant_min) + 1;
        REQUIRE(seen.counts().size() == all);
        bool counts_are_right = true;
        for (std::size_t i = 0; i < all; ++i)
            counts_are_right &= seen.counts()[i] == expected[Range::quant_min + static_cast<std::int32_t>(i)];
        CHECK(counts_are_right);
        CHECK(seen.total() == count);
        std::size_t dead = 0;
        for (const auto& code : expected)
            dead += code.second == 0 ? 1 : 0;
        CHECK(seen.dead_codes() == dead);
        const double low = static_cast<double>(expected[Range::quant_min]) / static_cast<double>(count);
        const double high = static_cast<double>(expected[Range::quant_max]) / static_cast<double>(count);
        CHECK(qk::low_saturation_rate {}(seen) == low);
        CHECK(qk::high_saturation_rate {}(seen) == high);
        CHECK(qk::saturation_rate {}(seen) == doctest::Approx(low + high));
        CHECK(qk::dead_code_rate {}(seen) == static_cast<double>(dead) / static_cast<double>(all));
    }
}

TEST_CASE("both ends, apart and together")
{
    qk::code_usage seen(qk::int4_full::bounds);
    seen.observe(std::vector<std::int8_t> { -8, -8, 0, 7, 1, 1, 1, 1 });
    CHECK(seen.at_quant_min() == 2);
    CHECK(seen.at_quant_max() == 1);
    CHECK(qk::low_saturation_rate {}(seen) == 0.25);
    CHECK(qk::high_saturation_rate {}(seen) == 0.125);
    CHECK(qk::saturation_rate {}(seen) == 0.375);
    CHECK(seen.dead_codes() == 12);
}

TEST_CASE("batches, their order, merging and layout cannot be seen")
{
    const auto codes = test::random_codes<std::int8_t>(60 * 50, 1, -100, 127);
    qk::code_usage expected(qk::int8_full::bounds);
    expected.observe(codes);
    for (const std::size_t cut : { std::size_t { 0 }, std::size_t { 999 }, codes.size() })
    {
        qk::code_usage first(qk::int8_full::bounds), second(qk::int8_full::bounds);
        first.observe(std::span(codes).first(cut));
        second.observe(std::span(codes).subspan(cut));
        second.merge(first);
        CHECK(second == expected);
    }
    const test::strided_tensor<std::int8_t> strided({ 60, 50 }, { -2, 130 }, codes);
    qk::code_usage of_strided(qk::int8_full::bounds);
    of_strided.observe(strided.view());
    CHECK(of_strided == expected);
}

TEST_CASE("codes may be stored in a wider type than they need")
{
    qk::code_usage seen(qk::uint4_full::bounds);
    seen.observe(std::vector<std::int16_t> { 0, 15, 15 });
    seen.observe(std::vector<std::uint8_t> { 3 });
    CHECK(seen.at_quant_max() == 2);
    CHECK(seen.dead_codes() == 13);
}

TEST_CASE("nothing seen")
{
    qk::code_usage seen(qk::int8_full::bounds);
    seen.observe(std::vector<std::int8_t> {});
    CHECK(qk::saturation_rate {}(seen) == 0.0);
    CHECK(qk::dead_code_rate {}(seen) == 1.0);
}

TEST_CASE("what does not fit is refused with its values")
{
    qk::code_usage seen(qk::int8_narrow::bounds);
    CHECK_THROWS_WITH_AS(seen.observe(std::vector<std::int8_t> { 1, -128 }),
                         "quantkit: code -128 lies outside [-127, 127]", std::invalid_argument);
    CHECK_THROWS_WITH_AS(seen.observe(std::vector<std::uint8_t> { 1, 200 }),
                         "quantkit: code 200 lies outside [-127, 127]", std::invalid_argument);
    CHECK(seen.total() == 0);
    CHECK_THROWS_WITH_AS(seen.merge(qk::code_usage(qk::int8_full::bounds)),
                         "quantkit: codes of [-128, 127] cannot be merged with those of [-127, 127]",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(qk::code_usage({ -40'000, 40'000 }),
                         "quantkit: codes are counted for ranges of 2 to 65536 codes, not for [-40000, 40000]",
                         std::invalid_argument);
}
