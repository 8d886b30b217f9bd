// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a linear layer takes in FP32, FP16 and INT8: bytes of its weights, and time of a call.
///
///     precision_table [turns]      turns of a millisecond whose median is the time; the more, the steadier
#include "support/latency.hpp"
#include "support/table.hpp"

#include <quantkit/core/precision.hpp>
#include <quantkit/quantkit.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <iostream>
#include <string>
#include <vector>

namespace
{
    using namespace quantkit;

    struct layer_shape
    {
        Eigen::Index batch, in_features, out_features;
        const char* found_in;
    };

    constexpr layer_shape layers[] {
        { 1, 784, 100, "MNIST MLP" },
        { 1, 768, 768, "BERT base, attention" },
        { 128, 768, 768, "BERT, 128 tokens" },
        { 128, 768, 3072, "BERT, feed-forward" },
        { 64, 512, 1000, "ResNet-18, classes" },
    };

    /// Seconds of the layer in FP32, FP16 and INT8, which quantizes its input as well; each uses one thread.
    std::vector<double> times(const layer_shape& shape, int turns)
    {
        const matrix_f weight = matrix_f::Random(shape.out_features, shape.in_features);
        const matrix_f x = matrix_f::Random(shape.batch, shape.in_features);
        const real_linear fp32(weight, fp32_weights {});
        const real_linear fp16(weight, fp16_weights {});
        const int8_linear int8(quantize<int8_narrow>(weight, per_axis { 0 }), dynamic_per_tensor {});
        matrix_f y(shape.batch, shape.out_features);
        return demo::median_latencies({ [&] { fp32(x, y); }, [&] { fp16(x, y); }, [&] { int8(x, y); } }, turns);
    }

    demo::table_row row(const layer_shape& shape, int turns)
    {
        const tensor_shape weight { shape.out_features, shape.in_features };
        const auto kilobytes = [&](precision format)
        {
            const tensor_bytes bytes = bytes_of(weight, format, per_axis { 0 }, { .zero_point_bytes = 0 });
            return demo::number(static_cast<double>(bytes.total()) / 1e3, 1);
        };
        const std::vector<double> seconds = times(shape, turns);
        const std::string extents = std::to_string(shape.batch) + " x " + std::to_string(shape.in_features) + " x "
                                    + std::to_string(shape.out_features);
        return { extents + ", " + shape.found_in,   kilobytes(precision::fp32),
                 kilobytes(precision::fp16),        kilobytes(precision::int8),
                 demo::number(seconds[0] * 1e6, 1), demo::number(seconds[1] * 1e6, 1),
                 demo::number(seconds[2] * 1e6, 1), demo::number(seconds[0] / seconds[2], 1) };
    }
}

int main(int argc, char** argv)
{
    const int turns = argc > 1 ? std::max(1, std::atoi(argv[1])) : 5;
    std::vector<demo::table_row> table { { "batch x in x out", "FP32 kB", "FP16 kB", "INT8 kB", "FP32 us", "FP16 us",
                                           "INT8 us", "FP32 / INT8" } };
    for (const layer_shape& shape : layers)
        table.push_back(row(shape, turns));
    demo::print_table(std::cout, table);
    std::cout << "\nFloats take " << kernels::best_float_kernel<fp16_weights::format>().name() << ", INT8 takes "
              << kernels::best_micro_kernel().name() << ".\n";
}
