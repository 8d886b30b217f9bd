// expect: the code type cannot hold quant_min..quant_max
#include <quantkit/core/quant_range.hpp>

#ifdef RIGHT
constexpr int bits = quantkit::quant_range<std::uint8_t, 0, 255>::bits;
#else
constexpr int bits = quantkit::quant_range<std::int8_t, 0, 255>::bits;
#endif
