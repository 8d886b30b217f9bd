// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/sensitivity/disagreements.hpp>

#include <quantkit/sensitivity/evidence.hpp>

#include <doctest/doctest.h>

#include <cstddef>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

using namespace quantkit;

namespace
{
    const std::vector<layer_facts> layers { { "attn", layer_kind::attention_layers, 1, 1 },
                                            { "norm", layer_kind::layer_norm, 1, 1 },
                                            { "pos", layer_kind::positional_encoding, 0, 0 },
                                            { "embed", layer_kind::embedding, 1, 1 },
                                            { "head", layer_kind::output_projection, 1, 1 } };

    /// As the small Informer: attention hardly minds INT8, the positional encoding does. The head is not measured.
    sensitivity_table measured_table()
    {
        sensitivity_table table("logits MSE", layers, { { "FP32" }, { "INT8" } }, { 8 });
        const std::vector<double> errors { 1e-6, 8e-5, 7e-5, 1e-4 };
        for (std::size_t i = 0; i < errors.size(); ++i)
        {
            sensitivity_entry& entry = table.at(i, 1);
            entry.allowed = true;
            entry.error = errors[i];
            entry.interval = { errors[i] / 2.0, errors[i] * 2.0 };
            entry.settled = i != 2;
        }
        return table;
    }

    const std::vector<layer_prior> priors = blended_prior {}(layers);
}

TEST_CASE("layers whose levels differ are listed with both opinions")
{
    const std::vector<disagreement> found = disagreements_of(priors, measured_table(), 1);
    REQUIRE(found.size() == 3);
    CHECK(found[0].name == "attn");
    CHECK(found[0].prior == sensitivity_level::high);
    CHECK(found[0].measured == sensitivity_level::low);
    CHECK(found[0].rank == 4);
    CHECK(found[0].share == doctest::Approx(1e-6 / 2.51e-4));
    CHECK(found[0].text
          == "prior says attn (attention_layers) is HIGH and must stay FP16; measured: INT8 costs 1e-06 [5e-07, "
             "2e-06] logits MSE, 0.4 % of all layers' errors, rank 4 of 4: LOW");
    CHECK(found[1].name == "pos");
    CHECK(found[1].text
          == "prior says pos (positional_encoding) is LOW and can take INT8; measured: INT8 costs 7e-05 [3.5e-05, "
             "0.00014] logits MSE, 27.9 % of all layers' errors, rank 3 of 4: HIGH (not settled, more samples may "
             "change it)");
    CHECK(found[2].name == "embed");
    CHECK(found[2].prior == sensitivity_level::medium);
    CHECK(found[2].measured == sensitivity_level::high);
}

TEST_CASE("the text is loud, and those furthest apart come first")
{
    const std::string text = text_of(disagreements_of(priors, measured_table(), 1));
    CHECK(text.starts_with("prior and measurement disagree on 3 layers\nDISAGREEMENT: prior says attn"));
    CHECK(text.find("says pos") < text.find("says embed"));
    CHECK(text_of(std::vector<disagreement> {}) == "prior and measurement agree on every layer\n");
}

TEST_CASE("a layer that spoils the outputs is high, whatever the prior")
{
    sensitivity_table table = measured_table();
    table.at(2, 1).error = std::numeric_limits<double>::infinity();
    const std::vector<disagreement> found = disagreements_of(priors, table, 1);
    CHECK(found[1].name == "pos");
    CHECK(found[1].measured == sensitivity_level::high);
    CHECK(found[1].rank == 1);
}

TEST_CASE("the surer a measurement, the less the prior counts")
{
    const std::vector<layer_evidence> evidence = evidence_of(priors, measured_table(), 1);
    REQUIRE(evidence.size() == 5);
    CHECK(evidence[0].prior == priors[0].total);
    CHECK(evidence[0].trust == 1.0);
    CHECK(evidence[0].total == evidence[0].measured);
    CHECK(evidence[0].measured == doctest::Approx(1.0 / 3.0)); // 20 dB below the greatest
    CHECK(evidence[2].trust == 0.5);
    CHECK(evidence[2].total == doctest::Approx((evidence[2].measured + priors[2].total) / 2.0));
    CHECK(evidence[4].trust == 0.0);
    CHECK(evidence[4].total == priors[4].total);

    const std::vector<double> totals = totals_of(evidence_of(priors, measured_table(), 1, { 0.0, 0.0 }));
    for (std::size_t i = 0; i < totals.size(); ++i)
        CHECK(totals[i] == priors[i].total);
    CHECK(strategy_by_thresholds(layers, totals_of(evidence)).high
          == std::vector<std::string> { "norm", "embed", "head" });
}

TEST_CASE("priors and trusts that do not fit are refused")
{
    CHECK_THROWS_WITH_AS(disagreements_of({}, measured_table(), 1), "quantkit: there are 5 layers, but 0 priors",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(evidence_of({}, measured_table(), 1), "quantkit: there are 5 layers, but 0 priors",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(evidence_of(priors, measured_table(), 1, { 1.5, 0.5 }),
                         "quantkit: trust lies between 0 and 1, but is 1.5 and 0.5", std::invalid_argument);
}
