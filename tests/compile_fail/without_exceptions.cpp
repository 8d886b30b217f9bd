// expect: quantkit reports wrong shapes, values and files by exceptions
// refused with: -fno-exceptions
#include <quantkit/core/config.hpp>
