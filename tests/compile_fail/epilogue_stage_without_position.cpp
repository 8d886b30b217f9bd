// expect: an epilogue stage must be callable as float(float x, std::size_t row, std::size_t column)
#include <quantkit/tensor/epilogue.hpp>

struct doubled
{
#ifdef RIGHT
    float operator()(float x, std::size_t, std::size_t) const { return 2.0f * x; }
#else
    float operator()(float x) const { return 2.0f * x; }
#endif
};

const auto whole = quantkit::epilogue { doubled {} }.kernel_epilogue({});
