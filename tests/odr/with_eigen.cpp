// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Compiled once for each set of flags, as QUANTKIT_ODR_NAME: what calls functions of Eigen's, whose names are the same
/// whatever the flags, so that only those of this library can be judged.
#include "odr/units.hpp"

namespace
{
    namespace qk = quantkit;
    using namespace odr;

    void run(const operands& given, qk::thread_pool threads, results& to)
    {
        const qk::int8_linear layer { given.shifted_weights, qk::dynamic_per_row {},
                                      qk::epilogue { qk::add_bias { given.bias }, qk::gelu {} } };
        add(to, layer(given.x, threads));
        add(to, qk::float_linear { given.x, qk::epilogue { qk::relu {} } }(given.x));
    }
}

namespace odr::with_eigen
{
    eigen_unit QUANTKIT_ODR_NAME() { return &run; }
}
