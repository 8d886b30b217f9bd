# SPDX-License-Identifier: BSD-3-Clause
# Runs the vcpkg port against stand-ins for vcpkg's functions, and looks at the package that is left as vcpkg does: a
# debug build leaves libraries only, no folder is empty, nothing that the release build installs is lost.
#
# usage: cmake -DPORT_DIR=packaging/vcpkg/quantkit -DWORK_DIR=folder -P check_port.cmake
cmake_minimum_required(VERSION 3.25)

function(vcpkg_check_features)
endfunction()

function(vcpkg_cmake_configure)
endfunction()

# What cmake/quantkit_install.cmake installs, by one file of each kind.
function(vcpkg_cmake_install)
    set(prefixes "${CURRENT_PACKAGES_DIR}")
    if(NOT VCPKG_BUILD_TYPE STREQUAL "release")
        list(APPEND prefixes "${CURRENT_PACKAGES_DIR}/debug")
    endif()
    set(libraries ${FEATURES})
    list(REMOVE_ITEM libraries core)
    list(TRANSFORM libraries REPLACE "(.+)" "lib/libquantkit_\\1.a")
    foreach(prefix IN LISTS prefixes)
        foreach(file IN ITEMS include/quantkit/version.hpp share/cmake/quantkit/quantkit-config.cmake
                share/doc/quantkit/LICENSE share/pkgconfig/quantkit.pc ${libraries})
            file(WRITE "${prefix}/${file}" "")
        endforeach()
    endforeach()
endfunction()

# Moves the release build's package files, drops those of the debug build, and debug/share if no file is left in it.
function(vcpkg_cmake_config_fixup)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" CONFIG_PATH "")
    file(COPY "${CURRENT_PACKAGES_DIR}/${arg_CONFIG_PATH}/" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
    file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/share/cmake" "${CURRENT_PACKAGES_DIR}/debug/share/cmake")
    file(GLOB_RECURSE remaining "${CURRENT_PACKAGES_DIR}/debug/share/*")
    if(NOT remaining)
        file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/share")
    endif()
endfunction()

function(vcpkg_fixup_pkgconfig)
    file(WRITE "${CURRENT_PACKAGES_DIR}/share/pkgconfig/quantkit.pc" "fixed")
endfunction()

function(vcpkg_install_copyright)
    cmake_parse_arguments(PARSE_ARGV 0 arg "" "" FILE_LIST)
    configure_file("${arg_FILE_LIST}" "${CURRENT_PACKAGES_DIR}/share/${PORT}/copyright" COPYONLY)
endfunction()

function(expect_no_empty_folder package what)
    file(GLOB_RECURSE paths LIST_DIRECTORIES true "${package}/*")
    foreach(path IN LISTS paths)
        file(GLOB content "${path}/*")
        if(IS_DIRECTORY "${path}" AND NOT content)
            message(FATAL_ERROR "The port with ${what} leaves an empty folder: ${path}")
        endif()
    endforeach()
endfunction()

# build_type is that of the triplet: empty, for debug and release, or release.
function(check_port features build_type)
    set(PORT quantkit)
    set(FEATURES core ${features})
    set(VCPKG_BUILD_TYPE ${build_type})
    set(CURRENT_PORT_DIR "${PORT_DIR}")
    set(CURRENT_PACKAGES_DIR "${WORK_DIR}")
    file(REMOVE_RECURSE "${WORK_DIR}")
    include("${PORT_DIR}/portfile.cmake")

    set(expected include/quantkit/version.hpp share/doc/quantkit/LICENSE share/pkgconfig/quantkit.pc
        share/quantkit/copyright share/quantkit/quantkit-config.cmake share/quantkit/usage)
    foreach(feature IN LISTS features)
        list(APPEND expected lib/libquantkit_${feature}.a)
        if(NOT build_type)
            list(APPEND expected debug/lib/libquantkit_${feature}.a)
        endif()
    endforeach()
    list(SORT expected)
    file(GLOB_RECURSE files RELATIVE "${WORK_DIR}" "${WORK_DIR}/*")
    list(SORT files)
    set(what "features '${features}' and build type '${build_type}'")
    if(NOT files STREQUAL expected)
        list(JOIN files "\n  " files)
        list(JOIN expected "\n  " expected)
        message(FATAL_ERROR "The port with ${what} leaves\n  ${files}\nand should leave\n  ${expected}")
    endif()
    expect_no_empty_folder("${WORK_DIR}" "${what}")
    file(READ "${WORK_DIR}/share/pkgconfig/quantkit.pc" pkg_config)
    if(NOT pkg_config STREQUAL "fixed")
        message(FATAL_ERROR "The port with ${what} does not call vcpkg_fixup_pkgconfig")
    endif()
endfunction()

foreach(build_type IN ITEMS "" release)
    foreach(features IN ITEMS "" dispatch model "dispatch;model")
        check_port("${features}" "${build_type}")
    endforeach()
endforeach()
