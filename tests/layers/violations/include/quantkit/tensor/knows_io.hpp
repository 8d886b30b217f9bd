#include <quantkit/io/npy.hpp>
