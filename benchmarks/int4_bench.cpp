// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Linear layers with 4-bit weights and 8-bit activations beside FP32, FP16, BF16, INT8, and weights alone in INT8 and
/// INT4: GOP/s, GB/s of weight bytes (scales included), and percent of the speed at which this core reads as many.
///
/// Every result is verified before it is timed: the first row against the float product, within what the codes allow.
#include "read_speed.hpp"

#include <quantkit/quantkit.hpp>

#include <benchmark/benchmark.h>

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>

namespace
{
    namespace qk = quantkit;

    struct product_shape
    {
        Eigen::Index m, n, k;
    };

    /// Times layer(x, y); `tolerance` is the error that the codes may cost, relative to the norm of a row of y.
    template <class Layer>
    void time_layer(benchmark::State& state, product_shape shape, const Layer& layer, const qk::matrix_f& weight,
                    std::size_t weight_bytes, float tolerance)
    {
        const qk::matrix_f x = qk::matrix_f::Random(shape.m, shape.k);
        qk::matrix_f y(shape.m, shape.n);
        layer(x, y);
        const qk::vector_f expected = weight * x.row(0).transpose();
        if (!((y.row(0).transpose() - expected).norm() < tolerance * expected.norm()))
            return state.SkipWithError("wrong result");
        for (auto _ : state)
        {
            layer(x, y);
            benchmark::ClobberMemory();
        }
        using counter = benchmark::Counter;
        const auto bytes = static_cast<double>(weight_bytes);
        const double operations = 2.0 * static_cast<double>(shape.m * shape.n * shape.k);
        state.counters["GOP/s"] = counter(operations * 1e-9, counter::kIsIterationInvariantRate);
        if (shape.m > 1)
            return;
        static std::map<std::size_t, double> read_speeds;
        double& speed = read_speeds[weight_bytes];
        if (speed == 0.0)
            speed = qk::bench::bytes_read_per_second(weight_bytes);
        state.counters["GB/s"] = counter(bytes * 1e-9, counter::kIsIterationInvariantRate);
        state.counters["%read"] = counter(bytes / speed * 100, counter::kIsIterationInvariantRate);
    }

    qk::matrix_f random_weight(product_shape shape) { return qk::matrix_f::Random(shape.n, shape.k); }

    void w4a8(benchmark::State& state, product_shape shape, std::ptrdiff_t group_size)
    {
        const qk::matrix_f weight = random_weight(shape);
        const qk::w4a8_linear layer(qk::quantize<qk::int4_narrow>(weight, qk::per_group { 1, group_size }));
        time_layer(state, shape, layer, weight, layer.weight_bytes(), 0.2f);
    }

    void w4a8_affine(benchmark::State& state, product_shape shape, std::ptrdiff_t group_size)
    {
        const qk::matrix_f weight = random_weight(shape);
        const qk::w4a8_linear layer(
            qk::quantize<qk::uint4_full>(weight, qk::per_group { 1, group_size }, qk::affine {}));
        time_layer(state, shape, layer, weight, layer.weight_bytes(), 0.2f);
    }

    void int4_weights(benchmark::State& state, product_shape shape, std::ptrdiff_t group_size)
    {
        const qk::matrix_f weight = random_weight(shape);
        const qk::weight_only_linear layer(qk::quantize<qk::int4_narrow>(weight, qk::per_group { 1, group_size }));
        time_layer(state, shape, layer, weight, layer.weight_bytes(), 0.2f);
    }

    void int8(benchmark::State& state, product_shape shape, std::ptrdiff_t)
    {
        const qk::matrix_f weight = random_weight(shape);
        const qk::int8_linear layer(qk::quantize<qk::int8_narrow>(weight, qk::per_axis { 0 }), qk::dynamic_per_row {});
        time_layer(state, shape, layer, weight, static_cast<std::size_t>(weight.size()), 0.02f);
    }

    void int8_weights(benchmark::State& state, product_shape shape, std::ptrdiff_t)
    {
        const qk::matrix_f weight = random_weight(shape);
        const qk::weight_only_linear layer(qk::quantize<qk::int8_narrow>(weight, qk::per_axis { 0 }));
        time_layer(state, shape, layer, weight, layer.weight_bytes(), 0.02f);
    }

    template <class Weights>
    void real(benchmark::State& state, product_shape shape, std::ptrdiff_t)
    {
        const qk::matrix_f weight = random_weight(shape);
        const qk::real_linear layer(weight, Weights {});
        const std::size_t bytes = qk::kernels::group_bytes_of_b(Weights::format);
        time_layer(state, shape, layer, weight, static_cast<std::size_t>(weight.size()) * bytes,
                   bytes == sizeof(float) ? 1e-4f : 0.01f);
    }

    using run_function = void (*)(benchmark::State&, product_shape, std::ptrdiff_t);

    void add(const std::string& what, run_function run, product_shape shape, std::ptrdiff_t group_size)
    {
        const std::string size =
            std::to_string(shape.m) + "x" + std::to_string(shape.n) + "x" + std::to_string(shape.k);
        const std::string group = group_size == 0 ? "" : "/g" + std::to_string(group_size);
        benchmark::RegisterBenchmark((what + group + "/" + size).c_str(),
                                     [=](benchmark::State& state) { run(state, shape, group_size); })
            ->Unit(benchmark::kMicrosecond);
    }

    const bool all_added = []
    {
        for (const product_shape shape :
             { product_shape { 1, 4096, 4096 }, { 1, 768, 768 }, { 64, 768, 768 }, { 512, 768, 768 } })
        {
            for (const std::ptrdiff_t group_size : { 32, 128 })
            {
                add("w4a8", &w4a8, shape, group_size);
                add("w4a8_affine", &w4a8_affine, shape, group_size);
                add("int4_weights", &int4_weights, shape, group_size);
            }
            add("int8", &int8, shape, 0);
            add("int8_weights", &int8_weights, shape, 0);
            add("fp16", &real<qk::fp16_weights>, shape, 0);
            add("bf16", &real<qk::bf16_weights>, shape, 0);
            add("fp32", &real<qk::fp32_weights>, shape, 0);
        }
        return true;
    }();
}
