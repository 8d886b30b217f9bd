# SPDX-License-Identifier: BSD-3-Clause
# Install rules: headers, a relocatable package for find_package(quantkit), and a pkg-config file.

include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

set(package_dir "${CMAKE_INSTALL_DATADIR}/cmake/quantkit")

install(DIRECTORY "${PROJECT_SOURCE_DIR}/include/quantkit" DESTINATION include FILES_MATCHING PATTERN "*.hpp" PATTERN "*.inl")
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION "${CMAKE_INSTALL_DOCDIR}")

install(TARGETS quantkit EXPORT quantkit)
install(EXPORT quantkit NAMESPACE quantkit:: FILE quantkit-targets.cmake DESTINATION "${package_dir}")
if(TARGET quantkit_io)
    install(TARGETS quantkit_io EXPORT quantkit-io)
    install(EXPORT quantkit-io NAMESPACE quantkit:: FILE quantkit-io-targets.cmake DESTINATION "${package_dir}")
endif()

if(TARGET quantkit_model)
    install(TARGETS quantkit_model EXPORT quantkit-model ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    install(EXPORT quantkit-model NAMESPACE quantkit:: FILE quantkit-model-targets.cmake DESTINATION "${package_dir}")
endif()

if(TARGET quantkit_dispatch)
    install(TARGETS quantkit_dispatch EXPORT quantkit-dispatch ARCHIVE DESTINATION "${CMAKE_INSTALL_LIBDIR}")
    install(EXPORT quantkit-dispatch NAMESPACE quantkit:: FILE quantkit-dispatch-targets.cmake
        DESTINATION "${package_dir}")
endif()

configure_package_config_file("${PROJECT_SOURCE_DIR}/cmake/quantkit-config.cmake.in" quantkit-config.cmake
    INSTALL_DESTINATION "${package_dir}" NO_SET_AND_CHECK_MACRO)
write_basic_package_version_file(quantkit-config-version.cmake COMPATIBILITY SameMinorVersion ARCH_INDEPENDENT)
install(FILES
    "${CMAKE_CURRENT_BINARY_DIR}/quantkit-config.cmake"
    "${CMAKE_CURRENT_BINARY_DIR}/quantkit-config-version.cmake"
    "${PROJECT_SOURCE_DIR}/cmake/quantkit_packages.cmake"
    DESTINATION "${package_dir}")

configure_file("${PROJECT_SOURCE_DIR}/cmake/quantkit.pc.in" quantkit.pc @ONLY)
install(FILES "${CMAKE_CURRENT_BINARY_DIR}/quantkit.pc" DESTINATION "${CMAKE_INSTALL_DATADIR}/pkgconfig")
