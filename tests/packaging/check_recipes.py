# SPDX-License-Identifier: BSD-3-Clause
"""Runs conanfile.py against stand-ins for Conan's classes, and compares what it and the vcpkg port say with the project.

usage: check_recipes.py PROJECT_DIR
"""
import importlib.util
import json
import pathlib
import re
import shutil
import sys
import tempfile
import types
from collections import defaultdict

sys.dont_write_bytecode = True
root = pathlib.Path(sys.argv[1])


class Options(types.SimpleNamespace):
    """Values of a recipe's options."""


class CppInfo:
    def __init__(self):
        self.properties = {}
        self.components = defaultdict(CppInfo)

    def set_property(self, name, value):
        self.properties[name] = value


class Info:
    def __init__(self, options):
        self.options = options
        self.is_clear = False

    def clear(self):
        self.is_clear = True


class ConanFile:
    pass


class CMakeToolchain:
    last = None

    def __init__(self, recipe):
        self.cache_variables = {}
        CMakeToolchain.last = self

    def generate(self):
        pass


class CMakeDeps(CMakeToolchain):
    def __init__(self, recipe):
        pass


def copy(recipe, pattern, source, destination):
    for path in sorted(pathlib.Path(source).rglob(pattern)):
        target = pathlib.Path(destination) / path.relative_to(source)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)


def stand_in(name, **members):
    module = types.ModuleType(name)
    module.__dict__.update(members)
    sys.modules[name] = module


stand_in("conan", ConanFile=ConanFile)
stand_in("conan.tools")
stand_in("conan.tools.build", check_min_cppstd=lambda recipe, standard: None)
stand_in("conan.tools.cmake", CMake=None, CMakeDeps=CMakeDeps, CMakeToolchain=CMakeToolchain, cmake_layout=None)
stand_in("conan.tools.files", copy=copy, load=lambda recipe, path: pathlib.Path(path).read_text(), rmdir=None)

spec = importlib.util.spec_from_file_location("conanfile", root / "conanfile.py")
conanfile = importlib.util.module_from_spec(spec)
spec.loader.exec_module(conanfile)


def expect(is_so, what):
    if not is_so:
        sys.exit(f"recipes: {what}")


def recipe_with(**options):
    recipe = conanfile.QuantkitConan()
    recipe.recipe_folder = recipe.source_folder = str(root)
    recipe.options = Options(**{**recipe.default_options, **options})
    recipe.info = Info(recipe.options)
    recipe.cpp_info = CppInfo()
    recipe.required = {}
    recipe.requires = lambda name, **traits: recipe.required.update({name.split("/")[0]: name})
    recipe.set_version()
    recipe.configure()
    recipe.requirements()
    recipe.package_id()
    recipe.generate()
    recipe.package_info()
    return recipe


def cmake_sources():
    return "\n".join(path.read_text() for path in [root / "CMakeLists.txt", *(root / "cmake").glob("*.cmake")])


def check_targets(recipe, expected):
    targets = {part.properties["cmake_target_name"] for part in recipe.cpp_info.components.values()}
    expect(targets == {f"quantkit::{name}" for name in expected}, f"Conan's targets are {sorted(targets)}")
    for name, component in recipe.cpp_info.components.items():
        for needed in component.requires:
            package = needed.split("::")[0]
            known = needed in recipe.cpp_info.components or package in recipe.required
            expect(known, f"component {name} needs {needed}, which is not required")
        for library in getattr(component, "libs", []):
            expect(f"add_library({library} STATIC" in cmake_sources(), f"CMake builds no library {library}")
        for definition in getattr(component, "defines", []):
            expect(re.search(rf"\b{definition}\b", cmake_sources()), f"no CMake target defines {definition}")


def check_names(recipe, name_property, default_of_package, default_of_component):
    """The package's own target and .pc file bring all components: their names are to be no component's."""
    aggregate = recipe.cpp_info.properties.get(name_property, default_of_package)
    components = recipe.cpp_info.components.items()
    names = [part.properties.get(name_property, default_of_component.format(name)) for name, part in components]
    expect(len(set(names)) == len(names), f"two of Conan's components have one {name_property}: {names}")
    expect(aggregate not in names, f"{aggregate} is the {name_property} of a component and of all of them together")
    return names


def check_generated_names(recipe):
    package = recipe.name
    check_names(recipe, "cmake_target_name", f"{package}::{package}", package + "::{}")
    pkg_config = check_names(recipe, "pkg_config_name", package, package + "-{}")
    for installed in (root / "cmake").glob("*.pc.in"):
        name = installed.name.removesuffix(".pc.in")
        expect(name in pkg_config, f"CMake installs {name}.pc, Conan's components are {pkg_config}")


def check_attributes(recipe, port):
    compatible = recipe.cpp_info.properties.get("cmake_config_version_compat", "SameMajorVersion")
    expect(f"COMPATIBILITY {compatible}" in cmake_sources(), f"Conan's version file has {compatible}, CMake's has not")
    expect(f'"{recipe.description}"' in cmake_sources(), "Conan's description is not the project's")
    expect(recipe.license == port["license"], f"the licence is {recipe.license} or {port['license']}")
    expect("header-only" in recipe.topics and recipe.name not in recipe.topics, f"topics are {recipe.topics}")
    in_cmake = re.search(r'HOMEPAGE_URL "(.*)"', cmake_sources())
    homepages = {getattr(recipe, "homepage", None), port.get("homepage"), in_cmake and in_cmake[1]}
    expect(len(homepages) == 1, f"the project's homepage is one of {homepages}")


def check_headers(recipe):
    with tempfile.TemporaryDirectory() as folder:
        recipe.package_folder = folder
        recipe.package()
        names = {str(p.relative_to(root)) for p in (root / "include").rglob("*") if p.suffix in (".hpp", ".inl")}
        packaged = {str(p.relative_to(folder)) for p in pathlib.Path(folder, "include").rglob("*") if p.is_file()}
        expect(packaged == names, f"the package lacks or adds {sorted(packaged ^ names)}")
        expect(pathlib.Path(folder, "licenses", "LICENSE").is_file(), "the package has no licence")


version = ".".join(re.findall(r"#define \w+_VERSION_\w+ (\d+)", (root / "include/quantkit/version.hpp").read_text()))

headers = recipe_with()
expect(headers.version == version, f"Conan's version is {headers.version}, the header's {version}")
expect(headers.package_type == "header-library" and headers.info.is_clear, "headers are one package for all settings")
check_targets(headers, ["quantkit", "io"])
check_generated_names(headers)
check_headers(headers)

libraries = recipe_with(dispatch=True, model=True)
expect(libraries.package_type == "static-library" and not libraries.info.is_clear, "libraries depend on settings")
check_targets(libraries, ["quantkit", "io", "dispatch", "model"])
check_generated_names(libraries)
for variable in CMakeToolchain.last.cache_variables:
    expect(f"option({variable} " in cmake_sources(), f"CMake has no option {variable}")

port = json.loads((root / "packaging/vcpkg/quantkit/vcpkg.json").read_text())
portfile = (root / "packaging/vcpkg/quantkit/portfile.cmake").read_text()
usage = (root / "packaging/vcpkg/quantkit/usage").read_text()
check_attributes(headers, port)
expect(port["version"] == version, f"the vcpkg port's version is {port['version']}, the header's {version}")
for option in re.findall(r"QUANTKIT_\w+", portfile):
    expect(f"option({option} " in cmake_sources(), f"the vcpkg port sets {option}, which CMake does not know")
for feature in port["features"]:
    expect(re.search(rf"^ +{feature} +QUANTKIT_BUILD_{feature.upper()}$", portfile, re.M), f"no option of {feature}")
for target in ["quantkit", "io", *port["features"]]:
    expect(f" quantkit::{target})" in usage, f"the vcpkg port's usage does not tell of quantkit::{target}")
print(f"recipes of {version} agree with the project")
