// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/model/recommend.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <string>
#include <string_view>

namespace
{
    using namespace quantkit;

    constexpr auto dynamic_ptq = quantization_method::dynamic_quantization;
    constexpr auto static_ptq = quantization_method::static_quantization;
    constexpr auto qat = quantization_method::quantization_aware_training;

    constexpr std::size_t small = 100'000'000, large = 100'000'001;

    /// One line per accuracy and hardware; columns: small and large without training data, small and large with it.
    struct table_line
    {
        accuracy_requirement accuracy;
        target_hardware hardware;
        quantization_method expected[4];
    };

    constexpr table_line table[] {
        { accuracy_requirement::relaxed,
          target_hardware::mobile,
          { dynamic_ptq, dynamic_ptq, dynamic_ptq, dynamic_ptq } },
        { accuracy_requirement::relaxed,
          target_hardware::desktop,
          { dynamic_ptq, dynamic_ptq, dynamic_ptq, dynamic_ptq } },
        { accuracy_requirement::relaxed, target_hardware::server, { static_ptq, dynamic_ptq, static_ptq, static_ptq } },
        { accuracy_requirement::moderate, target_hardware::mobile, { static_ptq, static_ptq, static_ptq, static_ptq } },
        { accuracy_requirement::moderate,
          target_hardware::desktop,
          { dynamic_ptq, dynamic_ptq, dynamic_ptq, dynamic_ptq } },
        { accuracy_requirement::moderate,
          target_hardware::server,
          { dynamic_ptq, dynamic_ptq, dynamic_ptq, dynamic_ptq } },
        { accuracy_requirement::strict, target_hardware::mobile, { dynamic_ptq, dynamic_ptq, qat, qat } },
        { accuracy_requirement::strict, target_hardware::desktop, { dynamic_ptq, dynamic_ptq, qat, qat } },
        { accuracy_requirement::strict, target_hardware::server, { dynamic_ptq, dynamic_ptq, qat, qat } },
    };

    bool mentions(const method_recommendation& recommendation, std::string_view words)
    {
        for (const std::string& reason : recommendation.reasons)
            if (reason.find(words) != std::string::npos)
                return true;
        return false;
    }
}

TEST_CASE("the whole table")
{
    for (const table_line& line : table)
        for (const bool has_training_data : { false, true })
            for (const bool is_large : { false, true })
            {
                const auto found =
                    recommend_method({ is_large ? large : small, line.accuracy, has_training_data, line.hardware });
                INFO("accuracy ", static_cast<int>(line.accuracy), ", hardware ", static_cast<int>(line.hardware),
                     ", training data ", has_training_data, ", large ", is_large);
                CHECK(found.method == line.expected[2 * has_training_data + is_large]);
                CHECK(found.reasons.size() >= 1);
                for (const std::string& reason : found.reasons)
                    CHECK_FALSE(reason.empty());
            }
}

TEST_CASE("scenarios are rows of the table")
{
    for (const std::size_t bytes : { std::size_t { 0 }, small, large })
        for (const bool has_training_data : { false, true })
        {
            const auto of = [&](deployment_scenario scenario)
            { return recommend_method(scenario, bytes, has_training_data).method; };
            CHECK(of(deployment_scenario::edge) == static_ptq);
            CHECK(of(deployment_scenario::cloud) == (bytes == large && !has_training_data ? dynamic_ptq : static_ptq));
            CHECK(of(deployment_scenario::prototype) == dynamic_ptq);
            CHECK(of(deployment_scenario::production) == (has_training_data ? qat : dynamic_ptq));
        }
}

TEST_CASE("reasons say which rule decided, and what was missing")
{
    CHECK(mentions(recommend_method({ small, accuracy_requirement::strict, true, target_hardware::mobile }),
                   "the accuracy is strict and there is training data"));
    CHECK(mentions(recommend_method({ small, accuracy_requirement::moderate, true, target_hardware::mobile }),
                   "mobile hardware"));
    CHECK(mentions(recommend_method({ 250'000'000, accuracy_requirement::relaxed, false, target_hardware::server }),
                   "the model has 250 MB and no training data"));
    CHECK(mentions(recommend_method({ small, accuracy_requirement::relaxed, false, target_hardware::server }),
                   "a server with relaxed accuracy"));
    CHECK(mentions(recommend_method({ small, accuracy_requirement::relaxed, false, target_hardware::server }),
                   "representative samples"));
    const auto other = recommend_method({ small, accuracy_requirement::strict, false, target_hardware::server });
    CHECK(mentions(other, "no rule asks for more"));
    CHECK(mentions(other, "but there is no training data"));
    CHECK_FALSE(mentions(recommend_method({}), "but there is no training data"));
}

TEST_CASE("methods have names")
{
    CHECK(name_of(dynamic_ptq) == "dynamic quantization");
    CHECK(name_of(static_ptq) == "static quantization");
    CHECK(name_of(qat) == "quantization-aware training");
}
