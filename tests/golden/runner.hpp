// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// Runs the library on golden vectors: every case of an op, every output of a case, and the ops of a family.
///
/// Nothing is left out silently: an output that a test does not compare, an op that it does not name and an op without
/// cases are failures.
#pragma once

#include "manifest.hpp"
#include "tolerance.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cstddef>
#include <exception>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace quantkit::golden
{
    /// One case while the library's results for it are compared.
    class case_run : public test_case
    {
    public:
        explicit case_run(test_case test)
            : test_case(std::move(test))
        {
        }

        /// A range of numbers in the output's order (row-major).
        template <class Elements>
        void compare(const std::string& name, const Elements& got)
        {
            expect_agreement(name, values(got.begin(), got.end()), output(name), tolerance_of(name));
            compared_.insert(name);
        }

        /// An output with one element.
        void compare_scalar(const std::string& name, double got) { compare(name, values { got }); }

        /// With an array of aux, exactly, where mask (empty: everywhere) is 1.
        template <class Elements>
        void compare_aux(const std::string& name, const Elements& got, values mask = {})
        {
            tolerance exact;
            exact.mask = std::move(mask);
            expect_agreement(name, values(got.begin(), got.end()), aux(name), exact);
        }

        void expect(bool condition, const std::string& expectation)
        {
            if (!condition)
                failures_.push_back(name() + ": " + expectation);
        }

        bool has_compared(const std::string& name) const { return compared_.contains(name); }
        const std::vector<std::string>& failures() const { return failures_; }

    private:
        void expect_agreement(const std::string& name, const values& got, const npy_array& want, const tolerance& t)
        {
            const std::string text = difference(got, to_values(want), t);
            expect(text.empty(), name + ": " + text);
        }

        std::set<std::string> compared_;
        std::vector<std::string> failures_;
    };

    /// What came of the cases of one op.
    struct op_result
    {
        std::size_t cases = 0, outputs = 0, not_covered = 0;
        std::vector<std::string> failures;
    };

    namespace detail
    {
        inline bool begins_with_one_of(const std::string& name, const std::set<std::string>& prefixes)
        {
            return std::any_of(prefixes.begin(), prefixes.end(),
                               [&](const std::string& prefix) { return name.starts_with(prefix); });
        }

        inline void count_outputs(case_run& run, const std::set<std::string>& later, op_result& result)
        {
            for (const std::string& name : run.output_names())
            {
                const bool was_compared = run.has_compared(name);
                run.expect(was_compared != begins_with_one_of(name, later),
                           name + (was_compared ? ": compared, yet listed as later" : ": not compared"));
                ++(was_compared ? result.outputs : result.not_covered);
            }
        }
    }

    /// action(case_run&) compares every output but those whose names begin with one of `later`.
    template <class Action>
    op_result run_cases(const std::vector<test_case>& cases, Action action, const std::set<std::string>& later = {})
    {
        op_result result;
        for (const test_case& test : cases)
        {
            case_run run(test);
            try
            {
                action(run);
                detail::count_outputs(run, later, result);
            }
            catch (const std::exception& error)
            {
                run.expect(false, error.what());
            }
            ++result.cases;
            result.failures.insert(result.failures.end(), run.failures().begin(), run.failures().end());
        }
        return result;
    }

    /// What is wrong with the ops of a family: they must be exactly the covered ones, and of those to come any.
    inline std::vector<std::string> wrong_ops(const family& vectors, const std::set<std::string>& covered,
                                              const std::set<std::string>& later)
    {
        std::vector<std::string> failures;
        const auto ops = vectors.ops();
        for (const std::string& op : covered)
            if (!ops.contains(op))
                failures.push_back(op + ": no cases");
        for (const auto& op : ops)
            if (covered.contains(op.first) == later.contains(op.first))
                failures.push_back(op.first + ": no test knows this op");
        return failures;
    }

    /// Runs all cases of an op as checks of the current test, and prints how many there were.
    template <class Action>
    void check_cases(const std::string& family_name, const std::string& op, Action action,
                     const std::set<std::string>& later = {})
    {
        const op_result result = run_cases(family(family_name).cases(op), action, later);
        for (const std::string& failure : result.failures)
            FAIL_CHECK(family_name, "/", failure);
        CHECK_MESSAGE(result.cases > 0, family_name, "/", op, " has no cases");
        MESSAGE(family_name, "/", op, ": ", result.cases, " cases, ", result.outputs, " outputs compared, ",
                result.not_covered, " not covered");
    }

    /// Checks the ops of a family, and prints what is still to come.
    inline void check_ops(const std::string& family_name, const std::set<std::string>& covered,
                          const std::set<std::string>& later = {})
    {
        const family vectors(family_name);
        const auto failures = wrong_ops(vectors, covered, later);
        CHECK(failures.empty());
        for (const std::string& failure : failures)
            FAIL_CHECK(family_name, "/", failure);
        for (const auto& op : vectors.ops())
            if (later.contains(op.first))
                MESSAGE(family_name, "/", op.first, ": ", op.second, " cases not covered");
    }
}
