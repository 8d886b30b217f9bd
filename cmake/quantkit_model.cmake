# SPDX-License-Identifier: BSD-3-Clause
# quantkit::model: what include/quantkit/model/ and training/ need longest to compile, compiled once. Programs that link
# it must have the same -m flags; without it the headers hold all.
add_library(quantkit_model STATIC cmake/quantkit_model.cpp cmake/quantkit_training.cpp)
add_library(quantkit::model ALIAS quantkit_model)
set_target_properties(quantkit_model PROPERTIES EXPORT_NAME model POSITION_INDEPENDENT_CODE ON)
target_link_libraries(quantkit_model PUBLIC quantkit)
target_compile_definitions(quantkit_model PUBLIC QUANTKIT_COMPILED_MODEL)
if(TARGET quantkit_warnings)
    target_link_libraries(quantkit_model PRIVATE $<BUILD_INTERFACE:quantkit_warnings>)
endif()
