# SPDX-License-Identifier: BSD-3-Clause
# Cross-compiles for 64-bit ARM and runs the programs under qemu-user.
# Debian: apt-get install g++-aarch64-linux-gnu qemu-user

set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_CROSSCOMPILING_EMULATOR qemu-aarch64 -L /usr/aarch64-linux-gnu)

# Eigen, xsimd, doctest and nlohmann_json are headers for every machine. Their folder comes last, so that the C and C++
# libraries' own headers are those of the target; CMake then counts it among the compiler's own and adds no -isystem.
set(CMAKE_CXX_FLAGS_INIT "-idirafter /usr/include")
