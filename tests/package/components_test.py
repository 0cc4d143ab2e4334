#!/usr/bin/env python3
"""Each component of the installed package alone: found without the packages that only others need, its headers complete, and
everything in its archive linked.

usage: components_test.py BUILD WORK
"""
import concurrent.futures
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

WORK, BUILD = pathlib.Path(sys.argv.pop()), pathlib.Path(sys.argv.pop())
PREFIX = WORK / "prefix"
# What a component may ask for, beyond what those below it ask for.
CORE = {"Protobuf", "fmt"}
POSTGRES = CORE | {"libpqxx", "PostgreSQL"}
OUTBOX = POSTGRES | {"OpenSSL"}
NEEDS = {"core": CORE, "json": CORE, "postgres": POSTGRES, "eventstore": POSTGRES, "outbox": OUTBOX, "projections": POSTGRES,
         "kafka": OUTBOX | {"RdKafka"}, "testing": OUTBOX, "contracts": OUTBOX | {"GTest"}}
EVERY = set().union(*NEEDS.values())
LISTS = """cmake_minimum_required(VERSION 3.25)
project(alone LANGUAGES CXX)
find_package(annals REQUIRED COMPONENTS {component})
add_executable(alone main.cpp)
target_link_libraries(alone PRIVATE {linked})
"""


def run(*command):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def headers(component):
    """Of contracts and testing, which share a folder, those that are GoogleTest's and those that are not."""
    folder = PREFIX / "include/annals" / ("testing" if component == "contracts" else component)
    of_gtest = {p: re.search(r"#include <g(test|mock)/", p.read_text()) is not None for p in sorted(folder.rglob("*.hpp"))}
    return [p for p, is_of in of_gtest.items() if is_of == (component == "contracts")]


def configure(component, hidden):
    source = WORK / component
    shutil.rmtree(source, ignore_errors=True)
    source.mkdir(parents=True)
    whole = f"annals::{component}" if component == "contracts" else f"$<LINK_LIBRARY:WHOLE_ARCHIVE,annals::{component}>"
    (source / "CMakeLists.txt").write_text(LISTS.format(component=component, linked=whole))
    includes = "".join(f"#include <{p.relative_to(PREFIX / 'include')}>\n" for p in headers(component))
    (source / "main.cpp").write_text(includes + "int main() {}\n")
    launcher = ["-DCMAKE_CXX_COMPILER_LAUNCHER=ccache"] if shutil.which("ccache") else []
    return run("cmake", "-S", source, "-B", source / "build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={PREFIX}", *launcher,
               *(f"-DCMAKE_DISABLE_FIND_PACKAGE_{package}=ON" for package in sorted(hidden)))


def builds_alone(component):
    configured = configure(component, EVERY - NEEDS[component])
    if configured.returncode:
        return configured.stdout
    built = run("cmake", "--build", WORK / component / "build")
    return built.stdout if built.returncode else run(WORK / component / "build/alone").stdout


class Components(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        shutil.rmtree(WORK, ignore_errors=True)
        installed = run("cmake", "--install", BUILD, "--prefix", PREFIX)
        assert installed.returncode == 0, installed.stdout

    def test_are_these(self):
        there = {p.stem.removeprefix("annals-") for p in PREFIX.glob("lib*/**/annals-*.cmake") if not re.search("config|noconfig|-debug|-release", p.stem)}
        self.assertEqual(there, set(NEEDS))

    def test_build_with_their_own_dependencies_only(self):
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for component, said in zip(NEEDS, pool.map(builds_alone, NEEDS)):
                self.assertEqual(said, "", component)

    def test_say_what_they_miss(self):
        for component, package, because in (("core", "fmt", "core needs fmt"), ("kafka", "RdKafka", "kafka needs RdKafka"), ("kafka", "OpenSSL", "outbox needs OpenSSL"),
                                            ("eventstore", "libpqxx", "postgres needs libpqxx, eventstore needs")):
            refused = configure(component, {package})
            self.assertNotEqual(refused.returncode, 0, component)
            self.assertIn(because, refused.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
