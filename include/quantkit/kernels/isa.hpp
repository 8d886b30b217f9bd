// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Instruction sets: which of them this CPU has, and which one the environment variable QUANTKIT_ISA allows at most.
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#define QUANTKIT_X86 1
#elif defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

namespace quantkit
{
    /// In ascending order of preference within a family; scalar runs everywhere.
    enum class isa_level : std::uint8_t
    {
        scalar,
        sse2,
        avx2,
        avxvnni,
        avx512bw,
        avx512vnni,
        avx512bf16,
        neon,
        neon_dotprod,
        neon_i8mm
    };

    /// In the order of the enumeration, as QUANTKIT_ISA takes them.
    inline constexpr std::array<std::string_view, 10> isa_names { "scalar",       "sse2",       "avx2",       "avxvnni",
                                                                  "avx512bw",     "avx512vnni", "avx512bf16", "neon",
                                                                  "neon_dotprod", "neon_i8mm" };

    QUANTKIT_INLINE constexpr std::string_view name_of(isa_level level)
    {
        return isa_names[static_cast<std::size_t>(level)];
    }

    namespace detail::inline QUANTKIT_FLAGS_NAMESPACE
    {
#if defined(QUANTKIT_X86)
        /// The register states that the operating system saves (XCR0); 0 where it saves none.
        inline std::uint32_t saved_register_states()
        {
            unsigned a = 0, b = 0, c = 0, d = 0;
            constexpr unsigned osxsave = 1u << 27;
            if (!__get_cpuid(1, &a, &b, &c, &d) || (c & osxsave) == 0)
                return 0;
            std::uint32_t low = 0, high = 0;
            __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
            return low;
        }

        inline bool cpu_has_fma_and_f16c()
        {
            unsigned a = 0, b = 0, c = 0, d = 0;
            constexpr unsigned fma = 1u << 12, f16c = 1u << 29;
            return __get_cpuid(1, &a, &b, &c, &d) && (c & fma) != 0 && (c & f16c) != 0;
        }

        /// source: Intel 64 and IA-32 Architectures Software Developer's Manual, vol. 2, CPUID leaf 7
        inline bool cpu_has(isa_level level)
        {
            if (level == isa_level::scalar)
                return true;
#if defined(__x86_64__)
            if (level == isa_level::sse2)
                return true;
#endif
            unsigned a = 0, b = 0, c = 0, d = 0, unused = 0, a1 = 0;
            if (!__get_cpuid_count(7, 0, &a, &b, &c, &d))
                return false;
            if (a >= 1)
                __get_cpuid_count(7, 1, &a1, &unused, &unused, &unused);
            constexpr std::uint32_t ymm_states = 0x06, zmm_states = 0xe6;
            constexpr std::uint32_t avx512_sets = 1u << 16 | 1u << 17 | 1u << 28 | 1u << 30 | 1u << 31; // F DQ CD BW VL
            const std::uint32_t saved = saved_register_states();
            const bool avx2 = (saved & ymm_states) == ymm_states && (b >> 5 & 1u) != 0;
            const bool avx512 = avx2 && (saved & zmm_states) == zmm_states && (b & avx512_sets) == avx512_sets;
            switch (level)
            {
            case isa_level::avx2:
                return avx2;
            case isa_level::avxvnni:
                return avx2 && (a1 >> 4 & 1u) != 0;
            case isa_level::avx512bw:
                return avx512;
            case isa_level::avx512vnni:
                return avx512 && (c >> 11 & 1u) != 0;
            case isa_level::avx512bf16:
                return avx512 && (a1 >> 5 & 1u) != 0;
            default:
                return false;
            }
        }
#elif defined(__aarch64__)
        inline bool cpu_has(isa_level level)
        {
            switch (level)
            {
            case isa_level::scalar:
            case isa_level::neon:
                return true;
#if defined(__linux__)
            case isa_level::neon_dotprod:
                return (getauxval(AT_HWCAP) >> 20 & 1u) != 0;
            case isa_level::neon_i8mm:
                return (getauxval(AT_HWCAP2) >> 13 & 1u) != 0;
#endif
            default:
                return false;
            }
        }
#else
        inline bool cpu_has(isa_level level) { return level == isa_level::scalar; }
#endif

        inline isa_level isa_cap_from(const char* name)
        {
            if (name == nullptr || *name == '\0')
                return isa_level::neon_i8mm;
            for (std::size_t i = 0; i < isa_names.size(); ++i)
                if (isa_names[i] == name)
                    return static_cast<isa_level>(i);
            throw_invalid(
                "QUANTKIT_ISA names no instruction set: \"", std::string_view(name),
                "\"; it may be scalar, sse2, avx2, avxvnni, avx512bw, avx512vnni, avx512bf16, neon, neon_dotprod, "
                "neon_i8mm");
        }
    }
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    /// The highest level that QUANTKIT_ISA allows, read at the first call. Throws std::invalid_argument for an unknown
    /// name.
    inline isa_level isa_cap()
    {
        static const isa_level cap = detail::isa_cap_from(std::getenv("QUANTKIT_ISA"));
        return cap;
    }

    /// Whether this CPU (and operating system) can run the level, whatever QUANTKIT_ISA says.
    inline bool cpu_has(isa_level level)
    {
        static const auto levels = []
        {
            std::array<bool, isa_names.size()> has {};
            for (std::size_t i = 0; i < has.size(); ++i)
                has[i] = detail::cpu_has(static_cast<isa_level>(i));
            return has;
        }();
        return levels[static_cast<std::size_t>(level)];
    }
}
