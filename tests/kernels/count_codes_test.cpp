// SPDX-License-Identifier: BSD-3-Clause
#include <quantkit/kernels/count_codes.hpp>

#include "kernels/cases.hpp"
#include "support/checks.hpp"
#include "support/guarded_buffer.hpp"
#include "support/random.hpp"

#include <doctest/doctest.h>

#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace
{
    using namespace quantkit::test;
    using quantkit::kernels::code_values;
    using quantkit::kernels::count_codes;

    template <class Code>
    void check_counts(const std::vector<Code>& codes)
    {
        const guarded_buffer<Code> guarded(codes);
        std::vector<std::uint64_t> counts(code_values<Code>, 7), expected = counts;
        for (const Code code : codes)
            ++expected[static_cast<std::size_t>(code - std::numeric_limits<Code>::min())];
        count_codes(guarded.data(), guarded.size(), counts.data());
        require_equal(counts, expected);
    }
}

TEST_CASE_TEMPLATE("every code is counted, for every count", Code, std::int8_t, std::uint8_t, std::int16_t,
                   std::uint16_t)
{
    for (const std::size_t count : counts_to_test())
    {
        if (sizeof(Code) > 1 && count % 10 != 0)
            continue; // 65,536 counters each time
        check_counts(random_codes<Code>(count, count));
        check_counts(extreme_codes<Code>(count, count));
    }
    check_counts(std::vector<Code>(5000, std::numeric_limits<Code>::max()));
}
