// expect: quantize_to and requantize_fixed_point must be the last stage
#include <quantkit/tensor/epilogue.hpp>

namespace qk = quantkit;

const qk::quantize_to<qk::uint8_full> codes { qk::qparams { 0.1f, 3 } };
#ifdef RIGHT
const qk::epilogue stages { qk::relu {}, codes };
#else
const qk::epilogue stages { codes, qk::relu {} };
#endif
