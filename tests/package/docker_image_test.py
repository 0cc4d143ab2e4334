#!/usr/bin/env python3
"""The Dockerfile can work: its context, as .dockerignore leaves it, configures by the Dockerfile's own preset, and every
target that it builds is there with all of its sources; what script/setup installs there has every header of others that they include,
and the context every one of ours. No Docker is needed.

usage: docker_image_test.py ROOT BUILD      BUILD was built: it knows what was included
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT, BUILD = pathlib.Path(sys.argv.pop(1)), pathlib.Path(sys.argv.pop(1))
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def run(*command, **more):
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if result.returncode:
        raise AssertionError(f"{command}: {result.stdout[-3000:]}")
    return result.stdout


def installed_by():
    """The packages that the Dockerfile asks script/setup for."""
    setup = re.search(r"^RUN (script/setup[^&|]*)", DOCKERFILE, re.M)[1].split()
    return run(ROOT / setup[0], *setup[1:], "--list", env=os.environ | {"ANNALS_KAFKA": "none"}).split()


def with_what_they_need(packages):
    needs = {}
    for line in run("dpkg-query", "-W", "-f", "${Package}\\t${Pre-Depends}, ${Depends}, ${Provides}\\n").splitlines():
        name, words = line.split("\t", 1)
        needs[name] = {re.split(r"[ :(]", word.strip())[0] for word in re.split(r"[,|]", words)}
    reached, next_ones = set(), set(packages)
    while next_ones:
        reached |= next_ones
        next_ones = {need for name in next_ones for need in needs.get(name, ())} - reached
    return reached


def included():
    """What the build of the libraries, programs and examples has read, sources among it, by whole paths."""
    paths = set()
    for block in run("ninja", "-C", BUILD, "-t", "deps").split("\n\n"):
        if not re.match(r"(ninja: [^\n]*\n)?(tests|bench|\w+/CMakeFiles/\w+_verify_)", block):
            paths |= set(re.findall(r"^    (\S+)", block, re.M))
    return {pathlib.Path(os.path.realpath(BUILD / path)) for path in paths}


def packages_of_headers():
    foreign = [path for path in included() if path.is_relative_to("/usr")]
    return {line.split(":")[0] for line in run("dpkg", "-S", *sorted(foreign)).splitlines() if not line.startswith("diversion")}


def own_files():
    """Those of the tree, by their path in it."""
    root, build = ROOT.resolve(), BUILD.resolve()
    return {path.relative_to(root) for path in included() if path.is_relative_to(root) and not path.is_relative_to(build)}


class Image(unittest.TestCase):
    def test_every_header_is_of_a_package_that_is_installed(self):
        wanted, asked_for = packages_of_headers(), installed_by()
        self.assertIn("libfmt-dev", wanted)
        self.assertEqual(wanted - with_what_they_need(asked_for), set())
        self.assertEqual(wanted - with_what_they_need(set(asked_for) - {"libfmt-dev", "libspdlog-dev"}), {"libfmt-dev", "libspdlog-dev"})

    def test_context_configures_and_has_what_is_built(self):
        build = re.search(r"^RUN script/build (\S+) -- (.+)$", DOCKERFILE, re.M)
        preset, targets = build[1], build[2].split()
        self.assertIn(f"find build/{preset} ", DOCKERFILE)
        with tempfile.TemporaryDirectory() as folder:
            context = pathlib.Path(folder, "context")
            run(ROOT / "script/docker-context", context)
            self.assertFalse((context / ".git").exists())
            read = own_files()
            self.assertIn(pathlib.Path("core/include/annals/core/error.hpp"), read)
            self.assertEqual({path for path in read if not (context / path).exists()}, set())
            run("cmake", "--preset", preset, cwd=context)
            plan = run("ninja", "-n", "-C", context / "build" / preset, *targets)
            for target in targets:
                self.assertRegex(plan, rf"Linking CXX executable \S*/{target}\n")

    def test_neither_java_nor_servers_are_installed(self):
        listed = installed_by()
        self.assertIn("librdkafka-dev", listed)
        self.assertEqual([p for p in listed if re.search("jdk|jre|maven|gtest|clang", p) or p == "postgresql"], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
