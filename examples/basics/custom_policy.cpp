// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// An observer, a rounding and a metric of one's own: small structs that a concept checks.
///
/// Prints:
///
///     policies               greatest error
///     minmax, nearest        0.0067
///     minmax, toward zero    0.0134
///     narrow, nearest        0.4382
#include "values.hpp"

#include <quantkit/metrics/metric.hpp>
#include <quantkit/observers/choose_qparams.hpp>
#include <quantkit/observers/minmax.hpp>
#include <quantkit/tensor/dequantizer.hpp>
#include <quantkit/tensor/quantizer.hpp>

#include <cmath>
#include <cstdio>
#include <string_view>

namespace qk = quantkit;

/// Three quarters of the range that minmax sees.
struct narrow_observer
{
    qk::minmax_observer seen {};

    void observe(const qk::tensor_view<const float>& batch) { seen.observe(batch); }
    void reset() { seen.reset(); }
    qk::real_range range() const { return { 0.75f * seen.range().min, 0.75f * seen.range().max }; }
};
static_assert(qk::range_observer<narrow_observer>);

/// Cuts the fraction off.
struct toward_zero
{
    float operator()(float x, std::uint64_t /*index*/) const { return std::trunc(x); }
};
static_assert(qk::rounding_policy<toward_zero>);

/// The greatest error: what it reads while it sees pairs of tensors, and what it says then.
struct greatest_error
{
    struct accumulator
    {
        double worst = 0;

        void observe(qk::tensor_view<const float> x, qk::tensor_view<const float> y)
        {
            for (std::ptrdiff_t i = 0; i < x.size(); ++i)
                worst = std::fmax(worst, std::abs(static_cast<double>(x.data()[i]) - static_cast<double>(y.data()[i])));
        }
        void merge(const accumulator& other) { worst = std::fmax(worst, other.worst); }
    };
    static constexpr std::string_view name = "greatest error";
    static constexpr bool higher_is_better = false;

    double operator()(const accumulator& seen) const { return seen.worst; }
};
static_assert(qk::pair_metric<greatest_error>);

template <class Observer, class Rounding>
void print_row(const char* name, Observer observer, Rounding, const qk::matrix_f& x)
{
    observer.observe(qk::view_of(x));
    const qk::quantizer<qk::uint8_full, qk::per_tensor, Rounding> quantize(
        qk::choose_qparams<qk::uint8_full>(observer));
    const qk::matrix_f y = qk::dequantize(quantize(x));
    std::printf("%-22s %.4f\n", name, qk::measure<greatest_error>(x, y));
}

int main()
{
    const qk::matrix_f x = basics::bell_shaped(64, 64, 1);
    std::puts("policies               greatest error");
    print_row("minmax, nearest", qk::minmax_observer {}, qk::half_even {}, x);
    print_row("minmax, toward zero", qk::minmax_observer {}, toward_zero {}, x);
    print_row("narrow, nearest", narrow_observer {}, qk::half_even {}, x);
}
