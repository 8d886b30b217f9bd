// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// How long a linear layer of your shape takes here in FP32 and in INT8, one thread:
///
///     microbenchmark BATCH IN OUT [TURNS]
///
/// Prints, for 4 256 128 (lines with ~ hold times: they are another machine's):
///
///     4 x 256 -> 128: 131072 multiplications
///     ~ FP32     11.8 us    11.2 G/s
///     ~ INT8      7.6 us    17.2 G/s
///     ~ INT8 is 1.54 times as fast
#include "support/latency.hpp"
#include "values.hpp"

#include <quantkit/tensor/int8_linear.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/real_linear.hpp>

#include <charconv>
#include <cstdio>
#include <string_view>
#include <vector>

namespace qk = quantkit;

int main(int argc, char** argv)
{
    std::vector<Eigen::Index> numbers;
    for (int i = 1; i < argc; ++i)
    {
        const std::string_view text(argv[i]);
        Eigen::Index number = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
        if (error != std::errc() || end != text.data() + text.size() || number < 1 || number > 65536)
            number = 0;
        numbers.push_back(number);
    }
    if (argc < 4 || argc > 5 || std::count(numbers.begin(), numbers.end(), 0) > 0)
    {
        std::fputs("usage: microbenchmark BATCH IN OUT [TURNS], numbers from 1 to 65536\n", stderr);
        return 2;
    }
    const Eigen::Index batch = numbers[0], in = numbers[1], out = numbers[2];
    const int turns = argc == 5 ? static_cast<int>(numbers[3]) : 51;

    const qk::matrix_f weight = basics::bell_shaped(out, in, 1), x = basics::bell_shaped(batch, in, 2);
    const qk::real_linear fp32(weight, qk::fp32_weights {});
    const qk::int8_linear int8(qk::quantize<qk::int8_narrow>(weight, qk::per_axis { .axis = 0 }),
                               qk::dynamic_per_tensor {});
    qk::matrix_f y(batch, out);
    const auto seconds = demo::median_latencies({ [&] { fp32(x, y); }, [&] { int8(x, y); } }, turns);

    const double multiplications = static_cast<double>(batch * in * out);
    std::printf("%td x %td -> %td: %.0f multiplications\n", batch, in, out, multiplications);
    for (const std::size_t i : { 0u, 1u })
        std::printf("~ %s %8.1f us %7.1f G/s\n", i == 0 ? "FP32" : "INT8", 1e6 * seconds[i],
                    1e-9 * multiplications / seconds[i]);
    std::printf("~ INT8 is %.2f times as fast\n", seconds[0] / seconds[1]);
}
