// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/io/npy.hpp>

#include "../support/random.hpp"
#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <array>
#include <limits>

using namespace quantkit;
using namespace quantkit::test;

namespace
{
    constexpr std::string_view magic = "\x93NUMPY";

    /// A file with the given header, unpadded, and data.
    std::string npy_file(std::string_view header, std::string_view data = "", char major = 1, char minor = 0)
    {
        std::string text = std::string(magic) + major + minor;
        for (std::size_t i = 0; i < (major == 1 ? 2u : 4u); ++i)
            text += static_cast<char>(header.size() >> (8 * i) & 0xff);
        return text.append(header).append(data);
    }

    std::string error_for(std::string_view file)
    {
        return error_of([&] { parse_npy(to_bytes(file), "f"); });
    }

    std::string header_error(std::string_view header, std::string_view data = "")
    {
        return error_for(npy_file(header, data));
    }

    bool mentions(const std::string& error, std::string_view words)
    {
        INFO(error);
        return error.starts_with("quantkit: f: ") && error.find(words) != std::string::npos;
    }

    template <class T>
    npy_array counted(tensor_shape shape)
    {
        std::vector<T> values(*byte_count(shape, data_type_of<T>) / sizeof(T));
        for (std::size_t i = 0; i < values.size(); ++i)
            values[i] = static_cast<T>(i * 7 + 1);
        return make_npy_array<T>(std::span<const T>(values), std::move(shape));
    }
}

TEST_CASE_TEMPLATE("arrays survive a round trip in every version and order", T, float, double, std::int8_t,
                   std::uint8_t, std::int16_t, std::uint16_t, std::int32_t, std::uint32_t, std::int64_t, std::uint64_t)
{
    const temporary_folder folder;
    const tensor_shape shapes[] = { {},       { 1 },       { 0 },
                                    { 5 },    { 3, 4 },    { 0, 4 },
                                    { 3, 0 }, { 2, 3, 4 }, { 1, 1, 2, 1, 3 } };
    for (const tensor_shape& shape : shapes)
        for (const int version : { 1, 2, 3 })
            for (const bool fortran_order : { false, true })
            {
                const npy_array array = counted<T>(shape);
                write_npy(folder / "a.npy", array, { version, fortran_order });
                const npy_array back = read_npy(folder / "a.npy");
                CHECK(back == array);
                CHECK(back.as<T>().size() == array.bytes.size() / sizeof(T));
                CHECK(back.view<T>().shape() == shape);
                CHECK(std::filesystem::file_size(folder / "a.npy") % 64 == array.bytes.size() % 64);
            }
}

TEST_CASE("types that C++ lacks are read as their bits")
{
    const npy_array array { data_type::float16, { 3 }, std::vector<std::byte>(6) };
    CHECK(parse_npy(npy_bytes(array)).as<std::uint16_t>().size() == 3);
    const npy_array flags { data_type::boolean, { 2 }, to_bytes({ "\x00\x01", 2 }) };
    CHECK(parse_npy(npy_bytes(flags)).as<std::uint8_t>()[1] == 1);
}

TEST_CASE("the bytes are those that NumPy writes")
{
    const std::array<float, 2> values { 1.0f, 2.0f };
    const std::string text = to_string(npy_bytes(make_npy_array<float>(values, { 2 })));
    std::string header = "{'descr': '<f4', 'fortran_order': False, 'shape': (2,), }";
    header += std::string(118 - header.size() - 1, ' ') + '\n';
    CHECK(text == npy_file(header, std::string_view("\0\0\x80\x3f\0\0\0\x40", 8)));
}

TEST_CASE("Fortran order means that the first index varies fastest")
{
    const auto array =
        parse_npy(to_bytes(npy_file("{'descr': '|u1', 'fortran_order': True, 'shape': (2, 3)}", "abcdef")));
    CHECK(to_string(array.bytes) == "acebdf");
    const npy_array letters { data_type::uint8, { 2, 3 }, to_bytes("acebdf") };
    CHECK(to_string(npy_bytes(letters, { 1, true })).ends_with("abcdef"));
}

TEST_CASE("headers may be written in any style that Python reads")
{
    const auto shape_of = [](std::string_view header, std::string_view data)
    { return parse_npy(to_bytes(npy_file(header, data))).shape; };
    CHECK(shape_of("{'shape':(1,2,),'fortran_order':False,\"descr\":\"<i2\"}", "abcd") == tensor_shape { 1, 2 });
    CHECK(shape_of(" { 'descr' : '<i1' , 'fortran_order' : True , 'shape' : ( 2 , ) , } \n", "ab")
          == tensor_shape { 2 });
    CHECK(shape_of("{'descr':'|u1','fortran_order':False,'shape':()}", "a").rank() == 0);
}

TEST_CASE("a wrong element type is refused by name")
{
    const npy_array array = counted<float>({ 2 });
    CHECK(error_of([&] { array.as<double>(); })
          == "quantkit: the array holds float32, which cannot be read as float64");
    CHECK_THROWS_AS(array.as<double>(), std::invalid_argument);
}

TEST_CASE("arrays that do not fill their shape are refused")
{
    const std::array<float, 2> values {};
    CHECK(error_of([&] { make_npy_array<float>(values, { 3 }); })
          == "quantkit: the array has 8 bytes, but its shape [3] of float32 does not take that many");
    CHECK_THROWS_AS(npy_bytes({ data_type::int8, { 2 }, {} }), std::invalid_argument);
    CHECK_THROWS_AS(npy_bytes({ data_type::int8, { -1 }, {} }), std::invalid_argument);
    CHECK_THROWS_AS(npy_bytes({ data_type::bfloat16, { 0 }, {} }), std::invalid_argument);
    CHECK_THROWS_AS(npy_bytes(counted<float>({ 1 }), { 4, false }), std::invalid_argument);
}

TEST_CASE("what is not a .npy file is refused")
{
    CHECK(mentions(error_for(""), "truncated: the magic string takes 6 bytes, but only 0 are left"));
    CHECK(mentions(error_for("PK\x03\x04..............."), "not a .npy file"));
    CHECK(mentions(error_for(npy_file("{}", "", 4)), "unsupported .npy version 4.0"));
    CHECK(mentions(error_for(npy_file("{}", "", 1, 1)), "unsupported .npy version 1.1"));
    CHECK(mentions(error_for(npy_file("{}", "", 0)), "unsupported .npy version 0.0"));
    CHECK(mentions(error_for(std::string(magic) + std::string("\x01\x00\xff\xff", 4) + "{}"),
                   "the header takes 65535 bytes, but only 2 are left"));
    CHECK(mentions(error_for(std::string(magic) + std::string("\x02\x00\xff\xff\xff\xff", 6) + "{}"),
                   "the header takes 4294967295 bytes, but only 2 are left"));
}

TEST_CASE("malformed headers are refused with their text")
{
    const auto with_shape = [](std::string_view shape)
    { return header_error("{'descr': '<f4', 'fortran_order': False, 'shape': " + std::string(shape) + ", }", "abcd"); };
    CHECK(mentions(header_error(""), "expected '{' at byte 0"));
    CHECK(mentions(header_error("{}"), "needs the keys"));
    CHECK(mentions(header_error("{'descr': '<f4', 'shape': ()}", "abcd"), "needs the keys"));
    CHECK(mentions(header_error("{'descr'"), "expected ':'"));
    CHECK(mentions(header_error("{'descr"), "unterminated string"));
    CHECK(mentions(header_error("{'descr': '<f4' 'shape': ()}"), "expected '}'"));
    CHECK(mentions(header_error("{'descr': '<f4', 'descr': '<f4'}"), "unknown or repeated key 'descr'"));
    CHECK(mentions(header_error("{'colour': 'red'}"), "unknown or repeated key 'colour'"));
    CHECK(mentions(header_error("{'descr': '<f4', 'fortran_order': False, 'shape': ()} x"), "after the closing brace"));
    CHECK(mentions(header_error("{'fortran_order': false}"), "must be True or False"));
    CHECK(mentions(header_error("{'descr': '>f4'}"), "big-endian elements '>f4'"));
    CHECK(mentions(header_error("{'descr': '<c8'}"), "unsupported element type '<c8'"));
    CHECK(mentions(header_error("{'descr': '|O'}"), "unsupported element type '|O'"));
    CHECK(mentions(header_error("{'descr': [('a', '<f4')]}"), "structured arrays"));
    CHECK(mentions(with_shape("(-1,)"), "not '-1'"));
    CHECK(mentions(with_shape("(9223372036854775808,)"), "not '9223372036854775808'"));
    CHECK(mentions(with_shape("(1.5,)"), "not '1.5'"));
    CHECK(mentions(with_shape("(x,)"), "not 'x'"));
    CHECK(mentions(with_shape("(1"), "bad header"));
    CHECK(mentions(with_shape("(1)"), "needs a comma"));
    CHECK(mentions(with_shape("[1]"), "expected '('"));
    CHECK(mentions(with_shape("1"), "expected '('"));
    std::string long_shape = "(";
    for (int i = 0; i < 9; ++i)
        long_shape += "1,";
    CHECK(mentions(with_shape(long_shape + ")"), "more than 8 dimensions"));
}

TEST_CASE("a shape that the data do not fill is refused with both sizes")
{
    const auto with_shape = [](std::string_view shape) {
        return header_error("{'descr': '<f4', 'fortran_order': False, 'shape': " + std::string(shape) + ", }",
                            "abcdefgh");
    };
    CHECK(with_shape("(2,)").empty());
    CHECK(mentions(with_shape("(3,)"), "the shape [3] of float32 takes 12 bytes, but 8 follow the header"));
    CHECK(mentions(with_shape("(1,)"), "the shape [1] of float32 takes 4 bytes, but 8 follow the header"));
    CHECK(mentions(with_shape("(0,)"), "takes 0 bytes, but 8 follow"));
    CHECK(mentions(with_shape("(4294967296, 4294967296)"), "too many elements"));
    CHECK(mentions(with_shape("(4611686018427387904, 4)"), "too many elements"));
    CHECK(mentions(with_shape("(0, 4611686018427387904, 4)"), "too many elements"));
}

TEST_CASE("every truncation is refused")
{
    for (const int version : { 1, 2 })
    {
        const auto whole = npy_bytes(counted<std::int16_t>({ 2, 3 }), { version, false });
        for (std::size_t size = 0; size < whole.size(); ++size)
        {
            const std::vector<std::byte> part(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(size));
            CHECK_THROWS_AS(parse_npy(part), io_error);
        }
    }
}

TEST_CASE("flipped bits load or throw io_error, nothing else")
{
    random_bits random(1);
    const auto whole = npy_bytes(counted<std::int16_t>({ 2, 3 }));
    int loaded = 0, refused = 0;
    for (int round = 0; round < 20'000; ++round)
    {
        auto bytes = whole;
        for (std::int64_t flips = random.integer(1, 4); flips > 0; --flips)
            bytes[static_cast<std::size_t>(random.integer(0, 127))] ^= std::byte { 1 } << random.integer(0, 7);
        try
        {
            const npy_array array = parse_npy(bytes);
            CHECK(byte_count(array.shape, array.dtype) == array.bytes.size());
            ++loaded;
        }
        catch (const io_error&)
        {
            ++refused;
        }
    }
    CHECK(loaded > 0);
    CHECK(refused > 1000);
}

TEST_CASE("a missing file is named")
{
    CHECK(error_of([] { read_npy("missing.npy"); })
          == "quantkit: cannot read 'missing.npy': No such file or directory");
}

TEST_CASE("a failed write leaves the old file")
{
    const temporary_folder folder;
    write_npy(folder / "a.npy", counted<float>({ 2 }));
    npy_array broken = counted<float>({ 2 });
    broken.shape = { 5 };
    CHECK_THROWS_AS(write_npy(folder / "a.npy", broken), std::invalid_argument);
    CHECK(read_npy(folder / "a.npy") == counted<float>({ 2 }));
    CHECK(folder.entries() == 1);
}
