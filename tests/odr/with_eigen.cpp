// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Compiled once for each set of flags, as QUANTKIT_ODR_NAME: what calls functions of Eigen's, whose names are the same
/// whatever the flags, so that only those of this library can be judged.
#include "odr/units.hpp"

namespace
{
    namespace qk = quantkit;
    using namespace odr;

    // Weights and inputs of other formats than INT8.
    void run_formats(const operands& given, results& to)
    {
        const qk::epilogue stages { qk::add_bias { given.bias }, qk::relu {} };
        add(to, qk::w4a8_linear { given.grouped_weights, stages }(given.x));
        add(to, qk::weight_only_linear { given.grouped_weights, stages }(given.x));
        add(to, qk::int16_linear { given.weights, qk::int16_per_row<> {}, stages }(given.x));
        add(to, qk::int16_linear { given.weights, qk::int16_per_tensor<> {}, stages }(given.x));
        add(to, qk::real_linear { given.float_weights, qk::fp32_weights {}, stages }(given.x));
        add(to, qk::real_linear { given.float_weights, qk::fp16_weights {}, stages }(given.x));
        add(to, qk::real_linear { given.float_weights, qk::bf16_weights {}, stages }(given.x));
    }

    void run(const operands& given, qk::thread_pool threads, results& to)
    {
        const qk::int8_linear layer { given.shifted_weights, qk::dynamic_per_row {},
                                      qk::epilogue { qk::add_bias { given.bias }, qk::gelu {} } };
        add(to, layer(given.x, threads));
        add(to, qk::float_linear { given.x, qk::epilogue { qk::relu {} } }(given.x));
        run_formats(given, to);
    }
}

namespace odr::with_eigen
{
    eigen_unit QUANTKIT_ODR_NAME() { return &run; }
}
