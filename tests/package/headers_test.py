#!/usr/bin/env python3
"""Every public header compiles by itself: annals_add_library's verification sets are built, and a header that does not is seen.

usage: headers_test.py ROOT BUILD
"""
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT, BUILD = pathlib.Path(sys.argv.pop(1)), pathlib.Path(sys.argv.pop(1))
LISTS = f"""cmake_minimum_required(VERSION 3.25)
project(alone LANGUAGES CXX)
list(PREPEND CMAKE_MODULE_PATH "{ROOT}/cmake")
include(GNUInstallDirs)
include(AnnalsLibrary)
add_library(annals_warnings INTERFACE)
annals_add_library(m SOURCES a.cpp HEADERS a.hpp)
"""


def build(folder):
    return subprocess.run(["cmake", "--build", folder, "--target", "all_verify_interface_header_sets"], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def library_with(header):
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("CMakeLists.txt", LISTS), ("src/a.cpp", ""), ("include/annals/m/a.hpp", header)):
            path = pathlib.Path(folder, name)
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        subprocess.run(["cmake", "-S", folder, "-B", f"{folder}/build", "-G", "Ninja"], check=True, capture_output=True)
        return build(f"{folder}/build")


class Headers(unittest.TestCase):
    def test_compile_by_themselves(self):
        built = build(BUILD)
        self.assertEqual(built.returncode, 0, built.stdout)

    def test_that_do_not_are_seen(self):
        self.assertEqual(library_with("#pragma once\n#include <string>\nstd::string f();\n").returncode, 0)
        bad = library_with("#pragma once\nstd::string f();\n")
        self.assertNotEqual(bad.returncode, 0)
        self.assertIn("a.hpp", bad.stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
