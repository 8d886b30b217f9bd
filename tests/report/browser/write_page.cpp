// SPDX-License-Identifier: BSD-3-Clause
// write_page FILE: the report of 57 layers with something in all of its places, for a browser to look at.
#include <quantkit/report/html_report.hpp>

#include "report/sample_report.hpp"

#include <fstream>

int main(int argc, char** argv)
{
    if (argc != 2)
        return 2;
    std::ofstream file(argv[1]);
    file << quantkit::report_to_html(quantkit::test::sample_report());
    return file.flush() ? 0 : 1;
}
