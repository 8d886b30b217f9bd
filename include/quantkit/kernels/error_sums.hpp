// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// What an approximation costs, in one pass: the sums that mean squared error, SQNR and cosine similarity are made of.
///
/// The same bits from every instruction set. A block of error_block values has 8 sums in double, of the values whose
/// index is the same modulo 8; they are added up in pairs, (0+4, 1+5, 2+6, 3+7) and so on; blocks are added one after
/// the other. Products are of floats, which double holds exactly, so fusing one with the sum after it (FMA) cannot
/// change a bit.
#pragma once

#include <quantkit/kernels/doubles.hpp>

#include <cstddef>
#include <utility>

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
// GCC bug 105593: see lanes.hpp.
#pragma GCC diagnostic ignored "-Wuninitialized"
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif

namespace quantkit
{
    /// With r a reference value, a its approximation and e = r - a, rounded to float:
    ///
    /// mean squared error  squared_error / count
    /// SQNR in dB          10 log10(squared_signal / squared_error)
    /// sum of a * a        2 dot - squared_signal + squared_error, up to the rounding of e
    struct error_sums
    {
        double squared_signal = 0; ///< sum of r * r
        double squared_error = 0;  ///< sum of e * e
        double dot = 0;            ///< sum of r * a
        double absolute_error = 0; ///< sum of |e|
        double max_error = 0;      ///< greatest |e|; NaN is skipped
        std::size_t count = 0;     ///< how many pairs

        constexpr error_sums& operator+=(const error_sums& other)
        {
            squared_signal += other.squared_signal;
            squared_error += other.squared_error;
            dot += other.dot;
            absolute_error += other.absolute_error;
            max_error = other.max_error > max_error ? other.max_error : max_error;
            count += other.count;
            return *this;
        }

        friend constexpr bool operator==(const error_sums&, const error_sums&) = default;
    };

    /// Values that are summed before they are added to what came before.
    inline constexpr std::size_t error_block = 1024;

    namespace kernels
    {
        namespace detail
        {
            /// The sums of one block: Slot runs over the registers that hold 8 doubles.
            template <class Arch, class Slots>
            struct block_sums;

            template <class Arch, std::size_t... Slot>
            struct block_sums<Arch, std::index_sequence<Slot...>>
            {
                using in = doubles<Arch>;
                using real = typename in::real;
                real signal[sizeof...(Slot)] { zero<Slot>()... }, error[sizeof...(Slot)] { zero<Slot>()... };
                real dot[sizeof...(Slot)] { zero<Slot>()... }, absolute[sizeof...(Slot)] { zero<Slot>()... };
                real max[sizeof...(Slot)] { zero<Slot>()... };

                template <std::size_t>
                static QUANTKIT_INLINE real zero()
                {
                    return real(0.0);
                }

                QUANTKIT_INLINE void add_eight(const float* reference, const float* approximation)
                {
                    (add<Slot>(reference + Slot * in::width, approximation + Slot * in::width), ...);
                }

                template <std::size_t I>
                QUANTKIT_INLINE void add(const float* reference, const float* approximation)
                {
                    const auto r = in::load(reference), a = in::load(approximation);
                    const real x = in::widened(r), y = in::widened(a), e = in::widened(in::difference(r, a));
                    const real size = in::magnitude(e);
                    signal[I] = signal[I] + x * x;
                    error[I] = error[I] + e * e;
                    dot[I] = dot[I] + x * y;
                    absolute[I] = absolute[I] + size;
                    max[I] = in::greater(size, max[I]);
                }

                QUANTKIT_INLINE error_sums result(std::size_t count) const
                {
                    double values[8];
                    (in::store(values + Slot * in::width, max[Slot]), ...);
                    double greatest = 0;
                    for (const double value : values)
                        greatest = value > greatest ? value : greatest;
                    return { total(signal), total(error), total(dot), total(absolute), greatest, count };
                }

                static QUANTKIT_INLINE double total(const real (&sums)[sizeof...(Slot)])
                {
                    double s[8];
                    (in::store(s + Slot * in::width, sums[Slot]), ...);
                    return ((s[0] + s[4]) + (s[2] + s[6])) + ((s[1] + s[5]) + (s[3] + s[7]));
                }
            };

            template <class Arch>
            QUANTKIT_INLINE error_sums sum_block(const float* reference, const float* approximation, std::size_t count)
            {
                block_sums<Arch, std::make_index_sequence<8 / doubles<Arch>::width>> sums;
                std::size_t i = 0;
                for (; i + 8 <= count; i += 8)
                    sums.add_eight(reference + i, approximation + i);
                if (i < count)
                {
                    float last_reference[8] = {}, last_approximation[8] = {}; // zeros add nothing
                    for (std::size_t rest = 0; i + rest < count; ++rest)
                    {
                        last_reference[rest] = reference[i + rest];
                        last_approximation[rest] = approximation[i + rest];
                    }
                    sums.add_eight(last_reference, last_approximation);
                }
                return sums.result(count);
            }
        }

        /// so_far and the sums of these values.
        ///
        /// reference, approximation  [count] floats; no alignment needed. Infinities and NaN make sums infinite or NaN.
        /// so_far                    of the values before. However values are divided among calls, and these among
        ///                           threads, the bits are the same if each part but the last has a multiple of
        ///                           error_block values and blocks are added in their order: threads that sum later
        ///                           blocks do so one by one, and += adds them up.
        template <class Arch = default_arch>
        error_sums sum_errors(const float* reference, const float* approximation, std::size_t count,
                              error_sums so_far = {}, Arch = {}) noexcept
        {
            for (std::size_t i = 0; i < count; i += error_block)
            {
                const std::size_t block = count - i < error_block ? count - i : error_block;
                so_far += detail::sum_block<Arch>(reference + i, approximation + i, block);
            }
            return so_far;
        }
    }
}

#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif
