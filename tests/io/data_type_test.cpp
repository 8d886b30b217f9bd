// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/io/data_type.hpp>

#include "temporary_folder.hpp"

#include <doctest/doctest.h>

using namespace quantkit;
using namespace quantkit::test;

static_assert(element_type<float> && element_type<std::uint8_t> && element_type<long long>);
static_assert(!element_type<bool> && !element_type<const float> && !element_type<long double>);
static_assert(data_type_of<float> == data_type::float32 && data_type_of<double> == data_type::float64);
static_assert(data_type_of<std::int8_t> == data_type::int8 && data_type_of<std::uint8_t> == data_type::uint8);
static_assert(data_type_of<std::int16_t> == data_type::int16 && data_type_of<std::uint16_t> == data_type::uint16);
static_assert(data_type_of<std::int32_t> == data_type::int32 && data_type_of<std::uint32_t> == data_type::uint32);
static_assert(data_type_of<std::int64_t> == data_type::int64 && data_type_of<std::uint64_t> == data_type::uint64);
static_assert(data_type_of<long long> == data_type::int64);

TEST_CASE("names and sizes agree with each other")
{
    for (int i = 0; i <= static_cast<int>(data_type::float64); ++i)
    {
        const auto dtype = static_cast<data_type>(i);
        const std::string name(name_of(dtype));
        const std::size_t digit = name.find_first_of("0123456789");
        const std::size_t bits = digit == std::string::npos ? 8 : std::stoul(name.substr(digit)); // boolean: a byte
        CHECK_MESSAGE(size_of(dtype) * 8 == bits, name);
    }
    CHECK(name_of(data_type::boolean) == "boolean");
    CHECK(name_of(data_type::bfloat16) == "bfloat16");
    CHECK(name_of(data_type::float8_e5m2) == "float8_e5m2");
    CHECK(name_of(data_type::float64) == "float64");
}

TEST_CASE("what C++ lacks is read as its bits")
{
    CHECK(readable_as<std::uint16_t>(data_type::float16));
    CHECK(readable_as<std::uint16_t>(data_type::bfloat16));
    CHECK(readable_as<std::uint8_t>(data_type::float8_e4m3));
    CHECK(readable_as<std::uint8_t>(data_type::float8_e5m2));
    CHECK(readable_as<std::uint8_t>(data_type::boolean));
    CHECK_FALSE(readable_as<std::int16_t>(data_type::float16));
    CHECK_FALSE(readable_as<std::int8_t>(data_type::boolean));
    CHECK_FALSE(readable_as<float>(data_type::int32));
    CHECK_FALSE(readable_as<float>(data_type::float64));
}

TEST_CASE("byte counts, up to overflow")
{
    constexpr std::ptrdiff_t huge = std::numeric_limits<std::ptrdiff_t>::max();
    CHECK(byte_count({}, data_type::float32) == 4);
    CHECK(byte_count({ 2, 3 }, data_type::float64) == 48);
    CHECK(byte_count({ 2, 0, 3 }, data_type::float64) == 0);
    CHECK(byte_count({ huge }, data_type::int8) == static_cast<std::size_t>(huge));
    CHECK_FALSE(byte_count({ huge }, data_type::int16).has_value());
    CHECK_FALSE(byte_count({ huge, 2 }, data_type::int8).has_value());
    CHECK_FALSE(byte_count({ std::ptrdiff_t { 1 } << 32, std::ptrdiff_t { 1 } << 32 }, data_type::int8).has_value());
    CHECK_FALSE(byte_count({ 0, huge, huge }, data_type::int8).has_value());
    CHECK_FALSE(byte_count({ -1 }, data_type::int8).has_value());
    CHECK_FALSE(byte_count({ 0, -1 }, data_type::int8).has_value());
}

TEST_CASE("a wrong element type is refused by name")
{
    const std::vector<std::byte> bytes(8);
    CHECK(detail::elements<std::int64_t>(bytes, data_type::int64, "it").size() == 1);
    CHECK(error_of([&] { detail::elements<float>(bytes, data_type::int64, "it"); })
          == "quantkit: it holds int64, which cannot be read as float32");
    CHECK_THROWS_AS(detail::elements<float>(bytes, data_type::int64, "it"), std::invalid_argument);
}

TEST_CASE("messages quote text shortened and printable")
{
    CHECK(detail::in_quotes("a b") == "'a b'");
    CHECK(detail::in_quotes(std::string_view("\0\n\x7f", 3))
          == "'?"
             "?"
             "?'");
    CHECK(detail::in_quotes(std::string(100, 'x')) == "'" + std::string(80, 'x') + "...'");
}
