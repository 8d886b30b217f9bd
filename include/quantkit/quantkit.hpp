// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The whole library in layer order, but for io/ and report/: they need a JSON library and are included by name.
#pragma once

#include <quantkit/version.hpp>

#include <quantkit/core/check.hpp>
#include <quantkit/core/concepts.hpp>
#include <quantkit/core/fixed_point.hpp>
#include <quantkit/core/float8.hpp>
#include <quantkit/core/granularity.hpp>
#include <quantkit/core/half.hpp>
#include <quantkit/core/int4.hpp>
#include <quantkit/core/precision.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/qparams_list.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/rounding.hpp>
#include <quantkit/core/scheme.hpp>
#include <quantkit/core/tensor_view.hpp>

#include <quantkit/kernels/error_sums.hpp>
#include <quantkit/kernels/isa.hpp>
#include <quantkit/kernels/isa_report.hpp>
#include <quantkit/kernels/kernel_table.hpp>

#include <quantkit/observers/aciq.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/constant_range.hpp>
#include <quantkit/observers/entropy.hpp>
#include <quantkit/observers/granular_observer.hpp>
#include <quantkit/observers/histogram.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/observers/moving_average.hpp>
#include <quantkit/observers/mse.hpp>
#include <quantkit/observers/mse_optimal_range.hpp>
#include <quantkit/observers/observer.hpp>
#include <quantkit/observers/percentile.hpp>
#include <quantkit/observers/value_histogram.hpp>

#include <quantkit/metrics/code_usage.hpp>
#include <quantkit/metrics/element_metrics.hpp>
#include <quantkit/metrics/error_decomposition.hpp>
#include <quantkit/metrics/histogram_distance.hpp>
#include <quantkit/metrics/logit_metrics.hpp>
#include <quantkit/metrics/metric.hpp>
#include <quantkit/metrics/prediction_consistency.hpp>

#include <quantkit/calibration/range_coverage.hpp>
#include <quantkit/calibration/range_stability.hpp>
#include <quantkit/calibration/standardizer.hpp>
#include <quantkit/calibration/window_builder.hpp>

#include <quantkit/tensor/convert_half.hpp>
#include <quantkit/tensor/dequantizer.hpp>
#include <quantkit/tensor/fake_quantizer.hpp>
#include <quantkit/tensor/float_linear.hpp>
#include <quantkit/tensor/int16_linear.hpp>
#include <quantkit/tensor/int8_linear.hpp>
#include <quantkit/tensor/matmul_integer.hpp>
#include <quantkit/tensor/quantized_tensor.hpp>
#include <quantkit/tensor/quantizer.hpp>
#include <quantkit/tensor/real_linear.hpp>
#include <quantkit/tensor/types.hpp>
#include <quantkit/tensor/view.hpp>
#include <quantkit/tensor/w4a8_linear.hpp>
#include <quantkit/tensor/weight_only_linear.hpp>
