# SPDX-License-Identifier: BSD-3-Clause
# A second program, which links quantkit::dispatch; it runs as soon as it is built.
add_executable(consumer_dispatch "${CMAKE_CURRENT_LIST_DIR}/main_dispatch.cpp")
target_link_libraries(consumer_dispatch PRIVATE quantkit::dispatch)
add_custom_command(TARGET consumer_dispatch POST_BUILD COMMAND consumer_dispatch)
