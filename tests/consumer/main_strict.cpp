// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A consumer whose warnings are errors, also in what it instantiates of the library.
#include <quantkit/core/fixed_point.hpp>
#include <quantkit/metrics/error_metrics.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/tensor/dequantizer.hpp>
#include <quantkit/tensor/quantizer.hpp>

#include <Eigen/Core>

#include <cstdio>

int main()
{
    const Eigen::MatrixXf x = Eigen::MatrixXf::NullaryExpr(
        16, 16, [](Eigen::Index i, Eigen::Index j) { return static_cast<float>(i - j) / 15.0f; });
    const auto codes = quantkit::quantize<quantkit::int8_narrow>(x, quantkit::per_axis { .axis = 0 });
    const Eigen::MatrixXf restored = quantkit::dequantize(codes);
    const float error = (restored - x).cwiseAbs().maxCoeff();
    std::printf("largest error %g\n", static_cast<double>(error));
    return error > 0.0f && error <= 0.5f / 127.0f + 1e-6f ? 0 : 1;
}
