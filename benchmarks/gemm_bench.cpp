// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// INT8 products beside oneDNN, gemmlowp and FP32 of OpenBLAS (where they are installed) and of Eigen: GOP/s, and
/// percent of what this core's registers can do. Every result is verified before it is timed.
///
///     raw      u8 x s8 -> s32
///     scaled   u8 x s8 -> f32, one scale per output
///     signed   s8 x s8 -> s32
///     linear   f32 -> f32: range of the input, quantize, product, dequantize, bias
///
/// A peer whose sums are wrong (oneDNN's saturate in 16 bits where the CPU has no VNNI) is timed and labelled.
///
/// Compare within one run: --benchmark_enable_random_interleaving=true --benchmark_repetitions=9
/// --benchmark_report_aggregates_only=true, with OMP_NUM_THREADS=1 for the peers.
#include "peak.hpp"
#include "shapes.hpp"
#if defined(QUANTKIT_BENCH_ONEDNN)
#include "onednn.hpp"
#endif
#if defined(QUANTKIT_BENCH_GEMMLOWP)
#include "gemmlowp.hpp"
#endif
#if defined(QUANTKIT_BENCH_OPENBLAS)
#include <cblas.h>
#endif

#include <unsupported/Eigen/CXX11/ThreadPool>

#include <quantkit/quantkit.hpp>
#include <quantkit/tensor/thread_pool.hpp>

#include <benchmark/benchmark.h>

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

namespace
{
    namespace qk = quantkit;
    using qk::bench::product_shape;

    /// Codes of every value, the sums that are right, and room for the results.
    template <class Code = std::uint8_t>
    struct problem
    {
        product_shape shape;
        qk::matrix<Code> a;
        qk::matrix<std::int8_t> b;
        std::vector<float> scales;

        explicit problem(product_shape size)
            : shape(size)
            , a(size.m, size.k)
            , b(size.n, size.k)
            , scales(static_cast<std::size_t>(size.n))
        {
            std::mt19937 random(1);
            for (auto& code : a.reshaped())
                code = static_cast<Code>(random());
            for (auto& code : b.reshaped())
                code = static_cast<std::int8_t>(random());
            for (float& scale : scales)
                scale = 0.5f + 1e-6f * static_cast<float>(random() % 1000);
        }

        /// By definition; only the first and the last rows and columns, so that large shapes verify quickly.
        std::int64_t sum(Eigen::Index i, Eigen::Index j) const
        {
            std::int64_t total = 0;
            for (Eigen::Index x = 0; x < shape.k; ++x)
                total += std::int64_t { a(i, x) } * b(j, x);
            return total;
        }

        template <class Check>
        bool at_samples(Check check) const
        {
            for (const Eigen::Index i : { Eigen::Index { 0 }, shape.m / 2, shape.m - 1 })
                for (const Eigen::Index j : { Eigen::Index { 0 }, shape.n / 2, shape.n - 1 })
                    if (!check(i, j))
                        return false;
            return true;
        }
    };

    void report(benchmark::State& state, product_shape shape)
    {
        static const double peak = qk::bench::peak_operations(qk::kernels::best_micro_kernel().level);
        const double operations = 2.0 * static_cast<double>(shape.m * shape.n * shape.k);
        state.counters["GOP/s"] = benchmark::Counter(operations * 1e-9, benchmark::Counter::kIsIterationInvariantRate);
        if (peak > 0)
            state.counters["%peak"] =
                benchmark::Counter(operations / peak * 100, benchmark::Counter::kIsIterationInvariantRate);
    }

    void time_calls(benchmark::State& state, product_shape shape, const auto& call)
    {
        for (auto _ : state)
        {
            call();
            benchmark::ClobberMemory();
        }
        report(state, shape);
    }

    void time_right_calls(benchmark::State& state, product_shape shape, bool right, const auto& call)
    {
        if (!right)
            return state.SkipWithError("wrong result");
        time_calls(state, shape, call);
    }

    /// Ours without the layer around it: packed weights, code rows, one epilogue.
    template <class Output, class Code, qk::executor Executor, class... Stages>
    void run_ours(benchmark::State& state, const problem<Code>& data, const Executor& executor, Stages... stages)
    {
        const auto& kernel = qk::kernels::best_micro_kernel();
        const qk::packed_weights packed { qk::view_of(data.b), kernel };
        const qk::kernels::packed_b panels = packed.view();
        const qk::kernels::code_rows<Code> rows { { data.a.data(), data.a.outerStride(), 1 } };
        const qk::kernels::gemm_extents extents { static_cast<std::size_t>(data.shape.m), packed.n(), packed.k() };
        qk::matrix<Output> c(data.shape.m, data.shape.n);
        const qk::kernels::epilogue_of<qk::kernels::store_to<Output>, Stages...> epilogue {
            { stages... }, { { c.data(), c.outerStride(), 1 } }
        };
        qk::aligned_buffer<std::byte> workspace(qk::kernels::gemm_workspace_bytes(kernel, extents, rows, executor));
        const auto call = [&]
        { qk::kernels::gemm(kernel, extents, rows, panels, epilogue, nullptr, workspace.data(), executor); };
        call();
        const bool right = data.at_samples(
            [&](Eigen::Index i, Eigen::Index j)
            {
                const auto sum = static_cast<std::int32_t>(data.sum(i, j));
                if constexpr (std::same_as<Output, float>)
                    return c(i, j) == static_cast<float>(sum) * data.scales[static_cast<std::size_t>(j)];
                else
                    return c(i, j) == sum;
            });
        time_right_calls(state, data.shape, right, call);
    }

    void raw_quantkit(benchmark::State& state, product_shape shape)
    {
        run_ours<std::int32_t>(state, problem<>(shape), qk::sequential {});
    }

    void raw_on_two_threads(benchmark::State& state, product_shape shape)
    {
        Eigen::ThreadPool threads(1); // beside the calling one
        run_ours<std::int32_t>(state, problem<>(shape), qk::thread_pool(threads));
    }

    void scaled_quantkit(benchmark::State& state, product_shape shape)
    {
        const problem<> data(shape);
        const std::size_t columns = qk::kernels::padded_columns(data.scales.size());
        qk::aligned_buffer<float> scales(columns);
        std::copy(data.scales.begin(), data.scales.end(), scales.data());
        const qk::aligned_buffer<std::int32_t> offsets(columns);
        run_ours<float>(state, data, qk::sequential {}, qk::kernels::subtract_columns { offsets.data() },
                        qk::kernels::scale_columns { scales.data() });
    }

    /// The zero point that packing may have given the codes of A, which sums of the columns of B take back.
    void signed_quantkit(benchmark::State& state, product_shape shape)
    {
        const problem<std::int8_t> data(shape);
        const auto& kernel = qk::kernels::best_micro_kernel();
        const qk::packed_weights packed { qk::view_of(data.b), kernel };
        const std::int32_t zero_point =
            qk::kernels::packed_zero_point<std::int8_t>(0, kernel.format, qk::kernels::operand::a);
        qk::aligned_buffer<std::int32_t> offsets(qk::kernels::padded_columns(data.scales.size()));
        for (std::size_t j = 0; j < offsets.size(); ++j)
            offsets.data()[j] = zero_point * packed.view().column_sums[j];
        run_ours<std::int32_t>(state, data, qk::sequential {}, qk::kernels::subtract_columns { offsets.data() });
    }

    void linear_quantkit(benchmark::State& state, product_shape shape)
    {
        const qk::matrix_f weight = qk::matrix_f::Random(shape.n, shape.k), x = qk::matrix_f::Random(shape.m, shape.k);
        const qk::vector_f bias = qk::vector_f::Random(shape.n);
        const qk::int8_linear layer { qk::quantize<qk::int8_narrow>(weight, qk::per_axis { 0 }),
                                      qk::dynamic_per_tensor {}, qk::epilogue { qk::add_bias { bias } } };
        qk::matrix_f y(shape.m, shape.n);
        layer(x, y);
        const qk::vector_f expected = weight * x.row(0).transpose() + bias;
        const bool right = (y.row(0).transpose() - expected).norm() < 0.05f * expected.norm();
        time_right_calls(state, shape, right, [&] { layer(x, y); });
    }

    /// y = x * weight^T + bias, the product made by multiply(x, weight, y).
    template <class Multiply>
    void run_float_linear(benchmark::State& state, product_shape shape, Multiply multiply)
    {
        const qk::matrix_f weight = qk::matrix_f::Random(shape.n, shape.k), x = qk::matrix_f::Random(shape.m, shape.k);
        const qk::vector_f bias = qk::vector_f::Random(shape.n);
        qk::matrix_f y(shape.m, shape.n);
        const auto call = [&]
        {
            multiply(x, weight, y);
            y.rowwise() += bias.transpose();
        };
        call();
        const qk::vector_f expected = weight * x.row(0).transpose() + bias;
        const bool right = (y.row(0).transpose() - expected).norm() < 1e-4f * expected.norm();
        time_right_calls(state, shape, right, call);
    }

    void linear_eigen(benchmark::State& state, product_shape shape)
    {
        run_float_linear(state, shape,
                         [](const qk::matrix_f& x, const qk::matrix_f& weight, qk::matrix_f& y)
                         { y.noalias() = x * weight.transpose(); });
    }

#if defined(QUANTKIT_BENCH_OPENBLAS)
    void linear_openblas(benchmark::State& state, product_shape shape)
    {
        openblas_set_num_threads(1);
        run_float_linear(state, shape,
                         [](const qk::matrix_f& x, const qk::matrix_f& weight, qk::matrix_f& y)
                         {
                             const auto m = static_cast<blasint>(x.rows()), n = static_cast<blasint>(weight.rows()),
                                        k = static_cast<blasint>(x.cols());
                             cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, m, n, k, 1.0f, x.data(), k,
                                         weight.data(), k, 0.0f, y.data(), n);
                         });
    }
#endif

#if defined(QUANTKIT_BENCH_GEMMLOWP)
    void raw_gemmlowp(benchmark::State& state, product_shape shape)
    {
        const problem<> data(shape);
        qk::matrix<std::int32_t> c(shape.m, shape.n);
        qk::bench::gemmlowp_product product(shape.m, shape.n, shape.k, data.a.data(), data.b.data(), c.data());
        product.run();
        const bool right = data.at_samples([&](Eigen::Index i, Eigen::Index j) { return c(i, j) == data.sum(i, j); });
        time_right_calls(state, shape, right, [&] { product.run(); });
    }
#endif

#if defined(QUANTKIT_BENCH_ONEDNN)
    template <class Output, class Code = std::uint8_t>
    void run_onednn(benchmark::State& state, product_shape shape)
    {
        problem<Code> data(shape);
        qk::matrix<Output> c(shape.m, shape.n);
        qk::bench::onednn_product<Output, Code> product(shape.m, shape.n, shape.k, data.a.data(), data.b.data(),
                                                        c.data(), data.scales);
        product.run();
        const bool right = data.at_samples(
            [&](Eigen::Index i, Eigen::Index j)
            {
                const auto sum = static_cast<float>(data.sum(i, j));
                const float scale = std::same_as<Output, float> ? data.scales[static_cast<std::size_t>(j)] : 1.0f;
                return std::abs(static_cast<float>(c(i, j)) - sum * scale) <= 1e-5f * std::abs(sum * scale);
            });
        if (!right)
            state.SetLabel("wrong sums");
        time_calls(state, shape, [&] { product.run(); });
    }
#endif

    void add(const std::string& what, void (*run)(benchmark::State&, product_shape), product_shape shape)
    {
        const std::string name =
            what + "/" + std::to_string(shape.m) + "x" + std::to_string(shape.n) + "x" + std::to_string(shape.k);
        benchmark::RegisterBenchmark(name.c_str(), [=](benchmark::State& state) { run(state, shape); })
            ->Unit(benchmark::kMicrosecond)
            ->UseRealTime();
    }

    const bool all_added = []
    {
        for (const product_shape shape : qk::bench::product_shapes())
        {
            add("raw/quantkit", &raw_quantkit, shape);
            add("scaled/quantkit", &scaled_quantkit, shape);
            add("signed/quantkit", &signed_quantkit, shape);
            if (shape.m >= 512 && shape.n >= 512)
                add("two_threads/quantkit", &raw_on_two_threads, shape);
#if defined(QUANTKIT_BENCH_ONEDNN)
            add("raw/onednn", &run_onednn<std::int32_t>, shape);
            add("scaled/onednn", &run_onednn<float>, shape);
            add("signed/onednn", &run_onednn<std::int32_t, std::int8_t>, shape);
#endif
#if defined(QUANTKIT_BENCH_GEMMLOWP)
            if (shape.m * shape.n * shape.k <= 1 << 28) // larger ones take seconds a call without -msse4.1
                add("raw/gemmlowp", &raw_gemmlowp, shape);
#endif
            add("linear/quantkit", &linear_quantkit, shape);
            add("linear/eigen_f32", &linear_eigen, shape);
#if defined(QUANTKIT_BENCH_OPENBLAS)
            add("linear/openblas_f32", &linear_openblas, shape);
#endif
        }
        return true;
    }();
}
