// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Linear layers in 16 bits beside INT8 and FP32, all f32 -> f32 with a bias: range of the input, quantize, product,
/// dequantize. Every result is verified before it is timed.
///
///     int16         16 bits on both sides: int64 sums
///     int16_12bit   12 bits on both sides: int32 sums, where the weights allow them
///     int16_w8      activations in 16 bits, weights in 8: int32 sums, where the weights allow them
///     int8          8 bits on both sides
///     f32           quantkit::float_linear, at the CPU's best
///     eigen_f32     Eigen, by the flags of this program
///
/// Compare within one run: --benchmark_enable_random_interleaving=true --benchmark_repetitions=9
/// --benchmark_report_aggregates_only=true
#include "shapes.hpp"

#include <quantkit/quantkit.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <cstdint>
#include <map>
#include <string>

namespace
{
    namespace qk = quantkit;
    using qk::bench::product_shape;

    constexpr std::array shapes { product_shape { 1, 768, 768 }, product_shape { 64, 768, 768 },
                                  product_shape { 512, 768, 768 }, product_shape { 1, 4096, 4096 } };

    struct problem
    {
        product_shape shape;
        qk::matrix_f weight, x;
        qk::vector_f bias;
        qk::matrix_f y;

        explicit problem(product_shape size)
            : shape(size)
            , weight(normal(size.n, size.k))
            , x(normal(size.m, size.k))
            , bias(normal(size.n, 1))
            , y(size.m, size.n)
        {
        }

        /// Sums of four uniform values: as few extremes as trained weights and activations have.
        static qk::matrix_f normal(Eigen::Index rows, Eigen::Index columns)
        {
            qk::matrix_f values = qk::matrix_f::Random(rows, columns);
            for (int i = 0; i < 3; ++i)
                values += qk::matrix_f::Random(rows, columns);
            return values;
        }

        bool is_right(float tolerance) const
        {
            const qk::vector_f expected = weight * x.row(0).transpose() + bias;
            return (y.row(0).transpose() - expected).norm() < tolerance * expected.norm();
        }
    };

    /// Made once: repetitions share it.
    problem& problem_of(product_shape shape)
    {
        static std::map<std::array<std::int64_t, 3>, problem> made;
        return made.try_emplace({ shape.m, shape.n, shape.k }, shape).first->second;
    }

    void time_calls(benchmark::State& state, const problem& data, float tolerance, const auto& call)
    {
        call();
        if (!data.is_right(tolerance))
            return state.SkipWithError("wrong result");
        for (auto _ : state)
        {
            call();
            benchmark::ClobberMemory();
        }
        const double operations = 2.0 * static_cast<double>(data.shape.m * data.shape.n * data.shape.k);
        state.counters["GOP/s"] = benchmark::Counter(operations * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
    }

    template <qk::quantized_range InputRange, qk::quantized_range WeightRange>
    void int16(benchmark::State& state, product_shape shape, float tolerance)
    {
        problem& data = problem_of(shape);
        const qk::int16_linear layer { qk::quantize<WeightRange>(data.weight, qk::per_axis { 0 },
                                                                 qk::fine_symmetric {}),
                                       qk::int16_per_row<InputRange> {}, qk::epilogue { qk::add_bias { data.bias } } };
        state.SetLabel(std::to_string(layer.sum_bits()) + "-bit sums");
        time_calls(state, data, tolerance, [&] { layer(data.x, data.y); });
    }

    void int8(benchmark::State& state, product_shape shape, float tolerance)
    {
        problem& data = problem_of(shape);
        const qk::int8_linear layer { qk::quantize<qk::int8_narrow>(data.weight, qk::per_axis { 0 }),
                                      qk::dynamic_per_row {}, qk::epilogue { qk::add_bias { data.bias } } };
        time_calls(state, data, tolerance, [&] { layer(data.x, data.y); });
    }

    void f32(benchmark::State& state, product_shape shape, float tolerance)
    {
        problem& data = problem_of(shape);
        const qk::float_linear layer { data.weight, qk::epilogue { qk::add_bias { data.bias } } };
        time_calls(state, data, tolerance, [&] { layer(data.x, data.y); });
    }

    void eigen_f32(benchmark::State& state, product_shape shape, float tolerance)
    {
        problem& data = problem_of(shape);
        time_calls(state, data, tolerance,
                   [&]
                   {
                       data.y.noalias() = data.x * data.weight.transpose();
                       data.y.rowwise() += data.bias.transpose();
                   });
    }

    using run_function = void (*)(benchmark::State&, product_shape, float);

    void add(const std::string& what, run_function run, product_shape shape, float tolerance)
    {
        const std::string name =
            what + "/" + std::to_string(shape.m) + "x" + std::to_string(shape.n) + "x" + std::to_string(shape.k);
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { run(state, shape, tolerance); })
            ->Unit(benchmark::kMicrosecond);
    }

    const bool all_added = []
    {
        for (const product_shape shape : shapes)
        {
            add("int16", &int16<qk::int16_narrow, qk::int16_narrow>, shape, 1e-3f);
            add("int16_12bit", &int16<qk::narrow_range<12>, qk::narrow_range<12>>, shape, 1e-2f);
            add("int16_w8", &int16<qk::int16_narrow, qk::int8_narrow>, shape, 0.05f);
            add("int8", &int8, shape, 0.05f);
            add("f32", &f32, shape, 1e-4f);
            add("eigen_f32", &eigen_f32, shape, 1e-4f);
        }
        return true;
    }();
}
