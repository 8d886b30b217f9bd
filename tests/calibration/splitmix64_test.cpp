// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/calibration/splitmix64.hpp>

#include <doctest/doctest.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

using quantkit::splitmix64;

TEST_CASE("the numbers are those of the published generator")
{
    splitmix64 random(1234567);
    for (const std::uint64_t expected : { 6457827717110365317u, 3203168211198807973u, 9817491932198370423u,
                                          4593380528125082431u, 16408922859458223821u })
        CHECK(random.next() == expected);
}

TEST_CASE("every choice is drawn equally often")
{
    splitmix64 random(1);
    std::array<int, 7> drawn {};
    constexpr int draws = 70'000;
    for (int i = 0; i < draws; ++i)
        ++drawn[static_cast<std::size_t>(random.below(drawn.size()))];
    for (const int count : drawn) // 10,000 with a deviation of 93
        CHECK((count > 9'500 && count < 10'500));
}

TEST_CASE("choices beyond half of all numbers have no bias")
{
    // Without drawing again, numbers below 2^62 would come from two runs of choices and be twice as likely.
    constexpr std::uint64_t choices = 3u * (std::uint64_t { 1 } << 62);
    splitmix64 random(2);
    int low = 0;
    for (int i = 0; i < 30'000; ++i)
        low += random.below(choices) < choices / 3;
    CHECK((low > 9'600 && low < 10'400)); // 10,000 with a deviation of 82; 15,000 with bias
}

TEST_CASE("one choice and none")
{
    splitmix64 random(3);
    CHECK(random.below(1) == 0);
    CHECK_THROWS_WITH_AS(random.below(0), "quantkit: cannot draw one of 0 choices", std::invalid_argument);
}
