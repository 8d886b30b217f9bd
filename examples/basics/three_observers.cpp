// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The range of activations with a few outliers, as three observers choose it, and what each choice costs.
///
/// Prints:
///
///     observer    range            scale   clipped   SQNR
///     minmax      -1.74 to 16.00  0.0696    0.01 %  29.5 dB
///     percentile  -1.73 to  5.50  0.0283    0.02 %  15.8 dB
///     mse         -1.66 to 15.72  0.0681    0.06 %  29.6 dB
#include "values.hpp"

#include <quantkit/core/quant_range.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/observers/mse.hpp>
#include <quantkit/observers/percentile.hpp>
#include <quantkit/report/quantized_values.hpp>

#include <cmath>
#include <cstdio>

namespace qk = quantkit;

/// Calibrates batch by batch; then the same values show what the range does to them.
template <qk::range_observer Observer>
void print_row(const char* name, Observer observer, const qk::matrix_f& activations)
{
    for (Eigen::Index row = 0; row < activations.rows(); row += 16)
        observer.observe(activations.middleRows(row, 16));
    const qk::real_range range = observer.range();
    const qk::qparams params = qk::choose_qparams<qk::uint8_full>(range);

    qk::quantized_values seen(params);
    seen.observe({ activations.data(), static_cast<std::size_t>(activations.size()) });
    const auto [clipping, rounding] = seen.error_parts();
    const double power = activations.cast<double>().squaredNorm() / static_cast<double>(activations.size());
    std::printf("%-11s %5.2f to %5.2f  %.4f  %6.2f %%  %4.1f dB\n", name, static_cast<double>(range.min),
                static_cast<double>(range.max), static_cast<double>(params.scale), 100 * seen.saturation_rate(),
                10 * std::log10(power / (clipping + rounding)));
}

int main()
{
    qk::matrix_f activations = basics::bell_shaped(256, 64, 2); // [samples, features]
    activations(7, 3) = 16.0f;                                  // two outliers among 16384 values
    activations(200, 60) = 12.0f;

    std::puts("observer    range            scale   clipped   SQNR");
    print_row("minmax", qk::minmax_observer {}, activations);
    print_row("percentile", qk::percentile_observer { { .percentile = 99.99 } }, activations);
    print_row("mse", qk::mse_observer<qk::uint8_full> {}, activations);
}
