// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Every check of this folder, once passing and once failing: a check that cannot fail tests nothing.
#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"
#include "support/reference.hpp"
#include "support/shapes.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

namespace
{
    using namespace quantkit::test;

    constexpr float not_a_number = std::numeric_limits<float>::quiet_NaN();
    const std::vector<float> values { 1.0f, -0.0f, not_a_number };

    /// Whether the action ends a child process by a segmentation fault.
    template <class Action>
    bool faults(Action action)
    {
        const pid_t child = ::fork();
        if (child == 0)
        {
            std::signal(SIGSEGV, SIG_DFL);
            action();
            ::_exit(0);
        }
        int status = 0;
        ::waitpid(child, &status, 0);
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
    }

    void read(const volatile float* address) { static_cast<void>(*address); }
}

TEST_CASE("require_equal accepts the same bits")
{
    require_equal(values, values);
    require_equal(std::vector<int> {}, std::vector<int> {});
}
TEST_CASE("require_equal fails for another code" * doctest::should_fail())
{
    require_equal(std::vector<std::int8_t> { 1, 2 }, std::vector<std::int8_t> { 1, 3 });
}
TEST_CASE("require_equal fails for the other zero" * doctest::should_fail())
{
    require_equal(values, std::vector<float> { 1.0f, 0.0f, not_a_number });
}
TEST_CASE("require_equal fails for a missing value" * doctest::should_fail())
{
    require_equal(values, std::vector<float> { 1.0f, -0.0f });
}
TEST_CASE("require_equal fails for the first value alone" * doctest::should_fail())
{
    require_equal(values, std::vector<float> { 2.0f, -0.0f, not_a_number });
}
TEST_CASE("require_equal fails for the last value alone" * doctest::should_fail())
{
    require_equal(values, std::vector<float> { 1.0f, -0.0f, 3.0f });
}

TEST_CASE("require_close accepts what lies within the bound")
{
    require_close(std::vector<float> { 1.0f, 2.0f }, std::vector<double> { 1.5, 1.5 }, 0.5);
    require_close(std::vector<float> { 1.0f, 2.0f }, std::vector<double> { 1.0, 3.0 },
                  [](std::size_t i) { return static_cast<double>(i); });
}
TEST_CASE("require_close fails beyond the bound" * doctest::should_fail())
{
    require_close(std::vector<float> { 1.0f, 2.0f }, std::vector<double> { 1.5, 1.4 }, 0.5);
}
TEST_CASE("require_close fails beyond one value's bound" * doctest::should_fail())
{
    require_close(std::vector<float> { 1.0f, 2.0f }, std::vector<double> { 1.5, 2.0 },
                  [](std::size_t i) { return static_cast<double>(i); });
}
TEST_CASE("require_close fails for NaN" * doctest::should_fail())
{
    require_close(std::vector<float> { not_a_number }, std::vector<float> { not_a_number }, 1e30);
}
TEST_CASE("require_close fails for a missing value" * doctest::should_fail())
{
    require_close(std::vector<float> { 1.0f }, std::vector<float> { 1.0f, 1.0f }, 1e30);
}

TEST_CASE("a difference is reported with its place and both values")
{
    const std::vector<float> other { 1.0f, 0.0f, not_a_number };
    const auto text = quantkit::test::detail::first_difference(
        std::span<const float>(values), std::span<const float>(other),
        [&](std::size_t i) { return quantkit::test::detail::same_bits(values[i], other[i]); });
    CHECK(text == "[1] of 3: -0 (0x80000000), expected 0 (0x0)");
}

TEST_CASE("guarded_buffer: one element too many faults on the guarded side")
{
    for (const std::size_t count : { 0u, 1u, 1000u, 1024u, 1025u })
    {
        guarded_buffer<float> after(count);
        CHECK(faults([&] { read(after.end()); }));
        guarded_buffer<float> before(count, guard_page::before);
        CHECK(faults([&] { read(before.begin() - 1); }));
        CHECK_FALSE(faults(
            [&]
            {
                for (float& value : after)
                    value = 1.0f;
            }));
    }
}
TEST_CASE("guarded_buffer: holds a copy and starts at zero")
{
    const guarded_buffer<float> copy(values);
    require_equal(copy, values);
    require_equal(guarded_buffer<int>(3), std::vector<int> { 0, 0, 0 });
}
TEST_CASE("guarded_buffer: writing before the start is found" * doctest::should_fail())
{
    guarded_buffer<float> buffer(3);
    buffer.data()[-1] = 0.0f;
}
TEST_CASE("guarded_buffer: writing past the end is found where the guard is before" * doctest::should_fail())
{
    guarded_buffer<float> buffer(3, guard_page::before);
    buffer.data()[3] = 0.0f;
}

TEST_CASE("reference: rounds ties to even and saturates")
{
    CHECK(reference::quantize(2.5, 1.0, 0, -128, 127) == 2);
    CHECK(reference::quantize(-3.5, 1.0, 0, -128, 127) == -4);
    CHECK(reference::quantize(2.5, 1.0, 1, -128, 127) == 3);
    CHECK(reference::quantize(0.49999999, 1.0, 0, -128, 127) == 0);
    CHECK(reference::quantize(1e300, 1e-30, 0, -128, 127) == 127);
    CHECK(reference::quantize(static_cast<double>(not_a_number), 1.0, 0, -128, 127) == -128);
    CHECK(reference::fake_quantize(0.9, 0.5, 3, 0, 255) == 1.0);
    CHECK(reference::tie_distance(3.25, 1.0) == 0.25);
}
TEST_CASE("reference: matmul subtracts both zero points")
{
    const std::int8_t a[] { 1, 2, 3, 4 };
    const std::uint8_t b[] { 5, 6, 7, 8, 9, 10 };
    // a - 2 = [[-1, 0], [1, 2]] and b - 5 = [[0, 1], [2, 3], [4, 5]]
    require_equal(reference::matmul(a, b, 2, 3, 2, 2, 5), std::vector<std::int64_t> { 0, -2, -4, 2, 8, 14 });
}

TEST_CASE("random: the same numbers everywhere")
{
    CHECK(random_bits(0).next() == 0xe220a8397b1dcdafu);
    CHECK(random_floats(3, 1) != random_floats(3, 2));
    for (const float value : random_floats(1000, 3, 2.0f, 3.0f))
        CHECK((value >= 2.0f && value <= 3.0f));
    for (const std::int8_t code : random_codes<std::int8_t>(1000, 4, -127, 5))
        CHECK((code >= -127 && code <= 5));
}
