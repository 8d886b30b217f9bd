// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What a consumer's first program might be: it compiles, links and runs with nothing but the package's target.
#include <quantkit/core/qparams.hpp>
#include <quantkit/core/quant_range.hpp>
#include <quantkit/core/scheme.hpp>

#include <Eigen/Core>
#include <xsimd/xsimd.hpp>

#include <cstdio>

int main()
{
    using range = quantkit::uint8_full;
    const quantkit::qparams params = quantkit::affine {}({ -1.0f, 3.0f }, range::bounds);
    const std::int32_t code = quantkit::quantize_value(3.0f, params, range::bounds);
    std::printf("scale %g zero_point %d code %d\n", static_cast<double>(params.scale), params.zero_point, code);
    return code == range::quant_max ? 0 : 1;
}
