// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Two units with different flags have kernels of their own, or with quantkit::dispatch the same ones, and equal codes.
#include <quantkit/kernels/isa.hpp>

#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>

const char* narrow(const float* x, std::int8_t* codes, std::size_t count);
const char* wide(const float* x, std::int8_t* codes, std::size_t count);

int main()
{
    if (!quantkit::cpu_has(quantkit::isa_level::avx2))
        return std::puts("this CPU has no AVX2") < 0;

    std::array<float, 1000> x {};
    for (std::size_t i = 0; i < x.size(); ++i)
        x[i] = static_cast<float>(i) * 0.0037f - 1.7f;
    std::array<std::int8_t, 1000> narrow_codes {}, wide_codes {};
    const char* narrow_kernels = narrow(x.data(), narrow_codes.data(), x.size());
    const char* wide_kernels = wide(x.data(), wide_codes.data(), x.size());
    std::printf("kernels: %s and %s\n", narrow_kernels, wide_kernels);

    const bool same_kernels = std::strcmp(narrow_kernels, wide_kernels) == 0;
    return narrow_codes == wide_codes && same_kernels == SAME_KERNELS ? 0 : 1;
}
