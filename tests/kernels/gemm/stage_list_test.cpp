// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/gemm/stage_list.hpp>

#include <doctest/doctest.h>

#include <type_traits>
#include <utility>
#include <vector>

namespace
{
    using namespace quantkit::kernels;

    struct add
    {
        int value = 0;
    };
    struct scale
    {
        float value = 1.0f;
    };

    // Counts how often it is copied.
    struct counts_copies
    {
        int* copies;

        explicit counts_copies(int& count)
            : copies(&count)
        {
        }
        counts_copies(const counts_copies& other)
            : copies(other.copies)
        {
            ++*copies;
        }
        counts_copies(counts_copies&&) = default;
    };

    static_assert(stage_list<>::size == 0 && stage_list<add, scale, add>::size == 3);
    static_assert(std::is_trivially_copyable_v<stage_list<add, scale>>);
}

TEST_CASE("stages keep their order, and equal types their places")
{
    const stage_list list { add { 1 }, scale { 2.0f }, add { 3 } };
    static_assert(std::is_same_v<decltype(list), const stage_list<add, scale, add>>);
    CHECK(stage_at<0>(list).value == 1);
    CHECK(stage_at<1>(list).value == 2.0f);
    CHECK(stage_at<2>(list).value == 3);
    CHECK(stage_of<scale>(list).value == 2.0f);
    CHECK(list.apply([](const add& a, const scale& b, const add& c)
                     { return 100 * a.value + 10 * static_cast<int>(b.value) + c.value; })
          == 123);
}

TEST_CASE("stages without values have those of their types")
{
    const stage_list<add, scale> list;
    CHECK(stage_at<0>(list).value == 0);
    CHECK(stage_at<1>(list).value == 1.0f);
}

TEST_CASE("a stage is moved into its list")
{
    std::vector<int> values { 1, 2, 3 };
    const int* const memory = values.data();
    const stage_list list { std::move(values), add { 4 } };
    CHECK(stage_at<0>(list).data() == memory);
}

TEST_CASE("joining lists moves their stages")
{
    int copies = 0;
    const auto all = joined(stage_list { add { 1 } }, stage_list { counts_copies(copies) }, stage_list<> {},
                            stage_list { counts_copies(copies), scale { 2.0f } });
    static_assert(std::is_same_v<decltype(all), const stage_list<add, counts_copies, counts_copies, scale>>);
    CHECK(copies == 0);
}

TEST_CASE("lists are joined in order, empty ones too")
{
    const stage_list<> none;
    const stage_list first { add { 1 } };
    const stage_list second { scale { 2.0f }, add { 3 } };
    const auto all = joined(none, first, none, second);
    static_assert(std::is_same_v<decltype(all), const stage_list<add, scale, add>>);
    CHECK(stage_at<0>(all).value == 1);
    CHECK(stage_at<1>(all).value == 2.0f);
    CHECK(stage_at<2>(all).value == 3);
    static_assert(std::is_same_v<decltype(joined(none, none)), stage_list<>>);
    static_assert(std::is_same_v<decltype(joined()), stage_list<>>);
}
