// expect: fixed-point multipliers hold the scale of the input, which must be static then
#include <quantkit/tensor/int8_linear.hpp>

namespace qk = quantkit;

#ifdef RIGHT
using input = qk::static_input<>;
#else
using input = qk::dynamic_per_tensor<>;
#endif

const auto size = sizeof(qk::int8_linear<input, qk::requantize_fixed_point<>>);
