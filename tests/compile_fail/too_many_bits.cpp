// expect: Bits <= 16
#include <quantkit/core/quant_range.hpp>

#ifdef RIGHT
constexpr int bits = quantkit::signed_range<16>::bits;
#else
constexpr int bits = quantkit::signed_range<17>::bits;
#endif
