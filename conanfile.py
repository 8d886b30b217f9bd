# SPDX-License-Identifier: BSD-3-Clause
"""Conan 2 recipe: headers by default, the static libraries quantkit::dispatch and quantkit::model as options."""
import os
import re

from conan import ConanFile
from conan.tools.build import check_min_cppstd
from conan.tools.cmake import CMake, CMakeDeps, CMakeToolchain, cmake_layout
from conan.tools.files import copy, load, rmdir

required_conan_version = ">=2.0"


class QuantkitConan(ConanFile):
    name = "quantkit"
    description = "Quantization of neural networks: calibrate, quantize, run, measure, decide"
    license = "BSD-3-Clause"
    topics = ("quantization", "int8", "calibration", "gemm", "header-only")
    settings = "os", "arch", "compiler", "build_type"
    options = {
        "dispatch": [True, False],  # element-wise kernels of every ISA, chosen at run time
        "model": [True, False],  # the model layer, compiled once
    }
    default_options = {
        "dispatch": False,
        "model": False,
    }
    exports_sources = "CMakeLists.txt", "LICENSE", "cmake/*", "include/*"
    no_copy_source = True

    @property
    def _has_libraries(self):
        return bool(self.options.dispatch or self.options.model)

    def set_version(self):
        header = load(self, os.path.join(self.recipe_folder, "include", "quantkit", "version.hpp"))
        self.version = ".".join(re.findall(r"#define QUANTKIT_VERSION_\w+ (\d+)", header))

    def configure(self):
        self.package_type = "static-library" if self._has_libraries else "header-library"

    def layout(self):
        cmake_layout(self)

    def requirements(self):
        self.requires("eigen/3.4.0", transitive_headers=True)
        self.requires("xsimd/13.2.0", transitive_headers=True)
        self.requires("nlohmann_json/3.11.3", transitive_headers=True)  # quantkit::io

    def package_id(self):
        if not (self.info.options.dispatch or self.info.options.model):
            self.info.clear()

    def validate(self):
        check_min_cppstd(self, 20)

    def build_requirements(self):
        if self._has_libraries:
            self.tool_requires("cmake/[>=3.25 <4]")

    def generate(self):
        if not self._has_libraries:
            return
        toolchain = CMakeToolchain(self)
        toolchain.cache_variables["QUANTKIT_BUILD_DISPATCH"] = bool(self.options.dispatch)
        toolchain.cache_variables["QUANTKIT_BUILD_MODEL"] = bool(self.options.model)
        toolchain.cache_variables["QUANTKIT_INSTALL"] = True
        for part in ("TESTS", "BENCHMARKS", "EXAMPLES"):
            toolchain.cache_variables[f"QUANTKIT_BUILD_{part}"] = False
        toolchain.generate()
        CMakeDeps(self).generate()

    def build(self):
        if self._has_libraries:
            cmake = CMake(self)
            cmake.configure()
            cmake.build()

    def package(self):
        copy(self, "LICENSE", self.source_folder, os.path.join(self.package_folder, "licenses"))
        if self._has_libraries:
            CMake(self).install()
            rmdir(self, os.path.join(self.package_folder, "share"))  # CMakeDeps writes the package's files
        else:
            include = os.path.join(self.source_folder, "include")
            for pattern in ("*.hpp", "*.inl"):
                copy(self, pattern, include, os.path.join(self.package_folder, "include"))

    def package_info(self):
        self.cpp_info.set_property("cmake_file_name", "quantkit")
        self.cpp_info.set_property("cmake_config_version_compat", "SameMinorVersion")
        # CMakeDeps links every component into the package's own target. Named quantkit::quantkit, as by default, it
        # would bring io, the libraries and their definitions to whoever wants the headers.
        self.cpp_info.set_property("cmake_target_name", "quantkit::all")
        self.cpp_info.set_property("pkg_config_name", "quantkit-all")
        self._add_component("quantkit", ["eigen::eigen", "xsimd::xsimd"])
        self._add_component("io", ["quantkit", "nlohmann_json::nlohmann_json"])
        if self.options.dispatch:
            self._add_library("dispatch", "QUANTKIT_DISPATCH")
        if self.options.model:
            self._add_library("model", "QUANTKIT_COMPILED_MODEL")

    def _add_component(self, name, requires):
        component = self.cpp_info.components[name]
        component.set_property("cmake_target_name", f"quantkit::{name}")
        component.set_property("pkg_config_name", name if name == "quantkit" else f"quantkit-{name}")
        component.requires = requires
        component.bindirs = []
        component.libdirs = []
        return component

    def _add_library(self, name, definition):
        component = self._add_component(name, ["quantkit"])
        component.libs = [f"quantkit_{name}"]
        component.libdirs = ["lib"]
        component.defines = [definition]
