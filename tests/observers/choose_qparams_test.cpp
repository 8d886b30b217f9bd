// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/granular_observer.hpp>
#include <quantkit/observers/minmax.hpp>

#include <doctest/doctest.h>

#include <concepts>
#include <cstddef>
#include <limits>
#include <vector>

namespace qk = quantkit;
using limits = std::numeric_limits<float>;

namespace
{
    struct fixed_step
    {
        qk::qparams operator()(qk::real_range, qk::quant_bounds bounds) const { return { 0.125f, bounds.quant_max }; }
    };

    // Somebody else's observer needs no base class: a range is enough.
    struct known_range
    {
        qk::real_range range() const { return { -1.0f, 3.0f }; }
    };
}

TEST_CASE("from a range, an observer, and an observer per parameter")
{
    CHECK(qk::choose_qparams<qk::uint8_full>(qk::real_range { -1.0f, 3.0f }) == qk::qparams { 4.0f / 255.0f, 64 });
    CHECK(qk::choose_qparams<qk::uint8_full>(known_range {}, qk::affine {}) == qk::qparams { 4.0f / 255.0f, 64 });
    CHECK(qk::choose_qparams({ -1.0f, 3.0f }, qk::quant_bounds { 0, 255 }) == qk::qparams { 4.0f / 255.0f, 64 });
    CHECK(qk::choose_qparams<qk::int8_narrow>(known_range {}, qk::symmetric {}) == qk::qparams { 3.0f / 127.0f, 0 });
    CHECK(qk::choose_qparams<qk::int8_narrow>(known_range {}, fixed_step {}) == qk::qparams { 0.125f, 127 });

    qk::per_axis_observer<qk::minmax_observer> observer { qk::per_axis { 0 } };
    const std::vector<float> x { -1, 1, 0, 254 };
    observer.observe(qk::tensor_view<const float>(x.data(), { 2, 2 }));
    const qk::qparams_list params = qk::choose_qparams<qk::int8_narrow>(observer, qk::symmetric {});
    CHECK(params == qk::qparams_list { { 1.0f / 127.0f, 0 }, { 2.0f, 0 } });
}

TEST_CASE("nothing observed gives scale 1 and the code of 0")
{
    CHECK(qk::choose_qparams<qk::int8_full>(qk::minmax_observer {}) == qk::qparams { 1.0f, 0 });
    CHECK(qk::choose_qparams<qk::uint8_full>(qk::minmax_observer {}, qk::symmetric {}) == qk::qparams { 1.0f, 0 });
    CHECK(qk::choose_qparams(qk::nothing_observed, qk::quant_bounds { 1, 255 }) == qk::qparams { 1.0f, 1 });
    CHECK(qk::choose_qparams<qk::int8_full>(qk::per_axis_observer<qk::minmax_observer> {}).size() == 0);
}

TEST_CASE("infinities and NaN are refused with their values")
{
    qk::minmax_observer observer;
    observer.observe(std::vector { -1.0f, limits::infinity() });
    CHECK_THROWS_WITH_AS(qk::choose_qparams<qk::int8_full>(observer),
                         "quantkit: cannot choose qparams for the range [-1, inf]: it is not finite",
                         std::invalid_argument);
    CHECK_THROWS_AS(qk::choose_qparams<qk::int8_full>(qk::real_range { limits::quiet_NaN(), 1.0f }),
                    std::invalid_argument);
    CHECK_THROWS_AS(qk::choose_qparams<qk::int8_full>(qk::real_range { -limits::infinity(), limits::infinity() }),
                    std::invalid_argument);
    CHECK_THROWS_AS(qk::choose_qparams<qk::int8_full>(qk::real_range { 1.0f, -1.0f }), std::invalid_argument);
    const std::vector<qk::real_range> ranges { { 0, 1 }, qk::nothing_observed, { -limits::infinity(), 1 } };
    CHECK_THROWS_WITH_AS(qk::choose_qparams<qk::int8_full>(ranges),
                         "quantkit: cannot choose qparams for the range [-inf, 1] of parameter 2: it is not finite",
                         std::invalid_argument);
}

TEST_CASE("the default scheme follows the sign of the range")
{
    static_assert(std::same_as<qk::default_scheme<qk::int8_narrow>, qk::symmetric>);
    static_assert(std::same_as<qk::default_scheme<qk::uint8_full>, qk::affine>);
}
