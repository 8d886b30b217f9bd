// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The sums that all error metrics are made of, in one pass and without any rounding: they depend on the pairs of
/// values alone, not on order, layout, division into batches, threads or the instruction set.
///
/// A product x * y of floats is exact in double, but a sum of many is not. Values of one block that lie within a factor
/// of 2^18 are summed in two doubles per lane (leveled_sum.hpp), those further apart in three; those beyond a factor of
/// 2^28, and infinities and NaN, are added one by one to fixed-point numbers. All three give the same bits, so that
/// choosing among them cannot be seen.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/kernels/doubles.hpp>
#include <quantkit/kernels/exact_sum.hpp>
#include <quantkit/kernels/leveled_sum.hpp>
#include <quantkit/kernels/loop.hpp>
#include <quantkit/kernels/reduce_range.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// GCC bug 105593: see lanes.hpp.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace quantkit
{
    /// With r a reference value, a its approximation and e = r - a, not rounded either.
    ///
    /// An infinite or NaN value makes the sums that it takes part in infinite or NaN; NaN is skipped by max_error and
    /// reference_range.
    struct exact_error_sums
    {
        exact_sum squared_reference;     ///< sum of r * r
        exact_sum squared_approximation; ///< sum of a * a
        exact_sum dot;                   ///< sum of r * a
        exact_sum error;                 ///< sum of e
        exact_sum absolute_error;        ///< sum of |e|
        double max_error = 0;            ///< greatest |e|, rounded to double
        real_range reference_range { std::numeric_limits<float>::infinity(), -std::numeric_limits<float>::infinity() };
        std::uint64_t count = 0; ///< how many pairs

        QUANTKIT_INLINE exact_error_sums& operator+=(const exact_error_sums& other)
        {
            squared_reference += other.squared_reference;
            squared_approximation += other.squared_approximation;
            dot += other.dot;
            error += other.error;
            absolute_error += other.absolute_error;
            include(other.max_error, other.reference_range);
            count += other.count;
            return *this;
        }

        /// Of the greatest error and the range, those of both.
        QUANTKIT_INLINE void include(double error_size, real_range range)
        {
            max_error = error_size > max_error ? error_size : max_error;
            reference_range.min = range.min < reference_range.min ? range.min : reference_range.min;
            reference_range.max = range.max > reference_range.max ? range.max : reference_range.max;
        }

        /// The sum of e * e, rounded once.
        QUANTKIT_INLINE double squared_error() const
        {
            if (!absolute_error.is_finite()) // also where r * r and r * a are infinite: that would be NaN
                return absolute_error.value();
            return exact_squared_error().value();
        }

        /// The same without any rounding, for values that are finite: e * e = r * r - 2 r * a + a * a.
        QUANTKIT_INLINE exact_sum exact_squared_error() const
        {
            exact_sum sum = squared_reference;
            sum += squared_approximation;
            sum -= dot;
            sum -= dot;
            return sum;
        }

        friend bool operator==(const exact_error_sums&, const exact_error_sums&) = default;
    };

    namespace kernels
    {
        namespace detail
        {
            /// The biased exponent of a float that is not negative; that of the least normal number for those below it.
            QUANTKIT_INLINE int exponent_field(float x)
            {
                const int field = static_cast<int>(std::bit_cast<std::uint32_t>(x) >> 23);
                return field == 0 ? 1 : field;
            }

            /// The range of the reference, the greatest magnitude of both arrays, and the least one that is not 0.
            template <class Lanes>
            struct running_extent
            {
                using real = typename Lanes::real;
                running_range<Lanes> reference {};
                real greatest = real(0.0f);
                real least = real(std::numeric_limits<float>::infinity());

                QUANTKIT_INLINE void include(const float* r, const float* a)
                {
                    const real x = Lanes::load(r);
                    reference.include(x);
                    include_magnitude(x);
                    include_magnitude(Lanes::load(a));
                }

                QUANTKIT_INLINE void include_magnitude(real x)
                {
                    const real zero(0.0f), none(std::numeric_limits<float>::infinity());
                    const real size = Lanes::at_least(x, zero - x);
                    greatest = Lanes::at_least(size, greatest);
                    least = Lanes::at_most(Lanes::select(size > zero, size, none), least);
                }
            };

            /// For for_each_step.
            template <class Arch>
            struct block_extent
            {
                using in = lanes<Arch>;
                const float* reference;
                const float* approximation;
                running_extent<in> a {}, b {};
                running_extent<lanes<scalar_arch>> total {};

                QUANTKIT_INLINE void four(std::size_t i)
                {
                    a.include(reference + i, approximation + i);
                    b.include(reference + i + in::width, approximation + i + in::width);
                    a.include(reference + i + 2 * in::width, approximation + i + 2 * in::width);
                    b.include(reference + i + 3 * in::width, approximation + i + 3 * in::width);
                }
                QUANTKIT_INLINE void one(std::size_t i) { a.include(reference + i, approximation + i); }
                QUANTKIT_INLINE void single(std::size_t i) { total.include(reference + i, approximation + i); }

                QUANTKIT_INLINE running_extent<lanes<scalar_arch>> result()
                {
                    a.reference.include(b.reference);
                    float values[4][in::width];
                    in::store(values[0], a.reference.min);
                    in::store(values[1], a.reference.max);
                    in::store(values[2], in::at_least(a.greatest, b.greatest));
                    in::store(values[3], in::at_most(a.least, b.least));
                    for (std::size_t i = 0; i < in::width; ++i)
                    {
                        total.reference.include(values[0][i], values[1][i]);
                        total.greatest = lanes<scalar_arch>::at_least(values[2][i], total.greatest);
                        total.least = lanes<scalar_arch>::at_most(values[3][i], total.least);
                    }
                    return total;
                }
            };

            /// All sums of one block, whose values are below 2^bound.
            template <class Arch, std::size_t Levels>
            struct exact_block_sums
            {
                using in = doubles<Arch>;
                using real = typename in::real;
                leveled_sum<in, Levels> squared_reference, squared_approximation, dot;
                leveled_sum<in, Levels - 1> error, absolute_error;
                real max = real(0.0);

                explicit QUANTKIT_INLINE exact_block_sums(int bound)
                    : squared_reference(2 * bound)
                    , squared_approximation(2 * bound)
                    , dot(2 * bound)
                    , error(bound + 1)
                    , absolute_error(bound + 1)
                {
                }

                QUANTKIT_INLINE void add(const float* reference, const float* approximation)
                {
                    const real x = in::widened(in::load(reference)), y = in::widened(in::load(approximation));
                    squared_reference.add(x * x);
                    squared_approximation.add(y * y);
                    dot.add(x * y);
                    const real e = x - y, size = in::magnitude(e);
                    error.add(e);
                    absolute_error.add(size);
                    max = in::greater(size, max);
                }

                QUANTKIT_INLINE double max_error() const
                {
                    double values[in::width], greatest = 0;
                    in::store(values, max);
                    for (const double value : values)
                        greatest = value > greatest ? value : greatest;
                    return greatest;
                }
            };

            /// The sums of a block whose values are below 2^bound. False, without effect, if there is a NaN.
            template <class Arch, std::size_t Levels>
            bool add_block(const float* reference, const float* approximation, std::size_t count, int bound,
                           exact_error_sums& sums)
            {
                constexpr std::size_t width = doubles<Arch>::width;
                exact_block_sums<Arch, Levels> block(bound);
                std::size_t i = 0;
                for (; i + width <= count; i += width)
                    block.add(reference + i, approximation + i);
                if (i < count)
                {
                    float last_reference[width] = {}, last_approximation[width] = {}; // zeros add nothing
                    for (std::size_t rest = 0; i + rest < count; ++rest)
                    {
                        last_reference[rest] = reference[i + rest];
                        last_approximation[rest] = approximation[i + rest];
                    }
                    block.add(last_reference, last_approximation);
                }
                if (block.absolute_error.has_nan())
                    return false;
                block.absolute_error.add_to(sums.absolute_error);
                block.squared_reference.add_to(sums.squared_reference);
                block.squared_approximation.add_to(sums.squared_approximation);
                block.dot.add_to(sums.dot);
                block.error.add_to(sums.error);
                sums.include(block.max_error(), sums.reference_range);
                return true;
            }

            /// For values of any kind.
            template <class Arch>
            void add_one_by_one(const float* reference, const float* approximation, std::size_t count,
                                exact_error_sums& sums)
            {
                for (std::size_t i = 0; i < count; ++i)
                {
                    const double x = static_cast<double>(reference[i]), y = static_cast<double>(approximation[i]);
                    const double size = x < y ? y - x : x - y;
                    sums.squared_reference.add(x * x);
                    sums.squared_approximation.add(y * y);
                    sums.dot.add(x * y);
                    sums.error.add(x);
                    sums.error.add(-y);
                    sums.absolute_error.add(x < y ? y : x);
                    sums.absolute_error.add(x < y ? -x : -y);
                    sums.include(size, sums.reference_range);
                }
            }

            template <class Arch>
            QUANTKIT_INLINE void add_any_block(const float* reference, const float* approximation, std::size_t count,
                                               exact_error_sums& sums)
            {
                block_extent<Arch> extents { reference, approximation };
                for_each_step<Arch>(count, extents);
                const auto extent = extents.result();
                sums.include(0, { extent.reference.min + 0.0f, extent.reference.max + 0.0f });
                sums.count += count;
                const int highest = exponent_field(extent.greatest), bound = highest - 126;
                const int apart = highest - (extent.greatest > 0 ? exponent_field(extent.least) : highest);
                const bool is_finite = extent.greatest <= std::numeric_limits<float>::max();
                // What the last level holds are multiples of 2^(2 * (bound - apart - 24)), or without the 2 for
                // errors, and at most 2^53 of these: that allows 18, 19 (errors), 39 and 60; errors are exact up to 28.
                const bool is_added =
                    is_finite
                    && (apart <= 18 ? add_block<Arch, 2>(reference, approximation, count, bound, sums)
                                    : apart <= 28 && add_block<Arch, 3>(reference, approximation, count, bound, sums));
                if (!is_added)
                    add_one_by_one<Arch>(reference, approximation, count, sums);
            }
        }

        /// Adds the sums of these pairs to `sums`.
        ///
        /// reference, approximation  [count] any floats; no alignment needed
        template <class Arch = default_arch>
        void sum_errors_exactly(const float* reference, const float* approximation, std::size_t count,
                                exact_error_sums& sums, Arch = {}) noexcept
        {
            for (std::size_t i = 0; i < count; i += detail::exact_block)
            {
                const std::size_t block = count - i < detail::exact_block ? count - i : detail::exact_block;
                detail::add_any_block<Arch>(reference + i, approximation + i, block, sums);
            }
        }
    }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
