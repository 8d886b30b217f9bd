#include <quantkit/kernels/knows_eigen.hpp>
