// expect: stages without floating point are add_integer_bias and a final requantize_fixed_point
#include <quantkit/tensor/epilogue.hpp>

#include <array>

namespace qk = quantkit;

constexpr std::array<std::int32_t, 1> bias { 5 };
#ifdef RIGHT
const qk::epilogue stages { qk::add_integer_bias { bias }, qk::requantize_fixed_point { 0.25, 3 } };
#else
const qk::epilogue stages { qk::add_integer_bias { bias }, qk::relu {} };
#endif
