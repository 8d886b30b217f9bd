// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Reports as JSON, and back. The keys are the members of report_data.hpp; members without a value are left out.
///
///     { "format": "quantkit report", "version": 1, "title": ..., "layers": [ { "name": ..., ... } ], ... }
#pragma once

#include <quantkit/core/check.hpp>
#include <quantkit/core/config.hpp>
#include <quantkit/io/json_number.hpp>
#include <quantkit/io/parse_json.hpp>
#include <quantkit/report/report_data.hpp>

#include <nlohmann/json.hpp>

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    NLOHMANN_JSON_SERIALIZE_ENUM(value_kind,
                                 { { value_kind::activations, "activations" }, { value_kind::weights, "weights" } })
}

namespace quantkit::detail::inline QUANTKIT_FLAGS_NAMESPACE
{
    inline constexpr int report_version = 1;

    /// Writes members: the same list of them as for reading.
    struct json_writer
    {
        nlohmann::ordered_json& object;

        template <class T>
        void operator()(const char* key, const T& value) const
        {
            object[key] = value;
        }
        template <class T>
        void operator()(const char* key, const std::optional<T>& value) const
        {
            if (value)
                object[key] = *value;
        }
    };

    struct json_reader
    {
        const nlohmann::ordered_json& object;

        template <class T>
        void operator()(const char* key, T& value) const
        {
            object.at(key).get_to(value);
        }
        void operator()(const char* key, std::size_t& value) const { value = natural_number(object.at(key), key); }
        template <class T>
        void operator()(const char* key, std::optional<T>& value) const
        {
            if (object.contains(key))
                value = object.at(key).template get<T>();
        }
    };

    /// A part of a report to write, or the same to read.
    template <class T, class Part>
    concept part_like = std::same_as<std::remove_const_t<T>, Part>;

    template <class Member, part_like<report_error_parts> Parts>
    void members_of(const Member& member, Parts& parts)
    {
        member("clipping", parts.clipping);
        member("rounding", parts.rounding);
    }

    template <class Member, part_like<report_layer> Layer>
    void members_of(const Member& member, Layer& layer)
    {
        member("name", layer.name);
        member("kind", layer.kind);
        member("shape", layer.shape);
        member("prior_score", layer.prior_score);
        member("prior_level", layer.prior_level);
        member("error", layer.error);
        member("low", layer.low);
        member("high", layer.high);
        member("settled", layer.settled);
        member("precision", layer.precision);
        member("bytes", layer.bytes);
        member("reference_bytes", layer.reference_bytes);
        member("microseconds", layer.microseconds);
        member("saturation_rate", layer.saturation_rate);
        member("dead_codes", layer.dead_codes);
        member("error_parts", layer.error_parts);
    }

    template <class Member, part_like<report_histogram> Histogram>
    void members_of(const Member& member, Histogram& histogram)
    {
        member("name", histogram.name);
        member("edges", histogram.edges);
        member("counts", histogram.counts);
        member("clip_low", histogram.clip_low);
        member("clip_high", histogram.clip_high);
        member("kind", histogram.kind);
    }

    template <class Member, part_like<report_plan_point> Point>
    void members_of(const Member& member, Point& point)
    {
        member("bytes", point.bytes);
        member("error", point.error);
        member("is_chosen", point.is_chosen);
    }

    template <class Member, part_like<report_comparison> Comparison>
    void members_of(const Member& member, Comparison& comparison)
    {
        member("quantity", comparison.quantity);
        member("unit", comparison.unit);
        member("predicted", comparison.predicted);
        member("measured", comparison.measured);
    }

    template <class Member, part_like<report_fact> Fact>
    void members_of(const Member& member, Fact& fact)
    {
        member("name", fact.name);
        member("value", fact.value);
    }

    template <class Member, part_like<report_data> Report>
    void members_of(const Member& member, Report& report)
    {
        member("title", report.title);
        member("verdict", report.verdict);
        member("reasons", report.reasons);
        member("warnings", report.warnings);
        member("metric", report.metric);
        member("layers", report.layers);
        member("histograms", report.histograms);
        member("front", report.front);
        member("comparisons", report.comparisons);
        member("facts", report.facts);
    }

    template <class Part>
    concept report_part = requires(const json_writer& writer, const Part& part)
    {
        members_of(writer, part);
    };
}

namespace quantkit::inline QUANTKIT_FLAGS_NAMESPACE
{
    // Found by nlohmann::json through their arguments.
    /// Writes a part of a report; found by nlohmann::json.
    template <detail::report_part Part>
    void to_json(nlohmann::ordered_json& object, const Part& part)
    {
        detail::members_of(detail::json_writer { object }, part);
    }
    /// Reads a part of a report; throws where a member is missing or of another type.
    template <detail::report_part Part>
    void from_json(const nlohmann::ordered_json& object, Part& part)
    {
        detail::members_of(detail::json_reader { object }, part);
    }

    /// Bytes that are no UTF-8 become U+FFFD; numbers that are not finite become null, which cannot be read back.
    inline std::string report_to_json(const report_data& report)
    {
        nlohmann::ordered_json object { { "format", "quantkit report" }, { "version", detail::report_version } };
        detail::members_of(detail::json_writer { object }, report);
        return object.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
    }

    /// Throws, with what is wrong, unless the text is a report of this version.
    inline report_data report_from_json(std::string_view text)
    {
        report_data report;
        try
        {
            const auto object = detail::parse_json<nlohmann::ordered_json>(text);
            require(object.is_object() && object.value("format", "") == "quantkit report", "this JSON is no report");
            const nlohmann::ordered_json& version = object.at("version");
            require(version == detail::report_version, "this report has version ", version.dump(), ", readable is ",
                    detail::report_version);
            detail::members_of(detail::json_reader { object }, report);
        }
        catch (const nlohmann::ordered_json::exception& error)
        {
            throw_invalid("a report cannot be read: ", error.what());
        }
        return report;
    }
}
