// SPDX-License-Identifier: BSD-3-Clause
/// @file
/// For the check of the API reference: a struct and a function here are documented nowhere.
#pragma once

namespace quantkit
{
    struct nameless
    {
        int count = 0;
    };

    /// low, high  of an interval
    struct interval
    {
        float low = 0.0f, high = 0.0f;

        bool mystery() const { return low > high; }
        int size() const { return 2; }
    };

    namespace detail
    {
        int hidden();
    }
}
