// expect: quantkit supports little-endian machines only
// refused with: -D__BYTE_ORDER__=__ORDER_BIG_ENDIAN__
#include <quantkit/core/config.hpp>
