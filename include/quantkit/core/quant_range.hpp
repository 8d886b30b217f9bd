// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// The integers that a quantized tensor may hold, as types: quant_min, quant_max and the type that stores a code.
#pragma once

#include <quantkit/core/concepts.hpp>

#include <bit>
#include <concepts>
#include <cstdint>
#include <limits>
#include <type_traits>

namespace quantkit
{
    /// Codes from QuantMin to QuantMax, both included, each stored in a Code.
    template <std::integral Code, std::int32_t QuantMin, std::int32_t QuantMax>
    struct quant_range
    {
        static_assert(QuantMin < QuantMax, "a quantized range needs quant_min < quant_max");
        static_assert(QuantMin >= std::int64_t { std::numeric_limits<Code>::min() }
                          && QuantMax <= std::int64_t { std::numeric_limits<Code>::max() },
                      "the code type cannot hold quant_min..quant_max");

        using code_type = Code;
        static constexpr std::int32_t quant_min = QuantMin;
        static constexpr std::int32_t quant_max = QuantMax;
        static constexpr quant_bounds bounds { QuantMin, QuantMax };
        static constexpr bool is_signed = QuantMin < 0;
        /// Bits that a code needs when codes are stored densely.
        static constexpr int bits = std::bit_width(static_cast<std::uint32_t>(std::int64_t { QuantMax } - QuantMin));
    };

    namespace detail
    {
        template <int Bits>
        using signed_code = std::conditional_t<Bits <= 8, std::int8_t, std::int16_t>;
        template <int Bits>
        using unsigned_code = std::conditional_t<Bits <= 8, std::uint8_t, std::uint16_t>;
    }

    /// [-2^(Bits-1), 2^(Bits-1) - 1], 2 to 16 bits.
    template <int Bits>
        requires(Bits >= 2 && Bits <= 16)
    using signed_range = quant_range<detail::signed_code<Bits>, -(1 << (Bits - 1)), (1 << (Bits - 1)) - 1>;

    /// [-(2^(Bits-1) - 1), 2^(Bits-1) - 1]: symmetric about 0, so that -x is a code whenever x is. 2 to 16 bits.
    template <int Bits>
        requires(Bits >= 2 && Bits <= 16)
    using narrow_range = quant_range<detail::signed_code<Bits>, -((1 << (Bits - 1)) - 1), (1 << (Bits - 1)) - 1>;

    /// [0, 2^Bits - 1], 2 to 16 bits.
    template <int Bits>
        requires(Bits >= 2 && Bits <= 16)
    using unsigned_range = quant_range<detail::unsigned_code<Bits>, 0, (1 << Bits) - 1>;

    /// The ranges of 8 bits.
    using int8_full = signed_range<8>;
    using int8_narrow = narrow_range<8>;
    using uint8_full = unsigned_range<8>;
    /// 0..127: what oneDNN and FBGEMM use for activations where 16-bit sums could saturate ("reduce_range").
    using uint8_reduced = quant_range<std::uint8_t, 0, 127>;
    /// The ranges of 4 and 16 bits.
    using int4_full = signed_range<4>;
    using int4_narrow = narrow_range<4>;
    using uint4_full = unsigned_range<4>;
    using int16_full = signed_range<16>;
    using int16_narrow = narrow_range<16>;
    /// For biases: codes in units of activation scale times weight scale.
    using int32_full =
        quant_range<std::int32_t, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()>;

    static_assert(quantized_range<int8_full> && int8_full::bits == 8 && int8_narrow::bits == 8);
    static_assert(quantized_range<uint4_full> && uint4_full::bits == 4 && int32_full::bits == 32);
}
