// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/quantkit.hpp>

#include <cstdio>

#if defined(QUANTKIT_DISPATCH) || defined(QUANTKIT_COMPILED_MODEL)
#error "quantkit::quantkit brings a library, which is for quantkit::dispatch and quantkit::model to do"
#endif

int main()
{
    const quantkit::matrix_f weight = quantkit::matrix_f::Random(16, 32), x = quantkit::matrix_f::Random(4, 32);
    quantkit::minmax_observer observer;
    observer.observe(x);
    const auto codes = quantkit::quantize<quantkit::int8_narrow>(weight, quantkit::per_axis { .axis = 0 });
    const quantkit::int8_linear layer { codes, quantkit::choose_qparams<quantkit::uint8_full>(observer) };
    const quantkit::matrix_f exact = x * weight.transpose();
    const float error = (layer(x) - exact).norm() / exact.norm();
    std::printf("INT8 layer: relative error %.4f\n", static_cast<double>(error));
    return error < 0.05f ? 0 : 1;
}
