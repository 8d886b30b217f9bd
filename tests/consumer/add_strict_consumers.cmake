# SPDX-License-Identifier: BSD-3-Clause
# Programs that allow no warning, in C++20 and C++23; they run as soon as they are built.
foreach(standard IN ITEMS 20 23)
    set(name consumer_strict_cxx${standard})
    add_executable(${name} "${CMAKE_CURRENT_LIST_DIR}/main_strict.cpp")
    target_link_libraries(${name} PRIVATE quantkit::quantkit)
    target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wold-style-cast -Werror)
    set_target_properties(${name} PROPERTIES CXX_STANDARD ${standard} CXX_EXTENSIONS OFF)
    add_custom_command(TARGET ${name} POST_BUILD COMMAND ${name})
endforeach()
