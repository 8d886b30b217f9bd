// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Float activations into int16 codes, where strips of the format s16_s16 hold them. The same results as
/// kernels/quantize.hpp, but at the CPU's best in every translation unit, whatever its flags.
#pragma once

#include <quantkit/core/concepts.hpp>
#include <quantkit/core/qparams.hpp>
#include <quantkit/kernels/gemm/operand_a.hpp>
#include <quantkit/kernels/kernel_table.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>

#if defined(QUANTKIT_X86)
#include <immintrin.h>
#endif

namespace quantkit::kernels
{
    /// x [count] to q [count], as quantize_value(): beyond the range they saturate, NaN gives quant_min.
    using quantize_s16_function = void (*)(const float* x, std::int16_t* q, std::size_t count, qparams params,
                                           quant_bounds bounds) noexcept;
}

namespace quantkit::kernels::inline QUANTKIT_FLAGS_NAMESPACE
{
#if defined(QUANTKIT_X86)
    QUANTKIT_TARGET("avx2")
    inline void quantize_s16_avx2(const float* x, std::int16_t* q, std::size_t count, qparams params,
                                  quant_bounds bounds) noexcept
    {
        const __m256 factor = _mm256_set1_ps(1.0f / params.scale);
        const __m256 low = _mm256_set1_ps(static_cast<float>(bounds.quant_min - params.zero_point));
        const __m256 high = _mm256_set1_ps(static_cast<float>(bounds.quant_max - params.zero_point));
        const __m256i zero_point = _mm256_set1_epi32(params.zero_point);
        const auto codes = [&](const float* values) QUANTKIT_TARGET("avx2")
        {
            const __m256 steps = _mm256_mul_ps(_mm256_loadu_ps(values), factor);
            const __m256 clamped = _mm256_min_ps(_mm256_max_ps(steps, low), high); // NaN gives low
            return _mm256_add_epi32(_mm256_cvtps_epi32(clamped), zero_point);
        };
        std::size_t i = 0;
        for (; i + 16 <= count; i += 16)
        {
            const __m256i packed = _mm256_packs_epi32(codes(x + i), codes(x + i + 8));
            _mm256_storeu_si256(reinterpret_cast<__m256i*>(q + i), _mm256_permute4x64_epi64(packed, 0b11'01'10'00));
        }
        for (; i < count; ++i)
            q[i] = static_cast<std::int16_t>(quantize_value(x[i], params, bounds));
    }
#endif

    /// That of an instruction set.
    template <class Arch = active_arch>
    quantize_s16_function quantize_s16_of(lane_family lanes)
    {
#if defined(QUANTKIT_X86)
        if (lanes != lane_family::scalar)
            return &quantize_s16_avx2;
#endif
        static_cast<void>(lanes);
        return active_kernels<Arch>().template codes<std::int16_t>().quantize;
    }

    /// A [m, k] as floats; row i is quantized with floats.params[i * floats.params_step].
    struct s16_rows
    {
        float_rows floats;
        quantize_s16_function quantize = nullptr;

        /// One row of floats, for rows that are not contiguous.
        std::size_t scratch_bytes(std::size_t k) const { return k * sizeof(float); }

        /// Nothing needs the sums of these codes: they have no zero points.
        strip_view strip(std::size_t first, std::size_t rows, std::size_t k, operand_format format, std::byte* packed,
                         [[maybe_unused]] std::int32_t* sums, std::byte* scratch) const noexcept
        {
            QUANTKIT_ASSERT(format == operand_format::s16_s16 && sums == nullptr);
            if (k == 0)
                return empty_strip(rows, packed, nullptr);
            const std::size_t stride = packed_row_stride(format, k),
                              packed_bytes = group_count(format, k) * group_bytes;
            for (std::size_t row = 0; row < rows; ++row)
            {
                std::byte* out = packed + row * stride;
                const float* x = floats.contiguous_row(first + row, k, reinterpret_cast<float*>(scratch));
                quantize(x, reinterpret_cast<std::int16_t*>(out), k, floats.params[(first + row) * floats.params_step],
                         floats.bounds);
                std::memset(out + k * sizeof(std::int16_t), 0, packed_bytes - k * sizeof(std::int16_t));
            }
            return { packed, stride };
        }
    };
    static_assert(a_source<s16_rows>);
}
