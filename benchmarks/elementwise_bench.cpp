// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The element-wise kernels beside memcpy, which does nothing but move bytes: GB/s of everything read and written, from
/// L1, L2, L3 and RAM. Each result is compared with core's scalar definition before it is timed.
///
/// The instruction set is the best that the compiler's flags allow: build with -march=native to see the machine's.
#include <quantkit/core/half.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/kernels/kernel_table.hpp>

#include <benchmark/benchmark.h>

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <utility>
#include <vector>

namespace
{
    using namespace quantkit;
    using kernels::active_kernels;

    constexpr qparams params { 0.0173f, 3 };
    constexpr std::size_t verified_values = 10'000;

    /// Different at every index, from -3 to 3.
    std::vector<float> inputs(std::size_t count)
    {
        std::vector<float> x(count);
        for (std::size_t i = 0; i < count; ++i)
            x[i] = static_cast<float>(static_cast<std::uint32_t>(i) * 2654435761u) * (6.0f / 4294967296.0f) - 3.0f;
        return x;
    }

    /// An operation's arrays, how many bytes it moves per value, and what it must compute.
    template <class Code>
    struct quantize_codes
    {
        static constexpr std::size_t bytes_per_value = sizeof(float) + sizeof(Code);
        static constexpr quant_bounds bounds { std::numeric_limits<Code>::min(), std::numeric_limits<Code>::max() };
        std::vector<float> x;
        std::vector<Code> q = std::vector<Code>(x.size());

        void run() { active_kernels().codes<Code>().quantize(x.data(), q.data(), x.size(), params, bounds); }
        bool right(std::size_t i) const { return q[i] == quantize_value(x[i], params, bounds); }
    };

    template <class Code>
    struct quantize_codes_each : quantize_codes<Code>
    {
        static constexpr std::size_t bytes_per_value = 3 * sizeof(float) + sizeof(Code);
        std::vector<float> scale = std::vector<float>(this->x.size(), params.scale);
        std::vector<std::int32_t> zero_point = std::vector<std::int32_t>(this->x.size(), params.zero_point);

        explicit quantize_codes_each(std::vector<float> values)
            : quantize_codes<Code> { std::move(values) }
        {
        }

        void run()
        {
            active_kernels().codes<Code>().quantize_each(this->x.data(), this->q.data(), this->x.size(), scale.data(),
                                                         zero_point.data(), this->bounds);
        }
    };

    template <class Code>
    struct dequantize_codes
    {
        static constexpr std::size_t bytes_per_value = sizeof(float) + sizeof(Code);
        std::vector<float> x;
        std::vector<Code> q = std::vector<Code>(x.size(), Code(100));

        void run() { active_kernels().codes<Code>().dequantize(q.data(), x.data(), x.size(), params); }
        bool right(std::size_t i) const { return x[i] == dequantize_value(q[i], params); }
    };

    struct fake_quantize_floats
    {
        static constexpr std::size_t bytes_per_value = 2 * sizeof(float);
        std::vector<float> x;
        std::vector<float> y = std::vector<float>(x.size());

        void run() { active_kernels().fake_quantize(x.data(), y.data(), x.size(), params, int8_full::bounds); }
        bool right(std::size_t i) const
        {
            return y[i] == dequantize_value(quantize_value(x[i], params, int8_full::bounds), params);
        }
    };

    struct reduce_range_floats
    {
        static constexpr std::size_t bytes_per_value = sizeof(float);
        std::vector<float> x;
        real_range range {};

        void run() { range = active_kernels().reduce_range(x.data(), x.size()); }
        bool right(std::size_t i) const { return range.min <= x[i] && x[i] <= range.max; }
    };

    struct floats_to_half
    {
        static constexpr std::size_t bytes_per_value = sizeof(float) + sizeof(std::uint16_t);
        std::vector<float> x;
        std::vector<std::uint16_t> half = std::vector<std::uint16_t>(x.size());

        void run() { active_kernels().float_to_half(x.data(), half.data(), x.size()); }
        bool right(std::size_t i) const { return half[i] == float_to_half(x[i]); }
    };

    struct half_to_floats
    {
        static constexpr std::size_t bytes_per_value = sizeof(float) + sizeof(std::uint16_t);
        std::vector<float> x;
        std::vector<std::uint16_t> half = std::vector<std::uint16_t>(x.size(), float_to_half(0.3f));

        void run() { active_kernels().half_to_float(half.data(), x.data(), x.size()); }
        bool right(std::size_t i) const { return x[i] == half_to_float(half[i]); }
    };

    struct floats_to_bfloat16
    {
        static constexpr std::size_t bytes_per_value = sizeof(float) + sizeof(std::uint16_t);
        std::vector<float> x;
        std::vector<std::uint16_t> bfloat16 = std::vector<std::uint16_t>(x.size());

        void run() { active_kernels().float_to_bfloat16(x.data(), bfloat16.data(), x.size()); }
        bool right(std::size_t i) const { return bfloat16[i] == float_to_bfloat16(x[i]); }
    };

    struct bfloat16_to_floats
    {
        static constexpr std::size_t bytes_per_value = sizeof(float) + sizeof(std::uint16_t);
        std::vector<float> x;
        std::vector<std::uint16_t> bfloat16 = std::vector<std::uint16_t>(x.size(), float_to_bfloat16(0.3f));

        void run() { active_kernels().bfloat16_to_float(bfloat16.data(), x.data(), x.size()); }
        bool right(std::size_t i) const { return x[i] == bfloat16_to_float(bfloat16[i]); }
    };

    struct sum_errors_of_floats
    {
        static constexpr std::size_t bytes_per_value = 2 * sizeof(float);
        std::vector<float> x;
        std::vector<float> y = std::vector<float>(x.size(), 0.5f);
        error_sums sums {};

        void run() { sums = active_kernels().sum_errors(x.data(), y.data(), x.size(), {}); }
        bool right(std::size_t i) const { return sums.max_error >= std::abs(static_cast<double>(x[i] - y[i])); }
    };

    struct copy_floats
    {
        static constexpr std::size_t bytes_per_value = 2 * sizeof(float);
        std::vector<float> x;
        std::vector<float> y = std::vector<float>(x.size());

        void run() { std::memcpy(y.data(), x.data(), x.size() * sizeof(float)); }
        bool right(std::size_t i) const { return y[i] == x[i]; }
    };

    template <class Operation>
    void elementwise(benchmark::State& state)
    {
        const auto count = static_cast<std::size_t>(state.range(0));
        Operation operation { inputs(count) };
        operation.run();
        for (std::size_t i = 0; i < std::min(count, verified_values); ++i)
            if (!operation.right(i))
                return state.SkipWithError("not what core's definition gives");
        for (auto _ : state)
        {
            operation.run();
            benchmark::DoNotOptimize(operation);
            benchmark::ClobberMemory();
        }
        state.SetBytesProcessed(state.iterations() * state.range(0)
                                * static_cast<std::int64_t>(Operation::bytes_per_value));
        state.SetLabel(active_kernels().name);
    }

    /// 16 KB, 256 KB, 4 MB and 128 MB of floats: L1, L2, L3 and RAM of most machines; and a short row with a tail.
    void sizes(benchmark::internal::Benchmark* bench)
    {
        for (const std::int64_t count : { 75, 4 << 10, 64 << 10, 1 << 20, 32 << 20 })
            bench->Arg(count);
    }
}

BENCHMARK_TEMPLATE(elementwise, copy_floats)->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, quantize_codes<std::int8_t>)->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, quantize_codes<std::int16_t>)->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, quantize_codes_each<std::int8_t>)->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, dequantize_codes<std::int8_t>)->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, dequantize_codes<std::int16_t>)->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, fake_quantize_floats)->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, reduce_range_floats)->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, floats_to_half)->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, half_to_floats)->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, floats_to_bfloat16)->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, bfloat16_to_floats)->Apply(sizes);
BENCHMARK_TEMPLATE(elementwise, sum_errors_of_floats)->Apply(sizes);
