#!/usr/bin/env python3
"""The Dockerfile can work: its context, as .dockerignore leaves it, is built by the Dockerfile's own commands, and what they install
runs; what script/setup installs there has every header of others that they include, and the context every one of ours. No Docker is
needed.

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


def commands_after(begin, end):
    """The RUN commands between two lines of the Dockerfile."""
    part = DOCKERFILE.split(f"\n{begin}\n", 1)[1].split(f"\n{end} ", 1)[0]
    return [match[1].replace("\\\n", "") for match in re.finditer(r"^RUN ((?:.*\\\n)*.*)$", part, re.M)]


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

    def test_context_has_what_was_read(self):
        with tempfile.TemporaryDirectory() as folder:
            context = pathlib.Path(folder, "context")
            run(ROOT / "script/docker-context", context)
            self.assertFalse((context / ".git").exists())
            read = own_files()
            self.assertIn(pathlib.Path("core/include/annals/core/error.hpp"), read)
            self.assertEqual({path for path in read if not (context / path).exists()}, set())

    def test_its_commands_build_programs_that_run(self):
        programs = re.search(r"^RUN script/build \S+ -- (.+)$", DOCKERFILE, re.M)[1].split()
        with tempfile.TemporaryDirectory() as folder:
            context, out = pathlib.Path(folder, "context"), pathlib.Path(folder, "out")
            run(ROOT / "script/docker-context", context)
            for command in commands_after("COPY . .", "FROM"):
                run("bash", "-euo", "pipefail", "-c", command.replace("/out", str(out)), cwd=context)
            self.assertEqual(sorted(path.name for path in (out / "bin").iterdir()), sorted(programs))
            for program in programs:
                self.assertIn("--help", run(out / "bin" / program, "--help"))
            packages = (out / "packages").read_text().split()
            self.assertLessEqual({"libpq5", "librdkafka1", "libssl3", "libstdc++6"}, set(packages))
            self.assertEqual([name for name in packages if name.endswith("-dev")], [])

    def test_neither_java_nor_servers_are_installed(self):
        listed = installed_by()
        self.assertIn("librdkafka-dev", listed)
        self.assertEqual([p for p in listed if re.search("jdk|jre|maven|gtest|clang", p) or p == "postgresql"], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
