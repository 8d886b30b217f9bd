// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/observers/range_search.hpp>

#include <doctest/doctest.h>

#include <cmath>

namespace qk = quantkit;

namespace
{
    constexpr qk::quant_bounds bounds { 0, 255 };

    // Least where scale and zero_point are those of the wanted range.
    struct distance_error
    {
        qk::qparams wanted;
        mutable int calls = 0;

        double operator()(qk::qparams params) const
        {
            ++calls;
            const double steps = params.zero_point - wanted.zero_point;
            const auto ratio = static_cast<double>(params.scale) / static_cast<double>(wanted.scale);
            return std::pow(std::log(ratio), 2) + 1e-4 * steps * steps;
        }
        double count() const { return 0.0; }
    };

    struct constant_error
    {
        double operator()(qk::qparams) const { return 1.0; }
        double count() const { return 0.0; }
    };
    static_assert(qk::detail::quantization_error<distance_error> && !qk::detail::quantization_error<qk::affine>);

    const auto by_scan = [](auto& search, qk::detail::moved_ends ends, qk::detail::factor_interval interval)
    { search.scan(ends, interval, 32); };
    const auto by_golden_section = [](auto& search, qk::detail::moved_ends ends, qk::detail::factor_interval interval)
    { search.golden_section(ends, interval, 0x1p-10); };

    template <class Scheme, class Refine>
    qk::real_range found(qk::real_range observed, qk::real_range wanted, const Scheme& scheme, const Refine& refine)
    {
        const distance_error error { scheme(wanted, bounds) };
        qk::detail::range_search search(observed, bounds, scheme, error);
        search.run(8, refine);
        return search.best();
    }

    void check_near(qk::real_range actual, qk::real_range expected)
    {
        CHECK(actual.min == doctest::Approx(expected.min).epsilon(0.02));
        CHECK(actual.max == doctest::Approx(expected.max).epsilon(0.02));
    }
}

TEST_CASE("one factor for both ends")
{
    check_near(found({ -8, 8 }, { -3, 3 }, qk::symmetric {}, by_scan), { -3, 3 });
    check_near(found({ -8, 8 }, { -3, 3 }, qk::symmetric {}, by_golden_section), { -3, 3 });
    check_near(found({ 1, 8 }, { 0, 0.01f }, qk::affine {}, by_scan), { 0.00125f, 0.01f });
    check_near(found({ -8, -1 }, { -7, 0 }, qk::affine {}, by_golden_section), { -7, -0.875f });
}

TEST_CASE("a factor for each end")
{
    check_near(found({ -8, 100 }, { -7, 5 }, qk::affine {}, by_scan), { -7, 5 });
    check_near(found({ -100, 3 }, { -2, 2.9f }, qk::affine {}, by_golden_section), { -2, 2.9f });
}

TEST_CASE("of equal errors the observed range has the first")
{
    const constant_error error;
    qk::detail::range_search search(qk::real_range { -1, 3 }, bounds, qk::affine {}, error);
    search.run(8, by_scan);
    CHECK(search.best() == qk::real_range { -1, 3 });
}

TEST_CASE("it stops where clipping alone costs more than the best")
{
    // As few as a halving and its refinement: the error of distance rises steeply, and no values round.
    const distance_error error { qk::symmetric {}({ -7, 7 }, bounds) };
    qk::detail::range_search search(qk::real_range { -8, 8 }, bounds, qk::symmetric {}, error);
    search.run(8, by_scan);
    CHECK(error.calls < 8 + 32);
}
