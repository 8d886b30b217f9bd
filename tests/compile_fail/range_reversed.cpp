// expect: a quantized range needs quant_min < quant_max
#include <quantkit/core/quant_range.hpp>

#ifdef RIGHT
constexpr int bits = quantkit::quant_range<std::int8_t, -7, 7>::bits;
#else
constexpr int bits = quantkit::quant_range<std::int8_t, 7, -7>::bits;
#endif
