// expect: quantkit needs floats that are rounded at each operation
// refused with: -U__FLT_EVAL_METHOD__ -D__FLT_EVAL_METHOD__=2
#include <quantkit/core/config.hpp>
