// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// README.md's quick start: the lines between the markers are what it shows (check_readme.cmake compares them).
#include <doctest/doctest.h>

// quick start begins
#include <quantkit/quantkit.hpp>

#include <cmath>

namespace qk = quantkit;

double quick_start()
{
    const qk::matrix_f weight = qk::matrix_f::Random(64, 128); // [out_features, in_features]
    const qk::vector_f bias = qk::vector_f::Random(64);
    const qk::matrix_f x = qk::matrix_f::Random(32, 128); // [batch, in_features]

    // Weights: int8 in [-127, 127], one scale per output. Activations: uint8, range from calibration data.
    const auto codes = qk::quantize<qk::int8_narrow>(weight, qk::per_axis { .axis = 0 });
    qk::minmax_observer observer;
    observer.observe(x);
    const auto input = qk::choose_qparams<qk::uint8_full>(observer);

    // The same layer in float and in INT8: bias and ReLU run on the products while they are in registers.
    const qk::float_linear reference { weight, qk::epilogue { qk::add_bias { bias }, qk::relu {} } };
    const qk::int8_linear layer { codes, input, qk::epilogue { qk::add_bias { bias }, qk::relu {} } };

    const qk::matrix_f expected = reference(x), y = layer(x);
    return 20 * std::log10(expected.norm() / (expected - y).norm()); // signal to quantization noise, dB
}
// quick start ends

TEST_CASE("the quick start keeps more than 35 dB") { CHECK(quick_start() > 35); }
