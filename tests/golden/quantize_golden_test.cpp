// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/core/int4.hpp>
#include <quantkit/tensor/dequantizer.hpp>
#include <quantkit/tensor/quantizer.hpp>

#include "ranges.hpp"
#include "runner.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

using namespace quantkit;
using golden::case_run;

namespace
{
    template <class Range>
    std::vector<float> dequantized(const quantized_tensor<Range>& q)
    {
        std::vector<float> x(q.codes().size());
        dequantize(q, tensor_view<float>(x.data(), q.shape()));
        return x;
    }

    /// 1 where x is infinite: there the recommended codes are those of saturation.
    golden::values infinities_in(std::span<const float> x)
    {
        golden::values mask;
        for (const float value : x)
            mask.push_back(std::isinf(value) ? 1.0 : 0.0);
        return mask;
    }

    template <class Granularity>
    void compare_quantized(case_run& run, const qparams_list& params, Granularity granularity)
    {
        const npy_array x = run.input("x");
        golden::with_range(golden::bounds_of(run),
                           [&]<class Range>(Range)
                           {
                               const auto q = quantize<Range>(x.view<float>(), params, granularity);
                               run.compare("q", q.codes());
                               run.compare("dq", dequantized(q));
                               const auto divided =
                                   quantize<Range>(x.view<float>(), params, granularity, half_even {}, by_division {});
                               if (run.has_aux("q_division"))
                                   run.compare_aux("q_division", divided.codes());
                               if (run.has_aux("q_saturating"))
                                   run.compare_aux("q_saturating", q.codes(), infinities_in(x.as<float>()));
                           });
    }
}

TEST_CASE("quantize: the family's ops")
{
    golden::check_ops("quantize",
                      { "quantize_per_tensor", "quantize_per_channel", "dequantize_per_tensor", "pack_int4" });
}

TEST_CASE("quantize: per tensor")
{
    golden::check_cases("quantize", "quantize_per_tensor",
                        [](case_run& run) { compare_quantized(run, golden::qparams_of(run), per_tensor {}); });
}

TEST_CASE("quantize: per channel")
{
    golden::check_cases("quantize", "quantize_per_channel",
                        [](case_run& run)
                        {
                            const per_axis granularity { run.attr<std::ptrdiff_t>("axis") };
                            compare_quantized(run, golden::channel_qparams_of(run), granularity);
                        });
}

TEST_CASE("quantize: the vectors hold differences between reciprocal and division, and infinities")
{
    std::size_t divided = 0, saturating = 0;
    for (const auto& test : golden::family("quantize").cases("quantize_per_tensor"))
    {
        divided += test.has_aux("q_division");
        saturating += test.has_aux("q_saturating");
    }
    CHECK(divided > 0);
    CHECK(saturating > 0);
    MESSAGE("quantize/quantize_per_tensor: ", divided, " cases by division, ", saturating, " with infinities");
}

TEST_CASE("quantize: dequantize")
{
    golden::check_cases("quantize", "dequantize_per_tensor",
                        [](case_run& run)
                        {
                            golden::with_range(golden::bounds_of_type(run.attr<std::string>("qdtype")),
                                               [&]<class Range>(Range)
                                               {
                                                   const npy_array q = run.input("q");
                                                   const auto codes = q.as<typename Range::code_type>();
                                                   const quantized_tensor<Range> tensor(q.shape,
                                                                                        { codes.begin(), codes.end() },
                                                                                        golden::qparams_of(run));
                                                   run.compare("dq", dequantized(tensor));
                                               });
                        });
}

namespace
{
    template <class Code>
    void compare_packed(case_run& run)
    {
        const npy_array values = run.input("values");
        const auto codes = values.as<Code>();
        std::vector<std::uint8_t> packed(packed_int4_bytes(codes.size()));
        pack_int4(codes.data(), codes.size(), packed.data());
        run.compare("packed", packed);
        std::vector<Code> unpacked(codes.size());
        unpack_int4(packed.data(), codes.size(), unpacked.data());
        run.expect(std::equal(codes.begin(), codes.end(), unpacked.begin()), "the codes do not survive packing");
    }
}

TEST_CASE("quantize: pack_int4")
{
    golden::check_cases("quantize", "pack_int4",
                        [](case_run& run)
                        {
                            if (run.attr<bool>("signed"))
                                compare_packed<std::int8_t>(run);
                            else
                                compare_packed<std::uint8_t>(run);
                        });
}
