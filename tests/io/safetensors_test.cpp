// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/io/safetensors.hpp>

#include "../support/random.hpp"
#include "temporary_folder.hpp"

#include <doctest/doctest.h>

#include <array>
#include <concepts>

using namespace quantkit;
using namespace quantkit::test;

namespace
{
    std::string with_length(std::string_view header, std::uint64_t length, std::string_view data = "")
    {
        std::string text;
        for (int i = 0; i < 8; ++i)
            text += static_cast<char>(length >> (8 * i) & 0xff);
        return text.append(header).append(data);
    }

    std::string file_of(std::string_view header, std::string_view data = "")
    {
        return with_length(header, header.size(), data);
    }

    safetensors_file load(std::string_view text) { return safetensors_file(to_bytes(text), "f"); }

    std::string error_for(std::string_view header, std::string_view data = "")
    {
        return error_of([&] { load(file_of(header, data)); });
    }

    bool mentions(const std::string& error, std::string_view words)
    {
        INFO(error);
        return error.starts_with("quantkit: f: ") && error.find(words) != std::string::npos;
    }

    /// {"a": {"dtype": DTYPE, "shape": SHAPE, "data_offsets": OFFSETS}}
    std::string one_tensor(std::string_view dtype, std::string_view shape, std::string_view offsets)
    {
        return concat(R"({"a":{"dtype":)", dtype, R"(,"shape":)", shape, R"(,"data_offsets":)", offsets, "}}");
    }

    constexpr std::string_view pair_header = R"({"__metadata__":{"made by":"hand"},)"
                                             R"("a":{"dtype":"I16","shape":[2,1],"data_offsets":[0,4]},)"
                                             R"("b":{"dtype":"U8","shape":[3],"data_offsets":[4,7]}})";
}

TEST_CASE("tensors and metadata survive a round trip, mapped and streamed")
{
    const temporary_folder folder;
    const std::array<float, 6> weight { 1, 2, 3, 4, 5, 6 };
    const std::array<std::int8_t, 3> codes { -128, 0, 127 };
    const std::array<std::uint16_t, 2> halves { 0x3c00, 0xbc00 };
    const std::array<double, 1> scalar { 0.5 };
    const std::vector<named_tensor> tensors {
        make_named_tensor<float>("fc.0.weight", weight, { 2, 3 }),
        make_named_tensor<std::int8_t>("fc.0.codes", codes, { 3 }),
        { "half", data_type::float16, { 2 }, std::as_bytes(std::span(halves)) },
        make_named_tensor<double>("scalar", scalar, {}),
        { "empty", data_type::bfloat16, { 0, 4 }, {} },
        { "\xc3\xa4 \"quoted\"\n\\", data_type::boolean, { 0 }, {} },
    };
    write_safetensors(folder / "m.safetensors", tensors, { { "format", "pt" }, { "\xe2\x82\xac", "\"\\" } });

    for (const file_access access : { file_access::mapped, file_access::streamed })
    {
        const safetensors_file file(folder / "m.safetensors", access);
        CHECK(file.names()
              == std::vector<std::string> { "empty", "fc.0.codes", "fc.0.weight", "half", "scalar",
                                            "\xc3\xa4 \"quoted\"\n\\" });
        CHECK(file.metadata() == std::map<std::string, std::string> { { "format", "pt" }, { "\xe2\x82\xac", "\"\\" } });
        for (const named_tensor& tensor : tensors)
        {
            const named_tensor& read = file.tensor(tensor.name);
            CHECK(read.name == tensor.name);
            CHECK(read.dtype == tensor.dtype);
            CHECK(read.shape == tensor.shape);
            CHECK(to_string(read.bytes) == to_string(tensor.bytes));
        }
        CHECK(file.tensor("fc.0.weight").as<float>()[5] == 6.0f);
        CHECK(file.tensor("fc.0.weight").view<float>().shape() == tensor_shape { 2, 3 });
        CHECK(file.tensor("fc.0.codes").as<std::int8_t>()[0] == -128);
        CHECK(file.tensor("half").as<std::uint16_t>()[1] == 0xbc00);
        CHECK(file.contains("half"));
        CHECK_FALSE(file.contains("hal"));
    }
}

TEST_CASE("every element type survives a round trip")
{
    const temporary_folder folder;
    const std::vector<std::byte> bytes(16, std::byte { 7 });
    std::vector<named_tensor> tensors;
    for (int i = 0; i <= static_cast<int>(data_type::float64); ++i)
    {
        const auto dtype = static_cast<data_type>(i);
        tensors.push_back(
            { std::string(name_of(dtype)), dtype, { static_cast<std::ptrdiff_t>(16 / size_of(dtype)) }, bytes });
    }
    write_safetensors(folder / "m", tensors);
    const safetensors_file file(folder / "m");
    for (const named_tensor& tensor : tensors)
        CHECK(file.tensor(tensor.name).dtype == tensor.dtype);
}

TEST_CASE("the same content gives the same bytes, aligned, whatever the order")
{
    const temporary_folder folder;
    const std::array<float, 1> x { 1 };
    const std::array<std::uint8_t, 3> u { 1, 2, 3 };
    const named_tensor a = make_named_tensor<std::uint8_t>("a", u, { 3 }), b = make_named_tensor<float>("b", x, { 1 }),
                       c = make_named_tensor<float>("c", x, {});
    write_safetensors(folder / "1", std::array { a, b, c });
    write_safetensors(folder / "2", std::array { c, a, b });
    const std::string text = content(folder / "1");
    CHECK(text == content(folder / "2"));
    const std::string header = R"({"b":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},)"
                               R"("c":{"dtype":"F32","shape":[],"data_offsets":[4,8]},)"
                               R"("a":{"dtype":"U8","shape":[3],"data_offsets":[8,11]}})";
    CHECK(text.substr(8, header.size()) == header);
    CHECK((text.size() - 11) % 8 == 0);
    CHECK(text.substr(text.size() - 3) == "\x01\x02\x03");
}

TEST_CASE("a file without tensors")
{
    const temporary_folder folder;
    write_safetensors(folder / "m", {});
    CHECK(content(folder / "m") == file_of("{}      "));
    CHECK(safetensors_file(folder / "m").names().empty());
    CHECK(load(file_of("{}")).metadata().empty());
}

TEST_CASE("aligned data are not copied, unaligned ones are readable all the same")
{
    const std::string data("\x01\x00\x02\x00\x07\x08\x09", 7);
    for (int spaces = 0; spaces < 8; ++spaces)
    {
        const auto text = file_of(std::string(pair_header) + std::string(static_cast<std::size_t>(spaces), ' '), data);
        auto bytes = to_bytes(text);
        const auto* const begin = bytes.data();
        const auto* const end = begin + bytes.size();
        const safetensors_file file(std::move(bytes));
        const named_tensor &a = file.tensor("a"), &b = file.tensor("b");
        CHECK(a.as<std::int16_t>()[1] == 2);
        CHECK(b.as<std::uint8_t>()[2] == 9);
        CHECK(reinterpret_cast<std::uintptr_t>(a.bytes.data()) % 2 == 0);
        CHECK((b.bytes.data() > begin && b.bytes.data() < end));
        CHECK((a.bytes.data() > begin && a.bytes.data() < end) == ((8 + pair_header.size()) % 2 == spaces % 2));
    }
}

TEST_CASE("views survive a move of the file")
{
    safetensors_file first = load(file_of(std::string(pair_header) + " ", std::string(7, '\1')));
    const auto before = first.tensor("a").as<std::int16_t>();
    const safetensors_file second = std::move(first);
    CHECK(second.tensor("a").as<std::int16_t>().data() == before.data());
    CHECK(before[0] == 0x101);
}

namespace
{
    template <class File>
    concept hands_out_tensors = requires(File&& file)
    {
        std::forward<File>(file).tensor("a");
    };
}
static_assert(hands_out_tensors<safetensors_file&> && !hands_out_tensors<safetensors_file>,
              "a view of a temporary file would dangle");

TEST_CASE("a wrong name or element type is refused with both")
{
    const safetensors_file file = load(file_of(pair_header, std::string(7, '\1')));
    CHECK(error_of([&] { file.tensor("c"); }) == "quantkit: f has no tensor 'c'");
    CHECK(error_of([&] { file.tensor("a").as<float>(); })
          == "quantkit: tensor 'a' holds int16, which cannot be read as float32");
    CHECK_THROWS_AS(file.tensor("c"), std::invalid_argument);
}

TEST_CASE("unusual but valid files load")
{
    const auto size_of_a = [](std::string_view header)
    {
        const safetensors_file file = load(file_of(header, "abcd"));
        return file.tensor("a").bytes.size();
    };
    CHECK(size_of_a(R"({"b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]},)"
                    R"("a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]}})")
          == 3);
    CHECK(size_of_a(R"({"a":{"dtype":"U8","shape":[4],"data_offsets":[0,4],"later":{"more":[1,{}]}}} )") == 4);
    CHECK(size_of_a(R"({"a":{"dtype":"U8","shape":[0],"data_offsets":[2,2]},)"
                    R"("c":{"dtype":"U8","shape":[2],"data_offsets":[2,4]},)"
                    R"("b":{"dtype":"U8","shape":[2],"data_offsets":[0,2]}})")
          == 0);
}

TEST_CASE("a header length beyond the file or the limit is refused")
{
    const auto error = [](const std::string& text) { return error_of([&] { load(text); }); };
    CHECK(mentions(error(""), "truncated: 0 bytes, fewer than the 8"));
    CHECK(mentions(error("1234567"), "truncated: 7 bytes"));
    CHECK(mentions(error(with_length("{}", 3)), "the header takes 3 bytes, but only 2 follow"));
    CHECK(mentions(error(with_length("{}", 100'000'000)), "the header takes 100000000 bytes, but only 2"));
    CHECK(mentions(error(with_length("{}", 100'000'001)), "100000001 bytes is longer than the allowed 100000000"));
    CHECK(mentions(error(with_length("{}", ~std::uint64_t { 0 })), "18446744073709551615 bytes is longer"));
    CHECK(mentions(error(with_length("{}", 0)), "must begin with '{', but begins with ''"));
}

TEST_CASE("a header that is no JSON object in UTF-8 is refused")
{
    CHECK(mentions(error_for("[]"), "must begin with '{', but begins with '['"));
    CHECK(mentions(error_for(" {}"), "must begin with '{', but begins with ' '"));
    CHECK(mentions(error_for("{"), "not valid JSON"));
    CHECK(mentions(error_for("{} x"), "not valid JSON"));
    CHECK(mentions(error_for("{}{}"), "not valid JSON"));
    CHECK(mentions(error_for(R"({"a":1e999})"), "not valid JSON"));
    CHECK(mentions(error_for(std::string_view("{}\0{}", 5)), "a zero byte at 2"));
    CHECK(mentions(error_for("{\"a\xff\":1}"), "not valid JSON in UTF-8"));
    CHECK(mentions(error_for("{\"\xc0\x80\":1}"), "not valid JSON in UTF-8"));
    CHECK(mentions(error_for("{\"\xed\xa0\x80\":1}"), "not valid JSON in UTF-8"));
    CHECK(mentions(error_for(R"({"\ud800":1})"), "not valid JSON"));
    CHECK(error_for("{" + std::string(1'000'000, 'x')).size() < 500);
}

TEST_CASE("repeated names are refused")
{
    const std::string entry = R"({"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
    CHECK(mentions(error_for("{\"a\":" + entry + ",\"a\":" + entry + "}"), "the name 'a' is repeated"));
    CHECK(mentions(error_for("{\"a\":" + entry + ",\"\\u0061\":" + entry + "}"), "the name 'a' is repeated"));
    CHECK(mentions(error_for(R"({"a":{"dtype":"U8","dtype":"U8","shape":[0],"data_offsets":[0,0]}})"),
                   "'dtype' is repeated"));
    CHECK(mentions(error_for(R"({"__metadata__":{},"__metadata__":{}})"), "'__metadata__' is repeated"));
    CHECK(mentions(error_for(R"({"__metadata__":{"k":"1","k":"2"}})"), "'k' is repeated"));
}

TEST_CASE("deep nesting is refused early")
{
    CHECK(mentions(error_for("{\"a\":" + std::string(1'000'000, '[')), "nested deeper than 8"));
    std::string objects;
    for (int i = 0; i < 100'000; ++i)
        objects += "{\"a\":";
    CHECK(mentions(error_for(objects), "nested deeper than 8"));
}

TEST_CASE("metadata other than strings to strings are refused")
{
    CHECK(mentions(error_for(R"({"__metadata__":[]})"), "__metadata__ must be an object, but is '[]'"));
    CHECK(mentions(error_for(R"({"__metadata__":{"k":1}})"), "maps 'k' to '1'"));
    CHECK(mentions(error_for(R"({"__metadata__":{"k":{}}})"), "maps 'k' to '{}'"));
    CHECK(mentions(error_for(R"({"__metadata__":null})"), "but is 'null'"));
}

TEST_CASE("malformed entries are refused with the tensor's name and the values")
{
    CHECK(mentions(error_for(R"({"a":1})"), "tensor 'a': the entry must be an object, but is '1'"));
    CHECK(mentions(error_for(R"({"a":[]})"), "tensor 'a': the entry must be an object, but is '[]'"));
    CHECK(mentions(error_for(R"({"a":{"shape":[],"data_offsets":[0,0]}})"), "tensor 'a': the entry has no dtype"));
    CHECK(mentions(error_for(R"({"a":{"dtype":"U8","data_offsets":[0,0]}})"), "tensor 'a': the entry has no shape"));
    CHECK(mentions(error_for(R"({"a":{"dtype":"U8","shape":[]}})"), "tensor 'a': the entry has no data_offsets"));
    CHECK(mentions(error_for(one_tensor("\"F4\"", "[]", "[0,0]")), "tensor 'a': unknown dtype '\"F4\"'"));
    CHECK(mentions(error_for(one_tensor("\"f32\"", "[]", "[0,0]")), "unknown dtype"));
    CHECK(mentions(error_for(one_tensor("3", "[]", "[0,0]")), "tensor 'a': unknown dtype '3'"));
    CHECK(mentions(error_for(one_tensor("\"U8\"", "[-1]", "[0,0]")), "shape must be an array of integers from 0 to"));
    CHECK(mentions(error_for(one_tensor("\"U8\"", "[1.0]", "[0,1]"), "a"), "but is '[1.0]'"));
    CHECK(mentions(error_for(one_tensor("\"U8\"", "3", "[0,3]"), "abc"), "but is '3'"));
    CHECK(mentions(error_for(one_tensor("\"U8\"", "[[1]]", "[0,1]"), "a"), "but is '[[1]]'"));
    CHECK(mentions(error_for(one_tensor("\"U8\"", "[1,1,1,1,1,1,1,1,1]", "[0,1]"), "a"), "more than 8 extents"));
    CHECK(mentions(error_for(one_tensor("\"U8\"", "[9223372036854775808]", "[0,0]")), "9223372036854775808"));
    CHECK(mentions(error_for(one_tensor("\"U8\"", "[99999999999999999999]", "[0,0]")), "shape must be"));
}

TEST_CASE("sizes and offsets that do not fit are refused with the numbers")
{
    const auto u8 = [](std::string_view shape, std::string_view offsets, std::string_view data)
    { return error_for(one_tensor("\"U8\"", shape, offsets), data); };
    CHECK(u8("[4]", "[0,4]", "abcd").empty());
    CHECK(mentions(u8("[4]", "[0,3]", "abc"),
                   "tensor 'a': the shape [4] of uint8 takes 4 bytes, but data_offsets [0, 3] span 3"));
    CHECK(mentions(u8("[4]", "[4,0]", "abcd"), "with begin <= end, but are [4, 0]"));
    CHECK(mentions(u8("[4]", "[0]", "abcd"), "but are [0]"));
    CHECK(mentions(u8("[4]", "[0,2,4]", "abcd"), "but are [0, 2, 4]"));
    CHECK(mentions(u8("[4]", "[-4,0]", "abcd"), "but is '[-4,0]'"));
    CHECK(mentions(u8("[4]", "\"0,4\"", "abcd"), "data_offsets must be an array"));
    CHECK(mentions(u8("[4]", "[0,4]", "abc"), "data_offsets [0, 4] reach beyond the 3 bytes of data"));
    CHECK(mentions(u8("[4]", "[1,5]", "abcde"),
                   "data_offsets [1, 5] leave a hole after the tensor before, which ends at 0"));
    CHECK(mentions(u8("[4]", "[0,4]", "abcde"), "the tensors end at byte 4 of the data, which has 5"));
    const bool is_64_bit = sizeof(std::size_t) == 8;
    CHECK(mentions(u8("[4294967296,4294967296]", "[0,0]", ""),
                   is_64_bit ? "the shape [4294967296, 4294967296] has too many elements" : "from 0 to 2147483647"));
    CHECK(mentions(u8("[9223372036854775807]", "[0,9223372036854775807]", "a"),
                   is_64_bit ? "reach beyond the 1 bytes" : "from 0 to 2147483647"));
    CHECK(mentions(u8("[1]", "[9223372036854775806,9223372036854775807]", "a"),
                   is_64_bit ? "reach beyond the 1 bytes" : "from 0 to 2147483647"));
    CHECK(mentions(u8("[1]", "[18446744073709551615,0]", "a"), "integers from 0 to"));
    CHECK(mentions(error_for(one_tensor("\"F32\"", "[2]", "[0,2]"), "ab"), "of float32 takes 8 bytes"));
    CHECK(mentions(error_for(R"({"a":{"dtype":"U8","shape":[3],"data_offsets":[0,3]},)"
                             R"("b":{"dtype":"U8","shape":[2],"data_offsets":[2,4]}})",
                             "abcd"),
                   "tensor 'b': data_offsets [2, 4] overlap the tensor before, which ends at 3"));
    CHECK(mentions(error_for(R"({"a":{"dtype":"U8","shape":[2],"data_offsets":[0,2]},)"
                             R"("b":{"dtype":"U8","shape":[1],"data_offsets":[3,4]}})",
                             "abcd"),
                   "tensor 'b': data_offsets [3, 4] leave a hole after the tensor before, which ends at 2"));
}

TEST_CASE("every truncation is refused")
{
    const std::string whole = file_of(pair_header, "abcdefg");
    for (std::size_t size = 0; size < whole.size(); ++size)
        CHECK_THROWS_AS(load(whole.substr(0, size)), io_error);
}

TEST_CASE("flipped bits load or throw io_error, nothing else")
{
    random_bits random(2);
    const std::string whole = file_of(pair_header, "abcdefg");
    int loaded = 0, refused = 0;
    for (int round = 0; round < 20'000; ++round)
    {
        std::string text = whole;
        const auto last = static_cast<std::int64_t>(text.size()) - 1;
        for (std::int64_t flips = random.integer(1, 4); flips > 0; --flips)
            text[static_cast<std::size_t>(random.integer(0, last))] ^= static_cast<char>(1 << random.integer(0, 6));
        try
        {
            const safetensors_file file = load(text);
            for (const std::string& name : file.names())
                CHECK(byte_count(file.tensor(name).shape, file.tensor(name).dtype) == file.tensor(name).bytes.size());
            ++loaded;
        }
        catch (const io_error&)
        {
            ++refused;
        }
    }
    CHECK(loaded > 100);
    CHECK(refused > 1000);
}

TEST_CASE("a file that cannot be read is named")
{
    CHECK(error_of([] { safetensors_file file("missing"); })
          == "quantkit: cannot read 'missing': No such file or directory");
}

TEST_CASE("what cannot be written is refused, and the old file stays")
{
    const temporary_folder folder;
    put(folder / "m", "old");
    const std::array<float, 2> x { 1, 2 };
    const named_tensor good = make_named_tensor<float>("a", x, { 2 });
    const auto error = [&](std::vector<named_tensor> tensors, const std::map<std::string, std::string>& metadata = {})
    {
        CHECK_THROWS_AS(write_safetensors(folder / "m", tensors, metadata), std::invalid_argument);
        return error_of([&] { write_safetensors(folder / "m", tensors, metadata); });
    };
    CHECK(error({ good, good }) == "quantkit: the tensor name 'a' is repeated or reserved");
    CHECK(error({ { "__metadata__", data_type::int8, { 0 }, {} } }).find("reserved") != std::string::npos);
    CHECK(error({ { "\xff", data_type::int8, { 0 }, {} } }).find("must be UTF-8") != std::string::npos);
    CHECK(error({}, { { "k", "\xff" } }).find("must be UTF-8") != std::string::npos);
    CHECK(error({ { "b", data_type::float32, { 3 }, good.bytes } })
          == "quantkit: tensor 'b' has 8 bytes, but its shape [3] of float32 does not take that many");
    CHECK(error({ { "b", data_type::float32, { -2 }, good.bytes } }).find("[-2]") != std::string::npos);
    CHECK_THROWS_AS(make_named_tensor<float>("b", x, { 3 }), std::invalid_argument);
    CHECK_THROWS_AS(write_safetensors(folder / "missing/m", std::array { good }), io_error);
    CHECK(content(folder / "m") == "old");
    CHECK(folder.entries() == 1);
}
