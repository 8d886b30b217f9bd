// expect: quantkit promises what -ffast-math gives away
// refused with: -ffast-math
#include <quantkit/core/config.hpp>
