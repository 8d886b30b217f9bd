// SPDX-License-Identifier: BSD-3-Clause
// One program, started with each QUANTKIT_ISA, gives the same bits: what a user does who must reproduce a result.
#include <quantkit/kernels/isa.hpp>
#include <quantkit/tensor/int8_linear.hpp>
#include <quantkit/tensor/matmul_integer.hpp>
#include <quantkit/tensor/quantizer.hpp>

#include "support/child_process.hpp"
#include "support/linear_layers.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace
{
    namespace qk = quantkit;
    using qk::test::random_matrix;
    using qk::test::random_vector;

    template <class Scalar>
    void append_bytes(std::string& bytes, const qk::matrix<Scalar>& values)
    {
        bytes.append(reinterpret_cast<const char*>(values.data()),
                     static_cast<std::size_t>(values.size()) * sizeof(Scalar));
    }

    // All that the library multiplies with whatever micro-kernel it takes by itself.
    std::string results()
    {
        std::string bytes;
        const auto stage = [](float x, std::size_t, std::size_t column)
        { return x * 1.7f + 0.3f * static_cast<float>(column); };
        const qk::vector_f bias = random_vector(45, 1, 3.0f);
        for (const Eigen::Index m : { 1, 3, 40 })
        {
            const qk::matrix_f x = random_matrix(m, 133, 2), w = random_matrix(45, 133, 3);
            const auto run = [&](const auto& weight)
            {
                append_bytes(bytes, qk::int8_linear(weight, qk::qparams { 0.03f, 110 })(x));
                append_bytes(bytes, qk::int8_linear(weight, qk::dynamic_per_tensor {},
                                                    qk::epilogue { qk::add_bias { bias }, qk::relu {} })(x));
                append_bytes(bytes, qk::int8_linear(weight, qk::dynamic_per_row {},
                                                    qk::epilogue { stage, qk::add_bias { bias }, qk::relu6 {} })(x));
                append_bytes(bytes, qk::int8_linear(weight, qk::dynamic_per_row {},
                                                    qk::epilogue { qk::add_bias { bias },
                                                                   qk::quantize_to { qk::qparams { 0.2f, 100 } } })(x));
            };
            run(qk::quantize<qk::int8_narrow>(w, qk::per_axis { 0 }));
            run(qk::quantize<qk::uint8_full>(w));
            const auto codes = qk::quantize<qk::uint8_full>(x);
            const auto other = qk::quantize<qk::int8_full>(qk::matrix_f(w.transpose()));
            append_bytes(bytes, qk::matmul_integer(codes.view(), other.view()));
        }
        return bytes;
    }
}

TEST_CASE("results do not depend on QUANTKIT_ISA")
{
    const std::string expected = qk::test::under_isa("scalar", results);
    REQUIRE(expected.size() > 10'000);
    REQUIRE(expected.find("threw") == std::string::npos);
    for (const std::string_view isa : qk::isa_names)
    {
        const std::string name(isa);
        CAPTURE(name);
        CHECK((qk::test::under_isa(name.c_str(), results) == expected));
    }
    CHECK((qk::test::under_isa(nullptr, results) == expected));
}
