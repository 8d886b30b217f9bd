// expect: codes cannot be accumulated: the output must be float
#include <quantkit/tensor/epilogue.hpp>

namespace qk = quantkit;

#ifdef RIGHT
const auto whole = qk::epilogue { qk::accumulate {} }.kernel_epilogue({});
#else
const qk::quantize_to<qk::uint8_full> codes { qk::qparams { 0.1f, 3 } };
const auto whole = qk::epilogue { qk::accumulate {}, codes }.kernel_epilogue({});
#endif
