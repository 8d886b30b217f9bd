// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The least and the greatest of many values. NaN is skipped; a zero is always +0, so that neither the order of the
/// values nor the instruction set can be seen in the result.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/kernels/loop.hpp>

#include <cstddef>
#include <limits>

namespace quantkit::kernels
{
    namespace detail
    {
        template <class Lanes>
        struct running_range
        {
            using real = typename Lanes::real;
            real min = real(std::numeric_limits<float>::infinity()); // braces would be a list of lanes
            real max = real(-std::numeric_limits<float>::infinity());

            QUANTKIT_INLINE void include(real x) { include(x, x); }
            QUANTKIT_INLINE void include(const running_range& other) { include(other.min, other.max); }
            QUANTKIT_INLINE void include(real low, real high)
            {
                min = Lanes::at_most(low, min);
                max = Lanes::at_least(high, max);
            }
        };

        /// Four ranges at a time, so that no comparison waits for the one before.
        template <class Arch>
        struct range_reduction
        {
            using in = lanes<Arch>;
            const float* x;
            running_range<in> a {}, b {}, c {}, d {};
            running_range<lanes<scalar_arch>> total {};

            QUANTKIT_INLINE void four(std::size_t i)
            {
                a.include(in::load(x + i));
                b.include(in::load(x + i + in::width));
                c.include(in::load(x + i + 2 * in::width));
                d.include(in::load(x + i + 3 * in::width));
            }
            QUANTKIT_INLINE void one(std::size_t i) { a.include(in::load(x + i)); }
            QUANTKIT_INLINE void single(std::size_t i) { total.include(x[i]); }

            QUANTKIT_INLINE real_range result()
            {
                a.include(b);
                c.include(d);
                a.include(c);
                float min[in::width], max[in::width];
                in::store(min, a.min);
                in::store(max, a.max);
                for (std::size_t i = 0; i < in::width; ++i)
                    total.include(min[i], max[i]);
                return { total.min + 0.0f, total.max + 0.0f };
            }
        };

        template <class Arch>
        struct range_updates
        {
            static constexpr std::size_t width = lanes<Arch>::width;
            const float* x;
            float* min;
            float* max;

            QUANTKIT_INLINE void four(std::size_t i) const
            {
                one(i);
                one(i + width);
                one(i + 2 * width);
                one(i + 3 * width);
            }
            QUANTKIT_INLINE void one(std::size_t i) const { update(i, lanes<Arch> {}); }
            QUANTKIT_INLINE void single(std::size_t i) const { update(i, lanes<scalar_arch> {}); }

            template <class Lanes>
            QUANTKIT_INLINE void update(std::size_t i, Lanes in) const
            {
                using real = typename Lanes::real;
                const real value = in.load(x + i);
                in.store(min + i, in.at_most(value, in.load(min + i)) + real(0.0f));
                in.store(max + i, in.at_least(value, in.load(max + i)) + real(0.0f));
            }
        };
    }

    /// [min, max] of x without its NaNs; { +inf, -inf } when nothing is left.
    ///
    /// x       [count] floats; no alignment needed
    template <class Arch = default_arch>
    real_range reduce_range(const float* x, std::size_t count, Arch = {}) noexcept
    {
        detail::range_reduction<Arch> reduction { x };
        for_each_step<Arch>(count, reduction);
        return reduction.result();
    }

    /// min[i] = min(min[i], x[i]) and max[i] = max(max[i], x[i]), unless x[i] is NaN.
    ///
    /// x, min, max  [count] floats; no alignment needed. A new range begins as { +inf, -inf }.
    template <class Arch = default_arch>
    void reduce_range_each(const float* x, std::size_t count, float* min, float* max, Arch = {}) noexcept
    {
        const detail::range_updates<Arch> updates { x, min, max };
        for_each_step<Arch>(count, updates);
    }
}
