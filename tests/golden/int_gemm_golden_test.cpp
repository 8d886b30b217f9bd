// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/fixed_point.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/tensor/matmul_integer.hpp>

#include "runner.hpp"
#include "static_layer.hpp"

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

using namespace quantkit;
using golden::case_run;

namespace
{
    /// Calls action with the array's elements as int8 or uint8.
    template <class Action>
    void with_codes(const npy_array& array, Action action)
    {
        if (array.dtype == data_type::int8)
            action(array.view<std::int8_t>());
        else
            action(array.view<std::uint8_t>());
    }

    std::vector<const kernels::micro_kernel*> usable_kernels()
    {
        std::vector<const kernels::micro_kernel*> usable;
        for (const kernels::micro_kernel* kernel : kernels::compiled_micro_kernels())
            if (kernel->level <= isa_cap() && cpu_has(kernel->level))
                usable.push_back(kernel);
        return usable;
    }

    void compare_product(case_run& run, const std::string& output, const npy_array& a, const npy_array& b,
                         std::span<const std::int32_t> a_zero_points, std::span<const std::int32_t> b_zero_points,
                         std::span<const std::int32_t> bias = {})
    {
        for (const kernels::micro_kernel* kernel : usable_kernels())
            with_codes(a,
                       [&](const auto& a_codes)
                       {
                           with_codes(b,
                                      [&](const auto& b_codes)
                                      {
                                          auto c =
                                              matmul_integer(a_codes, b_codes, a_zero_points, b_zero_points, *kernel);
                                          for (std::size_t j = 0; j < bias.size(); ++j)
                                              c.col(static_cast<Eigen::Index>(j)).array() += bias[j];
                                          run.compare(output, golden::elements_of(c));
                                      });
                       });
    }

    /// uint8 codes with the same real values: int8 codes and their zero_point are moved up by 128.
    std::vector<std::uint8_t> unsigned_codes(const npy_array& a)
    {
        std::vector<std::uint8_t> codes;
        with_codes(a,
                   [&](const auto& view)
                   {
                       const int offset = a.dtype == data_type::int8 ? 128 : 0;
                       for (std::ptrdiff_t i = 0; i < view.size(); ++i)
                           codes.push_back(static_cast<std::uint8_t>(view.data()[i] + offset));
                   });
        return codes;
    }

    /// [k, n] to [n, k]
    std::vector<std::int8_t> transposed(const npy_array& b)
    {
        std::vector<std::int8_t> codes;
        for (std::ptrdiff_t j = 0; j < b.shape[1]; ++j)
            for (std::ptrdiff_t i = 0; i < b.shape[0]; ++i)
                codes.push_back(b.view<std::int8_t>().data()[i * b.shape[1] + j]);
        return codes;
    }

    golden::static_layer layer_of(const case_run& run, std::span<const std::int32_t> bias)
    {
        const npy_array a = run.input("a"), b = run.input("b"), b_scale = run.input("b_scale");
        const auto scales = b_scale.as<float>();
        const auto a_scale = static_cast<float>(run.attr<double>("a_scale"));
        golden::static_layer layer { golden::weight_of({ b.shape[1], b.shape[0] }, transposed(b), scales,
                                                       run.attr<std::int32_t>("b_zero_point")),
                                     std::vector<float>(static_cast<std::size_t>(b.shape[1])),
                                     run.attr<bool>("relu"),
                                     { a_scale, run.attr<std::int32_t>("a_zero_point") },
                                     { static_cast<float>(run.attr<double>("y_scale")),
                                       run.attr<std::int32_t>("y_zero_point") } };
        layer.input.zero_point += a.dtype == data_type::int8 ? 128 : 0;
        for (std::size_t j = 0; j < bias.size(); ++j)
            layer.bias[j] = static_cast<float>(bias[j]) * (a_scale * scales[scales.size() == 1 ? 0 : j]);
        return layer;
    }

    void compare_requantized(case_run& run)
    {
        const npy_array a = run.input("a"),
                        bias = run.has_input("bias") ? run.input("bias") : npy_array { data_type::int32, { 0 }, {} };
        const std::vector<std::int32_t> a_zero_point { run.attr<std::int32_t>("a_zero_point") };
        const std::vector<std::int32_t> b_zero_point { run.attr<std::int32_t>("b_zero_point") };
        compare_product(run, "acc", a, run.input("b"), a_zero_point, b_zero_point, bias.as<std::int32_t>());

        const golden::static_layer layer = layer_of(run, bias.as<std::int32_t>());
        const std::vector<std::uint8_t> codes = unsigned_codes(a);
        const tensor_view<const std::uint8_t> x(codes.data(), a.shape);
        if (run.attr<std::string>("y_dtype") == "int8")
            run.compare("y", golden::elements_of(layer.run<int8_full>(x)));
        else
            run.compare("y", golden::elements_of(layer.run<uint8_full>(x)));
    }
}

TEST_CASE("int_gemm: the family's ops")
{
    golden::check_ops("int_gemm", { "matmul_integer", "linear_requantize", "fixed_point_requantize", "srdhm",
                                    "rounding_divide_by_pot" });
}

TEST_CASE("int_gemm: integer products on every micro-kernel of this CPU")
{
    golden::check_cases("int_gemm", "matmul_integer",
                        [](case_run& run)
                        {
                            const npy_array a_zero_point = run.input("a_zero_point"),
                                            b_zero_point = run.input("b_zero_point");
                            compare_product(run, "c", run.input("a"), run.input("b"), a_zero_point.as<std::int32_t>(),
                                            b_zero_point.as<std::int32_t>());
                        });
    for (const kernels::micro_kernel* kernel : usable_kernels())
        MESSAGE("int_gemm/matmul_integer ran on ", std::string(kernel->name()));
}

TEST_CASE("int_gemm: layers from codes to codes")
{
    golden::check_cases("int_gemm", "linear_requantize", compare_requantized);
}

namespace
{
    /// One multiplier per column, through the epilogue of every lane family.
    template <class Rounding, class... Stages>
    void compare_rescaled(case_run& run, const char* output, const std::vector<std::int32_t>& q31,
                          const std::vector<std::int32_t>& shift, const Stages&... stages)
    {
        using epilogue =
            kernels::epilogue_of<kernels::store_to<std::int32_t>, kernels::rescale_fixed_point<Rounding>, Stages...>;
        const npy_array acc = run.input("acc");
        const std::size_t count = acc.as<std::int32_t>().size(), padded = kernels::padded_columns(count);
        std::vector<std::int32_t> sums(padded), q31s(padded), shifts(padded);
        std::copy_n(acc.as<std::int32_t>().begin(), count, sums.begin());
        std::copy(q31.begin(), q31.end(), q31s.begin());
        std::copy(shift.begin(), shift.end(), shifts.begin());
        for (const kernels::micro_kernel* kernel : usable_kernels())
        {
            std::vector<std::int32_t> y(count);
            const auto stride = static_cast<std::ptrdiff_t>(count);
            const epilogue whole { { kernels::rescale_fixed_point<Rounding> { q31s.data(), shifts.data(), 1 },
                                     stages... },
                                   { { y.data(), stride, 1 } } };
            kernels::finish_function_of<std::int32_t, epilogue>(kernel->lanes)({ sums.data(), padded, 1, count, 0, 0 },
                                                                               whole);
            run.compare(output, y);
        }
    }
}

TEST_CASE("int_gemm: fixed-point requantization")
{
    golden::check_cases(
        "int_gemm", "fixed_point_requantize",
        [](case_run& run)
        {
            const npy_array multiplier = run.input("multiplier"), acc = run.input("acc");
            std::vector<std::int32_t> q31, shift, doubly, singly, y;
            for (std::size_t i = 0; i < acc.as<std::int32_t>().size(); ++i)
            {
                const std::int32_t sum = acc.as<std::int32_t>()[i];
                const fixed_point_multiplier fixed = to_fixed_point(multiplier.as<double>()[i]);
                q31.push_back(fixed.q31);
                shift.push_back(fixed.shift);
                doubly.push_back(scaled_double_rounding(sum, fixed));
                singly.push_back(scaled_single_rounding(sum, fixed));
                y.push_back(static_cast<std::int32_t>(std::clamp(run.attr<std::int64_t>("zero_point") + doubly.back(),
                                                                 run.attr<std::int64_t>("qmin"),
                                                                 run.attr<std::int64_t>("qmax"))));
            }
            run.compare("q31", q31);
            run.compare("shift", shift);
            run.compare("scaled_double_rounding", doubly);
            run.compare("scaled_single_rounding", singly);
            run.compare("y", y);
            const kernels::clamp_to_codes codes { run.attr<std::int32_t>("zero_point"),
                                                  { run.attr<std::int32_t>("qmin"), run.attr<std::int32_t>("qmax") } };
            compare_rescaled<double_rounding>(run, "scaled_double_rounding", q31, shift);
            compare_rescaled<single_rounding>(run, "scaled_single_rounding", q31, shift);
            compare_rescaled<double_rounding>(run, "y", q31, shift, codes);
        });
}

namespace
{
    template <class Function>
    void compare_pairs(case_run& run, const char* first, const char* second, Function function)
    {
        const npy_array a = run.input(first), b = run.input(second);
        std::vector<std::int32_t> y;
        for (std::size_t i = 0; i < a.as<std::int32_t>().size(); ++i)
            y.push_back(function(a.as<std::int32_t>()[i], b.as<std::int32_t>()[i]));
        run.compare("y", y);
    }
}

TEST_CASE("int_gemm: the two roundings of gemmlowp")
{
    golden::check_cases("int_gemm", "srdhm",
                        [](case_run& run) { compare_pairs(run, "a", "b", saturating_rounding_doubling_high_mul); });
    golden::check_cases("int_gemm", "rounding_divide_by_pot",
                        [](case_run& run) { compare_pairs(run, "x", "exponent", rounding_divide_by_pot); });
}
