// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// All element-wise operations of one instruction set behind function pointers, with the default policies (half_even,
/// by_reciprocal). Everything above the kernels asks active_kernels() and knows no instruction set.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/kernels/convert_half.hpp>
#include <quantkit/kernels/dequantize.hpp>
#include <quantkit/kernels/error_sums.hpp>
#include <quantkit/kernels/exact_error_sums.hpp>
#include <quantkit/kernels/fake_quant.hpp>
#include <quantkit/kernels/fake_quant_gradient.hpp>
#include <quantkit/kernels/quantize.hpp>
#include <quantkit/kernels/reduce_range.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace quantkit::kernels
{
    /// What depends on the type of a code. Documented where they are defined, in quantize.hpp and dequantize.hpp.
    template <class Code>
    struct code_kernels
    {
        void (*quantize)(const float* x, Code* q, std::size_t count, qparams params, quant_bounds bounds) noexcept;
        void (*quantize_each)(const float* x, Code* q, std::size_t count, const float* scale,
                              const std::int32_t* zero_point, quant_bounds bounds) noexcept;
        void (*dequantize)(const Code* q, float* x, std::size_t count, qparams params) noexcept;
        void (*dequantize_each)(const Code* q, float* x, std::size_t count, const float* scale,
                                const std::int32_t* zero_point) noexcept;
    };

    template <class Code>
    concept code_with_kernels = one_of<Code, std::int8_t, std::uint8_t, std::int16_t, std::uint16_t, std::int32_t>;

    /// Whole operations, each compiled for one instruction set. Members are documented where the operation is defined,
    /// in the header of the same name (the suffix _each: a scale and zero point for each value).
    struct kernel_table
    {
        const char* name;
        code_kernels<std::int8_t> s8;
        code_kernels<std::uint8_t> u8;
        code_kernels<std::int16_t> s16;
        code_kernels<std::uint16_t> u16;
        code_kernels<std::int32_t> s32;
        void (*fake_quantize)(const float* x, float* y, std::size_t count, qparams params,
                              quant_bounds bounds) noexcept;
        void (*fake_quantize_each)(const float* x, float* y, std::size_t count, const float* scale,
                                   const std::int32_t* zero_point, quant_bounds bounds) noexcept;
        void (*add_fake_quantize_gradient)(const float* x, const float* d_y, float* d_x, std::size_t count,
                                           qparams params, quant_bounds bounds) noexcept;
        qparams_gradient (*sum_qparams_gradient)(const float* x, const float* y, const float* d_y, std::size_t count,
                                                 qparams params, quant_bounds bounds, qparams_gradient so_far) noexcept;
        real_range (*reduce_range)(const float* x, std::size_t count) noexcept;
        void (*reduce_range_each)(const float* x, std::size_t count, float* min, float* max) noexcept;
        error_sums (*sum_errors)(const float* reference, const float* approximation, std::size_t count,
                                 error_sums so_far) noexcept;
        void (*sum_errors_exactly)(const float* reference, const float* approximation, std::size_t count,
                                   exact_error_sums& sums) noexcept;
        void (*half_to_float)(const std::uint16_t* half, float* x, std::size_t count) noexcept;
        void (*float_to_half)(const float* x, std::uint16_t* half, std::size_t count) noexcept;
        void (*bfloat16_to_float)(const std::uint16_t* bfloat16, float* x, std::size_t count) noexcept;
        void (*float_to_bfloat16)(const float* x, std::uint16_t* bfloat16, std::size_t count) noexcept;

        /// Those of a type of code.
        template <code_with_kernels Code>
        constexpr const code_kernels<Code>& codes() const
        {
            if constexpr (std::same_as<Code, std::int8_t>)
                return s8;
            else if constexpr (std::same_as<Code, std::uint8_t>)
                return u8;
            else if constexpr (std::same_as<Code, std::int16_t>)
                return s16;
            else if constexpr (std::same_as<Code, std::uint16_t>)
                return u16;
            else
                return s32;
        }
    };

    /// What a kernel_table holds for Arch and one type of code, as static functions: what is not called is not
    /// compiled.
    ///
    /// quantize, quantize_each, dequantize, dequantize_each  as the functions of these names
    template <class Arch, code_with_kernels Code>
    struct compiled_code_kernels
    {
        static void quantize(const float* x, Code* q, std::size_t count, qparams params, quant_bounds bounds) noexcept
        {
            kernels::quantize(x, q, count, params, bounds, half_even {}, by_reciprocal {}, 0, Arch {});
        }

        static void quantize_each(const float* x, Code* q, std::size_t count, const float* scale,
                                  const std::int32_t* zero_point, quant_bounds bounds) noexcept
        {
            kernels::quantize_each(x, q, count, scale, zero_point, bounds, half_even {}, by_reciprocal {}, 0, Arch {});
        }

        static void dequantize(const Code* q, float* x, std::size_t count, qparams params) noexcept
        {
            kernels::dequantize(q, x, count, params, Arch {});
        }

        static void dequantize_each(const Code* q, float* x, std::size_t count, const float* scale,
                                    const std::int32_t* zero_point) noexcept
        {
            kernels::dequantize_each(q, x, count, scale, zero_point, Arch {});
        }
    };

    /// What a kernel_table holds for Arch, as static functions: what is not called is not compiled.
    ///
    /// codes                                                               those of a type of code
    /// fake_quantize, fake_quantize_each                                   as the functions of these names
    /// add_fake_quantize_gradient, sum_qparams_gradient                    as the functions of these names
    /// reduce_range, reduce_range_each, sum_errors, sum_errors_exactly     as the functions of these names
    /// half_to_float, float_to_half, bfloat16_to_float, float_to_bfloat16  as the functions of these names
    template <class Arch>
    struct compiled_kernels
    {
        static constexpr const char* name = arch_name<Arch>();

        template <code_with_kernels Code>
        static constexpr compiled_code_kernels<Arch, Code> codes()
        {
            return {};
        }

        static void fake_quantize(const float* x, float* y, std::size_t count, qparams params,
                                  quant_bounds bounds) noexcept
        {
            kernels::fake_quantize(x, y, count, params, bounds, half_even {}, by_reciprocal {}, 0, Arch {});
        }

        static void fake_quantize_each(const float* x, float* y, std::size_t count, const float* scale,
                                       const std::int32_t* zero_point, quant_bounds bounds) noexcept
        {
            kernels::fake_quantize_each(x, y, count, scale, zero_point, bounds, half_even {}, by_reciprocal {}, 0,
                                        Arch {});
        }

        static void add_fake_quantize_gradient(const float* x, const float* d_y, float* d_x, std::size_t count,
                                               qparams params, quant_bounds bounds) noexcept
        {
            kernels::add_fake_quantize_gradient(x, d_y, d_x, count, params, bounds, Arch {});
        }

        static qparams_gradient sum_qparams_gradient(const float* x, const float* y, const float* d_y,
                                                     std::size_t count, qparams params, quant_bounds bounds,
                                                     qparams_gradient so_far) noexcept
        {
            return kernels::sum_qparams_gradient(x, y, d_y, count, params, bounds, so_far, Arch {});
        }

        static real_range reduce_range(const float* x, std::size_t count) noexcept
        {
            return kernels::reduce_range(x, count, Arch {});
        }

        static void reduce_range_each(const float* x, std::size_t count, float* min, float* max) noexcept
        {
            kernels::reduce_range_each(x, count, min, max, Arch {});
        }

        static error_sums sum_errors(const float* reference, const float* approximation, std::size_t count,
                                     error_sums so_far) noexcept
        {
            return kernels::sum_errors(reference, approximation, count, so_far, Arch {});
        }

        static void sum_errors_exactly(const float* reference, const float* approximation, std::size_t count,
                                       exact_error_sums& sums) noexcept
        {
            kernels::sum_errors_exactly(reference, approximation, count, sums, Arch {});
        }

        static void half_to_float(const std::uint16_t* half, float* x, std::size_t count) noexcept
        {
            kernels::half_to_float(half, x, count, Arch {});
        }

        static void float_to_half(const float* x, std::uint16_t* half, std::size_t count) noexcept
        {
            kernels::float_to_half(x, half, count, Arch {});
        }

        static void bfloat16_to_float(const std::uint16_t* bfloat16, float* x, std::size_t count) noexcept
        {
            kernels::bfloat16_to_float(bfloat16, x, count, Arch {});
        }

        static void float_to_bfloat16(const float* x, std::uint16_t* bfloat16, std::size_t count) noexcept
        {
            kernels::float_to_bfloat16(x, bfloat16, count, Arch {});
        }
    };

    namespace detail
    {
        template <class Arch, class Code>
        constexpr code_kernels<Code> code_pointers()
        {
            using compiled = compiled_code_kernels<Arch, Code>;
            return { &compiled::quantize, &compiled::quantize_each, &compiled::dequantize, &compiled::dequantize_each };
        }

        template <class Arch>
        constexpr kernel_table pointers()
        {
            using compiled = compiled_kernels<Arch>;
            return { .name = compiled::name,
                     .s8 = code_pointers<Arch, std::int8_t>(),
                     .u8 = code_pointers<Arch, std::uint8_t>(),
                     .s16 = code_pointers<Arch, std::int16_t>(),
                     .u16 = code_pointers<Arch, std::uint16_t>(),
                     .s32 = code_pointers<Arch, std::int32_t>(),
                     .fake_quantize = &compiled::fake_quantize,
                     .fake_quantize_each = &compiled::fake_quantize_each,
                     .add_fake_quantize_gradient = &compiled::add_fake_quantize_gradient,
                     .sum_qparams_gradient = &compiled::sum_qparams_gradient,
                     .reduce_range = &compiled::reduce_range,
                     .reduce_range_each = &compiled::reduce_range_each,
                     .sum_errors = &compiled::sum_errors,
                     .sum_errors_exactly = &compiled::sum_errors_exactly,
                     .half_to_float = &compiled::half_to_float,
                     .float_to_half = &compiled::float_to_half,
                     .bfloat16_to_float = &compiled::bfloat16_to_float,
                     .float_to_bfloat16 = &compiled::float_to_bfloat16 };
        }

        template <class Arch>
        inline constexpr kernel_table table = pointers<Arch>();
    }

    /// The operations compiled for Arch, which the flags of this translation unit must allow.
    template <class Arch>
    const kernel_table& table_for() noexcept
    {
        return detail::table<Arch>;
    }

    /// Those of the best instruction set that this CPU has and QUANTKIT_ISA allows. Only in quantkit::dispatch; throws
    /// std::invalid_argument where QUANTKIT_ISA is no name.
    const kernel_table& dispatched_kernels();

    /// A table of quantkit::dispatch, or what is compiled here.
    template <class Arch>
    using active_kernels_of = std::conditional_t<dispatched_arch<Arch>, const kernel_table&, compiled_kernels<Arch>>;

    /// The operations to use. Without quantkit::dispatch: those of the best instruction set that the flags of this
    /// translation unit allow; nothing else is compiled then, so QUANTKIT_ISA cannot ask for less.
    template <class Arch = active_arch>
    active_kernels_of<Arch> active_kernels() noexcept(!dispatched_arch<Arch>)
    {
        if constexpr (dispatched_arch<Arch>)
            return dispatched_kernels();
        else
            return {};
    }

    /// What active_kernels() has for a type of code.
    template <class Arch, code_with_kernels Code>
    using active_code_kernels_of = decltype(active_kernels<Arch>().template codes<Code>());
}
