// SPDX-License-Identifier: BSD-3-Clause
// What must have the same bits for every compiler, optimization, instruction set and number of threads, as one digest
// for each group of results. CMakeLists.txt compiles and runs it in many ways.
//
//   digests            prints them
//   digests FILE       compares them with those of the file; fails where one differs
#include <quantkit/core/aligned_buffer.hpp>
#include <quantkit/core/fixed_point.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/rounding.hpp>
#include <quantkit/kernels/convert_half.hpp>
#include <quantkit/kernels/dequantize.hpp>
#include <quantkit/kernels/fake_quant.hpp>
#include <quantkit/kernels/gemm/gemm.hpp>
#include <quantkit/kernels/gemm/select.hpp>
#include <quantkit/kernels/quantize.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/observers/moving_average.hpp>
#include <quantkit/sensitivity/digest.hpp>
#include <quantkit/tensor/int16_linear.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>
#include <quantkit/tensor/w4a8_linear.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace
{
    using namespace quantkit;

    using digests = std::map<std::string, std::string>;

    template <class T>
    void add(digests& all, const std::string& name, const std::vector<T>& values)
    {
        all[name] = digest().add_bytes(std::as_bytes(std::span(values))).text();
    }

    /// The same numbers everywhere: a mixer of 64 bits (splitmix64's).
    std::uint64_t random_bits(std::uint64_t index)
    {
        std::uint64_t bits = (index + 1) * 0x9e3779b97f4a7c15u;
        bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9u;
        bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebu;
        return bits ^ (bits >> 31);
    }

    template <class Code>
    std::vector<Code> random_codes(std::size_t count, std::uint64_t seed)
    {
        std::vector<Code> codes(count);
        for (std::size_t i = 0; i < count; ++i)
            codes[i] = static_cast<Code>(random_bits(seed + i) >> 40);
        return codes;
    }

    /// In [-8, 8), multiples of 2^-20: exact, many of them ties for a scale that is a power of two.
    std::vector<float> random_floats(std::size_t count, std::uint64_t seed)
    {
        std::vector<float> floats(count);
        for (std::size_t i = 0; i < count; ++i)
            floats[i] =
                static_cast<float>(static_cast<std::int32_t>(random_bits(seed + i) >> 40) - (1 << 23)) * 0x1p-20f;
        return floats;
    }

    struct new_threads
    {
        std::size_t threads_at_once;

        std::size_t concurrency() const { return threads_at_once; }

        template <class Work>
        void run(std::size_t count, const Work& work) const
        {
            std::vector<std::thread> threads;
            for (std::size_t i = 0; i < count; ++i)
                threads.emplace_back([&work, i] { work(i); });
            for (std::thread& each : threads)
                each.join();
        }
    };

    /// C = (A - zero_point) B^T in int32.
    template <class ACode, class BCode, executor Executor>
    std::vector<std::int32_t> product(kernels::gemm_extents extents, const Executor& executor)
    {
        using namespace kernels;
        const auto [m, n, k] = extents;
        const std::vector<ACode> a = random_codes<ACode>(m * k, 1);
        const std::vector<BCode> b = random_codes<BCode>(n * k, 100'000);
        const micro_kernel& kernel = best_micro_kernel();
        aligned_buffer<std::byte> panels(packed_b_bytes(kernel.format, n, k));
        aligned_buffer<std::int32_t> sums(padded_columns(n));
        pack_b(matrix_view<const BCode> { b.data(), static_cast<std::ptrdiff_t>(k), 1 }, n, k, kernel.format,
               panels.data(), sums.data());
        const packed_b packed { kernel.format, n, k, panels.data(), sums.data() };
        const code_rows<ACode> rows { { a.data(), static_cast<std::ptrdiff_t>(k), 1 } };

        const std::int32_t a_zero_point = packed_zero_point<ACode>(3, kernel.format, operand::a);
        const std::int32_t b_zero_point = packed_zero_point<BCode>(0, kernel.format, operand::b);
        std::vector<std::int32_t> c(m * n), row_sums(m), centered(padded_columns(n)),
            columns(centered.size(), b_zero_point);
        for (std::size_t j = 0; j < n; ++j)
            centered[j] = sums[j] - static_cast<std::int32_t>(k) * b_zero_point;
        const epilogue_of<store_to<std::int32_t>, subtract_outer, subtract_outer> epilogue {
            { subtract_outer { &a_zero_point, 0, centered.data() },
              subtract_outer { row_sums.data(), 1, columns.data() } },
            { { c.data(), static_cast<std::ptrdiff_t>(n), 1 } }
        };
        aligned_buffer<std::byte> workspace(gemm_workspace_bytes(kernel, extents, rows, executor));
        gemm(kernel, extents, rows, packed, epilogue, row_sums.data(), workspace.data(), executor);
        return c;
    }

    template <class ACode, class BCode>
    void add_products(digests& all, const std::string& name)
    {
        for (const kernels::gemm_extents extents :
             { kernels::gemm_extents { 1, 70, 129 }, kernels::gemm_extents { 37, 50, 300 } })
        {
            const std::string full = name + " m=" + std::to_string(extents.m);
            const std::vector<std::int32_t> sums = product<ACode, BCode>(extents, sequential {});
            add(all, full, sums);
            for (const std::size_t threads : { 2u, 3u })
                if (product<ACode, BCode>(extents, new_threads { threads }) != sums)
                    all[full] = std::to_string(threads) + " threads give another product";
        }
    }

    /// Sums to codes: with a float scale, and with fixed-point multipliers of both kinds.
    void add_requantized(digests& all)
    {
        const std::vector<std::int32_t> sums = product<std::uint8_t, std::int8_t>({ 37, 50, 300 }, sequential {});
        std::vector<float> reals;
        std::vector<std::int32_t> twice, once;
        const fixed_point_multiplier multiplier = to_fixed_point(0.00037);
        for (const std::int32_t sum : sums)
        {
            reals.push_back(static_cast<float>(sum));
            twice.push_back(scaled_double_rounding(sum, multiplier));
            once.push_back(scaled_single_rounding(sum, multiplier));
        }
        std::vector<std::uint8_t> codes(reals.size());
        kernels::quantize(reals.data(), codes.data(), codes.size(), { 2703.5f, 128 }, uint8_full::bounds);
        add(all, "requantize float", codes);
        add(all, "requantize fixed point, double rounding", twice);
        add(all, "requantize fixed point, single rounding", once);
    }

    template <class Range, class Rounding>
    void add_codes(digests& all, const std::string& name, const std::vector<float>& x, Rounding rounding)
    {
        std::vector<typename Range::code_type> codes(x.size());
        std::vector<float> reals(x.size()), fake(x.size());
        for (const float scale : { 0x1p-5f, 0.0371f })
        {
            const qparams params { scale, Range::quant_min < 0 ? 0 : 100 };
            const std::string full = name + (scale == 0x1p-5f ? " ties" : "");
            kernels::quantize(x.data(), codes.data(), x.size(), params, Range::bounds, rounding);
            kernels::dequantize(codes.data(), reals.data(), x.size(), params);
            kernels::fake_quantize(x.data(), fake.data(), x.size(), params, Range::bounds, rounding);
            add(all, "quantize " + full, codes);
            add(all, "dequantize " + full, reals);
            add(all, "fake_quantize " + full, fake);
        }
    }

    void add_per_axis(digests& all, const std::vector<float>& x)
    {
        std::vector<float> scales, fake(x.size());
        std::vector<std::int32_t> zero_points;
        for (std::size_t i = 0; i < x.size(); ++i)
        {
            scales.push_back(static_cast<float>(2 + i % 61) * 0.0017f); // nothing that FMA would round otherwise
            zero_points.push_back(static_cast<std::int32_t>(i % 17) - 8);
        }
        std::vector<std::int8_t> codes(x.size());
        kernels::quantize_each(x.data(), codes.data(), x.size(), scales.data(), zero_points.data(), int8_full::bounds);
        kernels::fake_quantize_each(x.data(), fake.data(), x.size(), scales.data(), zero_points.data(),
                                    int8_full::bounds);
        add(all, "quantize int8, a scale each", codes);
        add(all, "fake_quantize int8, a scale each", fake);
    }

    void add_conversions(digests& all)
    {
        std::vector<std::uint16_t> patterns, halves(0x10000);
        for (std::uint32_t pattern = 0; pattern < 0x10000; ++pattern)
            if ((pattern & 0x7c00u) != 0x7c00u) // neither infinite nor NaN
                patterns.push_back(static_cast<std::uint16_t>(pattern));
        std::vector<float> floats(patterns.size());
        kernels::half_to_float(patterns.data(), floats.data(), floats.size());
        add(all, "half_to_float", floats);
        const std::vector<float> x = random_floats(0x10000, 77);
        kernels::float_to_half(x.data(), halves.data(), x.size());
        add(all, "float_to_half", halves);
        kernels::float_to_bfloat16(x.data(), halves.data(), x.size());
        add(all, "float_to_bfloat16", halves);
    }

    void add_ranges(digests& all, const std::vector<float>& x)
    {
        minmax_observer minmax;
        moving_average_observer average;
        std::vector<float> ends;
        std::vector<std::int32_t> zero_points;
        const auto add_range = [&](real_range range)
        {
            for (const qparams params : { choose_qparams<uint8_full>(range), choose_qparams<int8_narrow>(range) })
            {
                ends.insert(ends.end(), { range.min, range.max, params.scale });
                zero_points.push_back(params.zero_point);
            }
        };
        for (std::size_t first = 0; first < x.size(); first += 499)
        {
            const std::span batch(x.data() + first, std::min<std::size_t>(499, x.size() - first));
            minmax.observe(batch);
            average.observe(batch);
            add_range(minmax.range());
            add_range(average.range());
        }
        add(all, "ranges and scales", ends);
        add(all, "zero points", zero_points);
    }

    /// Products of other codes than INT8, with exact scales: INT4 weights in groups, INT16 with sums of 32 and 64 bits.
    void add_other_layers(digests& all)
    {
        constexpr Eigen::Index m = 37, n = 50, k = 300, groups = 10;
        const std::vector<float> values = random_floats(m * k, 11);
        const matrix_f x = Eigen::Map<const matrix_f>(values.data(), m, k);
        const auto weights = [&]<class Range>(Range, std::size_t scales, any_granularity granularity)
        {
            using code_type = typename Range::code_type;
            constexpr int number_of_codes = Range::quant_max - Range::quant_min + 1;
            std::vector<code_type> codes(n * k);
            for (std::size_t i = 0; i < codes.size(); ++i)
                codes[i] =
                    static_cast<code_type>(Range::quant_min + static_cast<int>(random_bits(i) % number_of_codes));
            qparams_list params;
            for (std::size_t i = 0; i < scales; ++i)
                params.push_back({ i % 3 == 0 ? 0x1p-6f : 0x1p-8f, 0 });
            return quantized_tensor<Range>({ n, k }, std::move(codes), params, granularity);
        };
        const auto add_result = [&](const std::string& name, const matrix_f& y)
        { add(all, name, std::vector<float>(y.data(), y.data() + y.size())); };
        const static_input<int16_narrow> input { { 0x1p-11f, 0 } };
        add_result("w4a8", w4a8_linear { weights(int4_full {}, n * groups, per_group { 1, 32 }) }(x));
        add_result("int16 x int8", int16_linear { weights(int8_narrow {}, n, per_axis { 0 }), input }(x));
        add_result("int16 x int16", int16_linear { weights(int16_narrow {}, n, per_axis { 0 }), input }(x));
    }

    /// NaN and infinities.
    void add_special_values(digests& all)
    {
        std::vector<float> x;
        for (std::uint32_t i = 0; i < 96; ++i)
            x.push_back(std::bit_cast<float>(i % 3 == 0 ? 0x7fc00000u : i % 3 == 1 ? 0x7f800000u : 0xff800000u));
        std::vector<std::uint8_t> codes(x.size());
        kernels::quantize(x.data(), codes.data(), x.size(), { 0.1f, 7 }, uint8_full::bounds);
        add(all, "special quantize", codes);
        minmax_observer minmax;
        minmax.observe(std::span<const float>(x.data(), 1));
        add(all, "special range of NaN", std::vector<float> { minmax.range().min, minmax.range().max });
    }

    digests all_digests()
    {
        digests all;
        add_products<std::uint8_t, std::int8_t>(all, "gemm u8 s8");
        add_products<std::int8_t, std::int8_t>(all, "gemm s8 s8");
        add_products<std::uint8_t, std::uint8_t>(all, "gemm u8 u8");
        add_requantized(all);
        add_other_layers(all);
        const std::vector<float> x = random_floats(5003, 5);
        add_codes<uint8_full>(all, "uint8", x, half_even {});
        add_codes<int8_narrow>(all, "int8", x, half_even {});
        add_codes<int16_narrow>(all, "int16", x, half_even {});
        add_codes<int8_full>(all, "int8, ties away", x, half_away {});
        add_codes<int8_full>(all, "int8, stochastic", x, stochastic { 9 });
        add_per_axis(all, x);
        add_conversions(all);
        add_ranges(all, x);
        add_special_values(all);
        return all;
    }

    /// What a compiler may change with -ffast-math: which floats are special, and scales that are found in the call.
    bool may_differ([[maybe_unused]] const std::string& name)
    {
#if defined(__FAST_MATH__)
        return name.starts_with("special") || name == "w4a8";
#else
        return false;
#endif
    }

    std::size_t differences(const digests& all, const char* path)
    {
        std::ifstream file(path);
        std::size_t wrong = 0, lines = 0;
        for (std::string line; std::getline(file, line); ++lines)
        {
            const std::string value = line.substr(0, 16), name = line.substr(std::min<std::size_t>(17, line.size()));
            const auto found = all.find(name);
            if (found != all.end() && (found->second == value || may_differ(name)))
                continue;
            ++wrong;
            std::printf("%s: %s, not %s\n", name.c_str(), found == all.end() ? "missing" : found->second.c_str(),
                        value.c_str());
        }
        std::printf("%zu of %zu digests differ\n", wrong, lines);
        return lines == all.size() ? wrong : wrong + 1;
    }
}

int main(int count, char** arguments)
{
    const digests all = all_digests();
    if (count == 2)
        return differences(all, arguments[1]) == 0 ? 0 : 1;
    for (const auto& [name, value] : all)
        std::printf("%s %s\n", value.c_str(), name.c_str());
    return 0;
}
