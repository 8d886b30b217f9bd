// expect: quantkit needs C++20
// refused with: -std=c++17
#include <quantkit/core/config.hpp>
