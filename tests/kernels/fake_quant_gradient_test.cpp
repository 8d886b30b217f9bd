// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/fake_quant.hpp>
#include <quantkit/kernels/fake_quant_gradient.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/compiled_archs.hpp"
#include "support/guarded_buffer.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit;
    using namespace quantkit::test;

    struct definition
    {
        std::vector<float> d_x;
        double scale = 0, zero_point = 0, magnitude = 0; ///< magnitude: of all terms of the scale's gradient
    };

    /// In double, from the formulas.
    definition expected_gradients(const std::vector<float>& x, const std::vector<float>& d_y, qparams params,
                                  quant_bounds bounds)
    {
        definition result;
        const double inverse = static_cast<double>(1.0f / params.scale);
        for (std::size_t i = 0; i < x.size(); ++i)
        {
            const double steps = static_cast<double>(static_cast<float>(static_cast<double>(x[i]) * inverse));
            const double code = std::nearbyint(steps) + params.zero_point;
            const bool is_inside = code >= bounds.quant_min && code <= bounds.quant_max; // false for NaN
            const double edge = code > bounds.quant_max ? bounds.quant_max : bounds.quant_min;
            const double g = static_cast<double>(d_y[i]);
            const double slope = is_inside
                                     ? (static_cast<double>(static_cast<float>((code - params.zero_point))) - steps)
                                     : edge - params.zero_point;
            result.d_x.push_back(is_inside ? d_y[i] : 0.0f);
            result.scale += g * slope;
            result.zero_point += is_inside ? 0.0 : -g * static_cast<double>(params.scale);
            result.magnitude += std::abs(g) * (std::abs(slope) + 0x1p-20 * std::abs(is_inside ? steps : 0.0));
        }
        return result;
    }

    template <class Arch>
    void check_gradients(const std::vector<float>& values, qparams params, quant_bounds bounds)
    {
        const std::vector<float> gradients = random_floats(values.size(), 3, -1.0f, 1.0f);
        const definition want = expected_gradients(values, gradients, params, bounds);
        const guarded_buffer<float> x(values), d_y(gradients);
        guarded_buffer<float> y(values.size()), d_x(std::vector<float>(values.size(), 0.0f));
        kernels::fake_quantize(x.data(), y.data(), x.size(), params, bounds, half_even {}, by_reciprocal {}, 0,
                               Arch {});
        kernels::add_fake_quantize_gradient(x.data(), d_y.data(), d_x.data(), x.size(), params, bounds, Arch {});
        require_equal(d_x, want.d_x);

        const qparams_gradient got =
            kernels::sum_qparams_gradient(x.data(), y.data(), d_y.data(), x.size(), params, bounds, {}, Arch {});
        CHECK_LE(std::abs(got.scale - want.scale), 1e-6 * want.magnitude + 1e-12);
        CHECK_EQ(got.zero_point, doctest::Approx(want.zero_point).epsilon(1e-6));
        const qparams_gradient plain = kernels::sum_qparams_gradient(x.data(), y.data(), d_y.data(), x.size(), params,
                                                                     bounds, {}, kernels::scalar_arch {});
        CHECK(got == plain);
    }
}

TEST_CASE_TEMPLATE_DEFINE("gradients as defined, for every width", Arch, widths)
{
    for (int bits = 2; bits <= 8; ++bits)
    {
        const std::int32_t half = 1 << (bits - 1);
        const float scale = 2.7f / static_cast<float>(half);
        const std::vector<float> x = random_floats(2500, 5, -4.0f, 4.0f);
        check_gradients<Arch>(x, { scale, 0 }, { -half, half - 1 });
        check_gradients<Arch>(x, { scale, half + 1 }, { 0, 2 * half - 1 });
        check_gradients<Arch>(x, { scale, 0 }, { 1 - half, half - 1 });
    }
    check_gradients<Arch>(random_floats(333, 5, -4.0f, 4.0f), { 0.0001f, 300 }, { 0, 65535 });
}

TEST_CASE_TEMPLATE_DEFINE("every count", Arch, counts)
{
    for (const std::size_t count : counts_to_test())
        check_gradients<Arch>(random_floats(count, count, -4.0f, 4.0f), { 0.25f, 1 }, { -8, 7 });
}

TEST_CASE_TEMPLATE_DEFINE("ties at both ends test the rounded value; infinities and NaN pass nothing", Arch, edges)
{
    constexpr float infinity = std::numeric_limits<float>::infinity();
    const std::vector<float> x { -8.5f,  -8.500001f, 7.5f,      7.499999f,
                                 6.5f,   -8.0f,      7.0f,      1e30f,
                                 -1e30f, infinity,   -infinity, std::numeric_limits<float>::quiet_NaN() };
    const std::vector<float> ones(x.size(), 1.0f);
    std::vector<float> d_x(x.size(), 2.0f);
    kernels::add_fake_quantize_gradient(x.data(), ones.data(), d_x.data(), x.size(), { 1.0f, 0 }, { -8, 7 }, Arch {});
    const std::vector<float> want { 3, 2, 2, 3, 3, 3, 3, 2, 2, 2, 2, 2 }; // -8.5 rounds to -8, 7.5 to 8
    require_equal(d_x, want);
}

TEST_CASE_TEMPLATE_DEFINE("sums go on from those before", Arch, continuation)
{
    const qparams params { 0.1f, 0 };
    const quant_bounds bounds { -8, 7 };
    const std::vector<float> x = random_floats(3 * error_block + 7, 1, -2.0f, 2.0f),
                             d_y = random_floats(x.size(), 2, -1.0f, 1.0f);
    std::vector<float> y(x.size());
    kernels::fake_quantize(x.data(), y.data(), x.size(), params, bounds);
    const auto sum = [&](std::size_t begin, std::size_t end, qparams_gradient so_far)
    {
        return kernels::sum_qparams_gradient(x.data() + begin, y.data() + begin, d_y.data() + begin, end - begin,
                                             params, bounds, so_far, Arch {});
    };
    CHECK(sum(2 * error_block, x.size(), sum(0, 2 * error_block, {})) == sum(0, x.size(), {}));
}

TEST_CASE_TEMPLATE_APPLY(widths, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(counts, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(edges, compiled_archs);
TEST_CASE_TEMPLATE_APPLY(continuation, compiled_archs);
