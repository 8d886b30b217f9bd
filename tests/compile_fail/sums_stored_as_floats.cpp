// expect: sums and codes are stored as integers: to be stored as float they must be scaled
#include <quantkit/kernels/gemm/gemm.hpp>

namespace kernels = quantkit::kernels;

#ifdef RIGHT
using stages = kernels::epilogue_of<kernels::store_to<float>, kernels::subtract_columns, kernels::scale_columns>;
#else
using stages = kernels::epilogue_of<kernels::store_to<float>, kernels::subtract_columns>;
#endif

const auto finish = kernels::finish_function_of<std::int32_t, stages>(kernels::lane_family::scalar);
