// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// All element metrics in one pass beside a plain read of both arrays (their least and greatest values): GB/s from L1,
/// L2, L3 and RAM. Results are compared with a long double sum before they are timed.
#include <quantkit/kernels/kernel_table.hpp>
#include <quantkit/metrics/code_usage.hpp>
#include <quantkit/metrics/element_metrics.hpp>

#include <benchmark/benchmark.h>

#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace
{
    using namespace quantkit;

    /// Different at every index, from -3 to 3.
    std::vector<float> inputs(std::size_t count)
    {
        std::vector<float> x(count);
        for (std::size_t i = 0; i < count; ++i)
            x[i] = static_cast<float>(static_cast<std::uint32_t>(i) * 2654435761u) * (6.0f / 4294967296.0f) - 3.0f;
        return x;
    }

    std::vector<float> rounded_to(std::vector<float> values, float step)
    {
        for (float& value : values)
            value = step * std::nearbyint(value / step);
        return values;
    }

    struct read_both
    {
        std::vector<float> reference, approximation;
        real_range range {}, other {};

        void run()
        {
            range = kernels::active_kernels().reduce_range(reference.data(), reference.size());
            other = kernels::active_kernels().reduce_range(approximation.data(), approximation.size());
        }
        bool right() const { return range.min <= reference[0] && reference[0] <= range.max && other.min < 0; }
    };

    /// Nine metrics, as an evaluator asks for them.
    struct all_metrics
    {
        std::vector<float> reference, approximation;
        std::array<double, 9> values {};

        void run()
        {
            values =
                measure<mse, rmse, mae, max_abs_error, sqnr_db, psnr_db, psnr_range_db, cosine_similarity, relative_l2>(
                    reference, approximation);
        }

        bool right() const
        {
            long double squared = 0;
            for (std::size_t i = 0; i < reference.size(); ++i)
            {
                const long double e = static_cast<long double>(reference[i]) - approximation[i];
                squared += e * e;
            }
            const auto mean = static_cast<double>(squared / static_cast<long double>(reference.size()));
            return std::abs(values[0] - mean) <= 1e-12 * mean;
        }
    };

    /// Values of which one in a hundred is a hundred times as large: blocks need three levels now and then.
    struct all_metrics_of_outliers : all_metrics
    {
        all_metrics_of_outliers(std::vector<float> r, std::vector<float> a)
            : all_metrics { std::move(r), std::move(a) }
        {
            for (std::size_t i = 0; i < reference.size(); i += 100)
                reference[i] *= 100.0f;
        }
    };

    /// The sums that round, for comparison.
    struct rounding_sums
    {
        std::vector<float> reference, approximation;
        error_sums sums {};

        void run()
        {
            sums = kernels::active_kernels().sum_errors(reference.data(), approximation.data(), reference.size(), {});
        }
        bool right() const { return sums.count == reference.size() && sums.squared_error > 0; }
    };

    template <class Operation>
    void metrics(benchmark::State& state)
    {
        const std::vector<float> x = inputs(static_cast<std::size_t>(state.range(0)));
        Operation operation { x, rounded_to(x, 0.02f) };
        operation.run();
        if (!operation.right())
            return state.SkipWithError("not what the definition gives");
        for (auto _ : state)
        {
            operation.run();
            benchmark::DoNotOptimize(operation);
            benchmark::ClobberMemory();
        }
        state.SetBytesProcessed(state.iterations() * state.range(0) * 2 * static_cast<std::int64_t>(sizeof(float)));
        state.SetLabel(kernels::active_kernels().name);
    }

    void count_codes(benchmark::State& state)
    {
        std::vector<std::int8_t> codes(static_cast<std::size_t>(state.range(0)));
        for (std::size_t i = 0; i < codes.size(); ++i)
            codes[i] = static_cast<std::int8_t>(i * i % 251);
        for (auto _ : state)
        {
            code_usage seen({ -128, 127 });
            seen.observe(codes);
            if (seen.total() != codes.size())
                return state.SkipWithError("a code was not counted");
        }
        state.SetBytesProcessed(state.iterations() * state.range(0));
    }

    void sizes(benchmark::internal::Benchmark* bench)
    {
        for (const std::int64_t count : { 75, 4 << 10, 64 << 10, 1 << 20, 32 << 20 })
            bench->Arg(count);
    }
}

BENCHMARK_TEMPLATE(metrics, read_both)->Apply(sizes);
BENCHMARK_TEMPLATE(metrics, all_metrics)->Apply(sizes);
BENCHMARK_TEMPLATE(metrics, all_metrics_of_outliers)->Apply(sizes);
BENCHMARK_TEMPLATE(metrics, rounding_sums)->Apply(sizes);
BENCHMARK(count_codes)->Apply(sizes);
