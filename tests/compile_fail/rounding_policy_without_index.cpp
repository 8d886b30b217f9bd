// expect: rounding_policy
#include <quantkit/core/qparams.hpp>

// A rounding policy takes the value and its position in the tensor.
struct truncate
{
#ifdef RIGHT
    constexpr float operator()(float x, std::uint64_t) const { return static_cast<float>(static_cast<int>(x)); }
#else
    constexpr float operator()(float x) const { return static_cast<float>(static_cast<int>(x)); }
#endif
};

constexpr std::int32_t code = quantkit::quantize_value(2.75f, { 1.0f, 0 }, { -128, 127 }, truncate {});
