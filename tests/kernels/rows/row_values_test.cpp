// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/activations.hpp>
#include <quantkit/kernels/gemm/epilogue.hpp>
#include <quantkit/kernels/gemm/run_tile.hpp>
#include <quantkit/kernels/rows/row_functions.hpp>
#include <quantkit/kernels/rows/select_rows.hpp>

#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/linear_layers.hpp"
#include "support/micro_kernels.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <vector>

namespace
{
    using namespace quantkit::kernels;
    using quantkit::test::for_each_lane_family;
    using quantkit::test::guard_page;
    using quantkit::test::guarded_buffer;
    using quantkit::test::random_floats;
    using quantkit::test::require_equal;

    constexpr std::array all_functions { activation_function::none, activation_function::relu,
                                         activation_function::gelu, activation_function::gelu_tanh,
                                         activation_function::silu, activation_function::sigmoid,
                                         activation_function::tanh };

    constexpr std::array<std::size_t, 14> counts { 0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 1000 };

    // Infinities, NaN and zeros of both signs among ordinary values.
    std::vector<float> values(std::size_t count)
    {
        std::vector<float> x = random_floats(count, count, -6.0f, 6.0f);
        const std::vector<float> extremes = quantkit::test::extreme_floats(count / 2, 5);
        std::copy(extremes.begin(), extremes.end(), x.begin());
        return x;
    }

    // What an epilogue with the stage of that name writes; its own tests hold it against the definition.
    std::vector<float> stage_of(activation_function f, const std::vector<float>& x)
    {
        std::vector<float> y(x.size());
        using epilogue = epilogue_of<store_to<float>, apply_activation>;
        const epilogue whole { { apply_activation { f } }, { { y.data(), 0, 1 } } };
        finish_function_of<float, epilogue>(lane_family::scalar)({ x.data(), 0, 1, x.size(), 0, 0 }, whole);
        return y;
    }
}

TEST_CASE("activate: the bits of the epilogue stage, on every family, ragged, also in place")
{
    for (const activation_function f : all_functions)
        for (const std::size_t count : counts)
        {
            CAPTURE(static_cast<int>(f));
            CAPTURE(count);
            const std::vector<float> x = values(count), expected = stage_of(f, x);
            for_each_lane_family(
                [&](lane_family lanes)
                {
                    const guarded_buffer<float> input(x);
                    guarded_buffer<float> output(count), both(x, guard_page::before);
                    row_functions_of(lanes).activate(f, input.data(), output.data(), count);
                    require_equal(output, expected);
                    row_functions_of(lanes).activate(f, both.data(), both.data(), count);
                    require_equal(both, expected);
                });
        }
}

TEST_CASE("add: by definition on every family, ragged, also in place")
{
    for (const std::size_t count : counts)
    {
        CAPTURE(count);
        const std::vector<float> a = random_floats(count, 1, -9.0f, 9.0f), b = random_floats(count, 2, -1e-3f, 1e6f);
        std::vector<float> expected;
        for (std::size_t i = 0; i < count; ++i)
            expected.push_back(quantkit::test::float_sum(a[i], b[i]));
        for_each_lane_family(
            [&](lane_family lanes)
            {
                const guarded_buffer<float> left(a), right(b);
                guarded_buffer<float> y(count), onto_a(a, guard_page::before), onto_b(b, guard_page::before);
                row_functions_of(lanes).add(left.data(), right.data(), y.data(), count);
                require_equal(y, expected);
                row_functions_of(lanes).add(onto_a.data(), right.data(), onto_a.data(), count);
                require_equal(onto_a, expected);
                row_functions_of(lanes).add(left.data(), onto_b.data(), onto_b.data(), count);
                require_equal(onto_b, expected);
            });
    }
}
