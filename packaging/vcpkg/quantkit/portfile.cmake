# An overlay port of the checkout that it lies in: vcpkg install quantkit --overlay-ports=packaging/vcpkg
cmake_path(SET SOURCE_PATH NORMALIZE "${CURRENT_PORT_DIR}/../../..")

vcpkg_check_features(OUT_FEATURE_OPTIONS FEATURE_OPTIONS
    FEATURES
        dispatch QUANTKIT_BUILD_DISPATCH
        model    QUANTKIT_BUILD_MODEL
)
if(NOT "dispatch" IN_LIST FEATURES AND NOT "model" IN_LIST FEATURES)
    set(VCPKG_BUILD_TYPE release) # header-only
endif()

vcpkg_cmake_configure(
    SOURCE_PATH "${SOURCE_PATH}"
    OPTIONS
        ${FEATURE_OPTIONS}
        -DQUANTKIT_INSTALL=ON
        -DQUANTKIT_BUILD_TESTS=OFF
        -DQUANTKIT_BUILD_BENCHMARKS=OFF
        -DQUANTKIT_BUILD_EXAMPLES=OFF
)
vcpkg_cmake_install()
vcpkg_cmake_config_fixup(CONFIG_PATH share/cmake/quantkit)
vcpkg_fixup_pkgconfig()

# The debug build's copies of what is the same in every build: headers, licence, pkg-config file.
file(REMOVE_RECURSE "${CURRENT_PACKAGES_DIR}/debug/include" "${CURRENT_PACKAGES_DIR}/debug/share")
file(INSTALL "${CMAKE_CURRENT_LIST_DIR}/usage" DESTINATION "${CURRENT_PACKAGES_DIR}/share/${PORT}")
vcpkg_install_copyright(FILE_LIST "${SOURCE_PATH}/LICENSE")
