// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A consumer of the one header: codes, and a layer.
#include <quantkit/quantkit.hpp>

#include <cstdio>

int main()
{
    const quantkit::matrix_f weight = quantkit::matrix_f::Random(31, 77), x = quantkit::matrix_f::Random(5, 77);
    const auto codes = quantkit::quantize<quantkit::int8_narrow>(weight, quantkit::per_axis { .axis = 0 });
    const float off = (quantkit::dequantize(codes) - weight).cwiseAbs().maxCoeff();

    const quantkit::int8_linear layer { codes, quantkit::dynamic_per_row {} };
    const quantkit::matrix_f expected = x * weight.transpose();
    const float relative = (layer(x) - expected).norm() / expected.norm();
    std::printf("largest error of a weight %g, relative error of the layer %g\n", static_cast<double>(off),
                static_cast<double>(relative));
    return off > 0.0f && off <= 0.5f / 127.0f + 1e-6f && relative > 0.0f && relative < 0.02f ? 0 : 1;
}
