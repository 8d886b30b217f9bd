// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/constant_range.hpp>
#include <quantkit/observers/granular_observer.hpp>

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>
#include <vector>

namespace qk = quantkit;
using limits = std::numeric_limits<float>;

TEST_CASE("no data change the range")
{
    qk::constant_range_observer observer { { -1.0f, 3.0f } };
    observer.observe(std::vector { -5.0f, 7.0f, limits::quiet_NaN(), limits::infinity() });
    observer.observe(std::vector<float> {});
    CHECK(observer.range() == qk::real_range { -1.0f, 3.0f });
    observer.reset();
    CHECK(observer.range() == qk::real_range { -1.0f, 3.0f });
    CHECK(qk::choose_qparams<qk::uint8_full>(observer) == qk::qparams { 4.0f / 255.0f, 64 });
}

TEST_CASE("without a range it has observed nothing")
{
    CHECK(qk::constant_range_observer {}.range() == qk::nothing_observed);
}

TEST_CASE("every parameter gets the prototype's range")
{
    qk::per_axis_observer<qk::constant_range_observer> observer { qk::per_axis { 0 }, { { 0.0f, 6.0f } } };
    const std::vector<float> x { 1, 2, 3, 4 };
    observer.observe(qk::tensor_view<const float>(x.data(), { 2, 2 }));
    CHECK(observer.ranges() == std::vector<qk::real_range> { { 0, 6 }, { 0, 6 } });
}

TEST_CASE("only equal ranges can be merged")
{
    qk::constant_range_observer observer { { 0.0f, 6.0f } };
    observer.merge(qk::constant_range_observer { { 0.0f, 6.0f } });
    CHECK(observer.range() == qk::real_range { 0.0f, 6.0f });
    CHECK_THROWS_WITH_AS(observer.merge(qk::constant_range_observer { { -1.0f, 6.5f } }),
                         "quantkit: observers of the constant ranges [0, 6] and [-1, 6.5] cannot be merged",
                         std::invalid_argument);
}

TEST_CASE("a range that makes no sense is refused where it is used")
{
    CHECK_THROWS_WITH_AS(qk::choose_qparams<qk::int8_full>(qk::constant_range_observer { { 1.0f, -1.0f } }),
                         "quantkit: cannot choose qparams for the range [1, -1]: it must be finite and not reversed",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(
        qk::choose_qparams<qk::int8_full>(qk::constant_range_observer { { 0.0f, limits::infinity() } }),
        "quantkit: cannot choose qparams for the range [0, inf]: it is not finite", std::invalid_argument);
}
