# SPDX-License-Identifier: BSD-3-Clause
# Finds the packages that quantkit's headers include. The project and the installed package both use this file.
#
# quantkit_find_package(NAME out) sets `out` to an empty string, or to the sentence that says what is wrong.

# Lower bounds are compared here and not in find_package(): Eigen 5 answers "no" to find_package(Eigen3 3.4).
set(quantkit_minimum_Eigen3 3.4)
set(quantkit_minimum_xsimd 8.1)
set(quantkit_minimum_nlohmann_json 3.7)

set(quantkit_target_Eigen3 Eigen3::Eigen)
set(quantkit_target_xsimd xsimd)
set(quantkit_target_nlohmann_json nlohmann_json::nlohmann_json)
set(quantkit_target_doctest doctest::doctest)
set(quantkit_target_benchmark benchmark::benchmark)
set(quantkit_target_ZLIB ZLIB::ZLIB)

# Debian's xsimd 8.1 says that it links with xtl, which it neither installs nor needs: programs would not link.
function(quantkit_mend_xsimd)
    get_target_property(libraries xsimd INTERFACE_LINK_LIBRARIES)
    if(libraries STREQUAL "xtl" AND NOT TARGET xtl)
        set_target_properties(xsimd PROPERTIES INTERFACE_LINK_LIBRARIES "")
    endif()
endfunction()

macro(quantkit_find_package name out)
    set(${out} "")
    if(NOT TARGET ${quantkit_target_${name}})
        find_package(${name} QUIET)
    endif()
    if("${name}" STREQUAL "xsimd" AND TARGET xsimd::xsimd AND NOT TARGET xsimd)
        add_library(xsimd INTERFACE IMPORTED)
        target_link_libraries(xsimd INTERFACE xsimd::xsimd)
    endif()
    if("${name}" STREQUAL "xsimd" AND TARGET xsimd)
        quantkit_mend_xsimd()
    endif()
    if(NOT TARGET ${quantkit_target_${name}})
        set(${out} "${name} was not found")
    elseif(${name}_VERSION AND quantkit_minimum_${name} AND ${name}_VERSION VERSION_LESS quantkit_minimum_${name})
        set(${out} "${name} ${${name}_VERSION} is too old: quantkit needs ${quantkit_minimum_${name}} or newer")
    endif()
endmacro()
