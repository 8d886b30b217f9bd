// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// One model, three ways to quantize it: weights only, dynamic and static.
///
/// Prints:
///
///     flow          bytes  SQNR of the logits
///     FP32          38440
///     weights only  10576  41.3 dB
///     dynamic       10576  38.1 dB
///     static        10576  38.1 dB
#include "values.hpp"

#include <quantkit/metrics/element_metrics.hpp>
#include <quantkit/model/calibration.hpp>
#include <quantkit/model/model_builder.hpp>
#include <quantkit/model/model_size.hpp>

#include <cstdio>
#include <string>

namespace qk = quantkit;

void add_linear(qk::weight_set& weights, const std::string& name, Eigen::Index in, Eigen::Index out, std::uint64_t seed)
{
    const qk::matrix_f values = 0.1f * basics::bell_shaped(out, in, seed);
    weights.add(name + ".weight", { out, in }, { values.data(), values.data() + values.size() });
    weights.add(name + ".bias", { out }, std::vector<float>(static_cast<std::size_t>(out), 0.01f));
}

void print_row(const char* name, const qk::quantized_model& quantized, const qk::matrix_f& x, const qk::matrix_f& want)
{
    const qk::matrix_f y = qk::session(quantized)(x);
    std::printf("%-12s %6zu  %.1f dB\n", name, size_of(quantized).total(), qk::measure<qk::sqnr_db>(want, y));
}

int main()
{
    qk::weight_set weights;
    add_linear(weights, "fc.0", 64, 128, 1);
    add_linear(weights, "fc.1", 128, 10, 2);
    const qk::model network = qk::model_builder({ .features = 64 })
                                  .linear("fc.0", 64, 128)
                                  .activation("relu", qk::activation_function::relu)
                                  .linear("fc.1", 128, 10)
                                  .build(weights);
    const qk::matrix_f calibration = basics::bell_shaped(128, 64, 3), x = basics::bell_shaped(128, 64, 4);
    const qk::matrix_f want = qk::session(network)(x);

    // no data needed
    std::printf("flow          bytes  SQNR of the logits\nFP32         %6zu\n", size_of(network).total());
    print_row("weights only", quantize_weights(network), x, want);
    print_row("dynamic", quantize_dynamic(network), x, want);

    // prepare, calibrate, convert
    qk::prepared_model prepared = prepare(network);
    calibrate(prepared, calibration);
    print_row("static", convert(prepared), x, want);
}
