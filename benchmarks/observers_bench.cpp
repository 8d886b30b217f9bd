// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What observing one batch costs, in ns per value, for data of several shapes: normal, after a ReLU (half zeros), one
/// single value (each increment waits for the one before), and cubes of normal values (many exponents, so that the
/// counters leave L1). Each observer is compared with a plain definition before it is timed.
///
/// The instruction set is the best that the compiler's flags allow: build with -march=native to see the machine's.
#include <quantkit/observers/histogram.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/observers/percentile.hpp>
#include <quantkit/observers/value_histogram.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

namespace
{
    using namespace quantkit;

    enum data_shape
    {
        normal,
        relu,
        constant,
        cubes
    };
    constexpr const char* shape_names[] { "normal", "relu", "constant", "cubes" };

    std::vector<float> inputs(std::size_t count, data_shape shape)
    {
        std::mt19937 generator(1);
        std::normal_distribution<float> distribution;
        std::vector<float> x(count);
        for (float& value : x)
        {
            const float drawn = distribution(generator);
            value = shape == normal  ? drawn
                    : shape == relu  ? std::max(drawn, 0.0f)
                    : shape == cubes ? drawn * drawn * drawn
                                     : 0.7f;
        }
        return x;
    }

    bool is_right(const minmax_observer& observer, const std::vector<float>& x)
    {
        const auto [least, greatest] = std::minmax_element(x.begin(), x.end());
        return observer.range() == real_range { *least, *greatest };
    }

    /// As many values up to the median's bin as there are.
    bool is_right(const value_histogram& histogram, std::vector<float> x)
    {
        const value_bin bin = histogram.bin_of_rank(x.size() / 2);
        const auto in_bin = [&](float value) { return value >= bin.lower && value < bin.upper; };
        const bool is_one_value = bin.lower == bin.upper;
        return histogram.count() == x.size()
               && (is_one_value || bin.count == static_cast<std::uint64_t>(std::count_if(x.begin(), x.end(), in_bin)));
    }

    bool is_right(const percentile_observer& observer, std::vector<float> x)
    {
        std::sort(x.begin(), x.end());
        const auto median = static_cast<double>(x[(x.size() - 1) / 2]);
        return std::abs(observer.percentile(50.0) - median) <= 0x1p-10 * std::abs(median) + 1e-5;
    }

    bool is_right(const histogram_observer& observer, const std::vector<float>& x)
    {
        double total = 0.0;
        for (const double count : observer.histogram().counts)
            total += count;
        return total == static_cast<double>(x.size());
    }

    template <class Observer>
    void observe(benchmark::State& state)
    {
        const auto shape = static_cast<data_shape>(state.range(1));
        const std::vector<float> x = inputs(static_cast<std::size_t>(state.range(0)), shape);
        Observer observer;
        observer.observe(x);
        if (!is_right(observer, x))
            return state.SkipWithError("not what the definition gives");
        for (auto _ : state)
        {
            observer.observe(x);
            benchmark::DoNotOptimize(observer);
            benchmark::ClobberMemory();
        }
        const auto values = static_cast<double>(state.iterations()) * static_cast<double>(x.size());
        state.counters["ns/value"] =
            benchmark::Counter(values * 1e-9, benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
        state.SetBytesProcessed(state.iterations() * state.range(0) * static_cast<std::int64_t>(sizeof(float)));
        state.SetLabel(shape_names[shape]);
    }

    void shapes(benchmark::internal::Benchmark* bench)
    {
        for (const int shape : { normal, relu, constant, cubes })
            bench->Args({ 1 << 20, shape });
    }

    /// The range() of what was observed.
    template <class Observer>
    void range(benchmark::State& state)
    {
        Observer observer;
        observer.observe(inputs(static_cast<std::size_t>(state.range(0)), normal));
        for (auto _ : state)
            benchmark::DoNotOptimize(observer.range());
    }
}

BENCHMARK_TEMPLATE(observe, minmax_observer)->Args({ 1 << 20, normal })->Args({ 16 << 20, normal });
BENCHMARK_TEMPLATE(observe, value_histogram)->Apply(shapes);
BENCHMARK_TEMPLATE(observe, percentile_observer)->Apply(shapes);
BENCHMARK_TEMPLATE(observe, histogram_observer)->Apply(shapes);
BENCHMARK_TEMPLATE(range, percentile_observer)->Arg(60'000)->Arg(1 << 20)->Unit(benchmark::kMicrosecond);
BENCHMARK_TEMPLATE(range, histogram_observer)->Arg(1 << 20)->Unit(benchmark::kMicrosecond);
