// SPDX-License-Identifier: BSD-3-Clause
// One target for libFuzzer: -DQUANTKIT_FUZZ_HEADER="fuzz/npy_target.hpp" -DQUANTKIT_FUZZ_TARGET=try_npy
#include QUANTKIT_FUZZ_HEADER

#include <cstddef>
#include <cstdint>
#include <span>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    quantkit::fuzz::QUANTKIT_FUZZ_TARGET(std::as_bytes(std::span(data, size)));
    return 0;
}
