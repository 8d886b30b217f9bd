// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// A linear layer in INT8: weights and activations are codes, bias and ReLU run on the products in registers.
///
/// Prints:
///
///     64 x 256 -> 64 features, ReLU
///     static activations   SQNR 40.5 dB
///     dynamic, per tensor  SQNR 40.5 dB
///     results do not depend on the batch: yes
#include "values.hpp"

#include <quantkit/metrics/element_metrics.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/tensor/float_linear.hpp>
#include <quantkit/tensor/int8_linear.hpp>
#include <quantkit/tensor/quantizer.hpp>

#include <cstdio>

namespace qk = quantkit;

int main()
{
    const qk::matrix_f weight = basics::bell_shaped(64, 256, 1); // [out_features, in_features]
    const qk::vector_f bias = basics::bell_shaped(64, 1, 2).col(0);
    const qk::matrix_f calibration = basics::bell_shaped(64, 256, 3), x = basics::bell_shaped(64, 256, 4);
    const qk::epilogue bias_and_relu { qk::add_bias { bias }, qk::relu {} };
    const qk::matrix_f expected = qk::float_linear { weight, bias_and_relu }(x);

    const auto codes = qk::quantize<qk::int8_narrow>(weight, qk::per_axis { .axis = 0 });
    qk::minmax_observer observer;
    observer.observe(calibration);
    const qk::int8_linear fixed { codes, qk::choose_qparams<qk::uint8_full>(observer), bias_and_relu };
    const qk::int8_linear dynamic { codes, qk::dynamic_per_tensor {}, bias_and_relu };

    const qk::matrix_f y = fixed(x), y_dynamic = dynamic(x), first = fixed(x.topRows(1));
    std::puts("64 x 256 -> 64 features, ReLU");
    std::printf("static activations   SQNR %.1f dB\n", qk::measure<qk::sqnr_db>(expected, y));
    std::printf("dynamic, per tensor  SQNR %.1f dB\n", qk::measure<qk::sqnr_db>(expected, y_dynamic));
    std::printf("results do not depend on the batch: %s\n", first.row(0) == y.row(0) ? "yes" : "no");
}
