// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Weights to codes and back: what one scale for all, one for each output and one for each group of 32 cost.
///
/// Prints:
///
///     scales           INT8 SQNR  INT4 SQNR  INT8 bytes
///     one              39.6 dB    14.5 dB       16388
///     one per output   44.2 dB    19.0 dB       16640
///     one per 32       46.0 dB    20.8 dB       18432
///     the greatest error of INT8 with one scale is at most scale / 2: yes
#include "values.hpp"

#include <quantkit/metrics/element_metrics.hpp>
#include <quantkit/tensor/dequantizer.hpp>
#include <quantkit/tensor/quantizer.hpp>

#include <cstdio>

namespace qk = quantkit;

template <qk::granularity Scales>
void print_row(const char* name, const qk::matrix_f& weight, Scales scales)
{
    const auto int8 = qk::quantize<qk::int8_narrow>(weight, scales);
    const auto int4 = qk::quantize<qk::int4_narrow>(weight, scales);
    const qk::matrix_f back8 = qk::dequantize(int8), back4 = qk::dequantize(int4);
    std::printf("%-15s %5.1f dB   %5.1f dB %11zu\n", name, qk::measure<qk::sqnr_db>(weight, back8),
                qk::measure<qk::sqnr_db>(weight, back4), int8.codes().size() + 4 * int8.scales().size());
}

int main()
{
    qk::matrix_f weight = basics::bell_shaped(64, 256, 1); // [out_features, in_features]
    for (Eigen::Index out = 0; out < weight.rows(); ++out)
        weight.row(out) *= 0.1f + 0.02f * static_cast<float>(out); // outputs differ in size, as in trained layers

    std::puts("scales           INT8 SQNR  INT4 SQNR  INT8 bytes");
    print_row("one", weight, qk::per_tensor {});
    print_row("one per output", weight, qk::per_axis { .axis = 0 });
    print_row("one per 32", weight, qk::per_group { .axis = 1, .group_size = 32 });

    const auto codes = qk::quantize<qk::int8_narrow>(weight);
    const qk::matrix_f back = qk::dequantize(codes);
    const float worst = (weight - back).cwiseAbs().maxCoeff();
    const bool is_bounded = worst <= 0.5001f * codes.scales()[0];
    std::printf("the greatest error of INT8 with one scale is at most scale / 2: %s\n", is_bounded ? "yes" : "no");
}
