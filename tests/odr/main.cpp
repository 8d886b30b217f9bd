// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Each translation unit must run the kernels of its own flags, and all must give the same bits.
#include "odr/kernels.hpp"

#include <doctest/doctest.h>

#include <cstdint>
#include <set>
#include <string>
#include <vector>

namespace
{
    using quantkit::kernels::kernel_table;

    constexpr quantkit::qparams params { 0.037f, 117 };
    constexpr quantkit::quant_bounds bounds { 0, 255 };

    /// Steps of a twentieth of the scale: every tenth value is a tie, or next to one.
    std::vector<float> inputs()
    {
        std::vector<float> x;
        for (int i = -5000; i < 5000; ++i)
            x.push_back(0.00185f * static_cast<float>(i));
        return x;
    }

    std::vector<std::uint8_t> codes(const kernel_table& kernels, const std::vector<float>& x)
    {
        std::vector<std::uint8_t> q(x.size());
        kernels.u8.quantize(x.data(), q.data(), x.size(), params, bounds);
        return q;
    }

    std::vector<float> rounded(const kernel_table& kernels, const std::vector<float>& x)
    {
        std::vector<float> y(x.size());
        kernels.fake_quantize(x.data(), y.data(), x.size(), params, bounds);
        return y;
    }
}

TEST_CASE("translation units with different flags keep their own kernels and agree")
{
    std::vector<const kernel_table*> tables { &odr::baseline() };
#ifdef QUANTKIT_ODR_AVX2
    tables.push_back(&odr::avx2());
#endif
#ifdef QUANTKIT_ODR_AVX512
    tables.push_back(&odr::avx512());
#endif

    const auto x = inputs();
    std::set<std::string> names;
    for (const kernel_table* kernels : tables)
    {
        CAPTURE(kernels->name);
        CHECK(codes(*kernels, x) == codes(*tables.front(), x));
        CHECK(rounded(*kernels, x) == rounded(*tables.front(), x));
        CHECK(kernels->reduce_range(x.data(), x.size()) == tables.front()->reduce_range(x.data(), x.size()));
        names.insert(kernels->name);
    }
    CHECK_MESSAGE(names.size() == tables.size(), "the linker merged kernels of different instruction sets");
}
