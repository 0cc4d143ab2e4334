#!/usr/bin/env python3
"""The Dockerfile can work: its context, as .dockerignore leaves it, configures by the Dockerfile's own preset, and every
target that it builds is there with all of its sources. No Docker is needed."""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))
DOCKERFILE = (ROOT / "Dockerfile").read_text()


def run(*command, **more):
    result = subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)
    if result.returncode:
        raise AssertionError(f"{command}: {result.stdout[-3000:]}")
    return result.stdout


class Image(unittest.TestCase):
    def test_context_configures_and_has_what_is_built(self):
        build = re.search(r"^RUN script/build (\S+) -- (.+)$", DOCKERFILE, re.M)
        preset, targets = build[1], build[2].split()
        self.assertIn(f"find build/{preset} ", DOCKERFILE)
        with tempfile.TemporaryDirectory() as folder:
            context = pathlib.Path(folder, "context")
            run(ROOT / "script/docker-context", context)
            self.assertFalse((context / ".git").exists())
            run("cmake", "--preset", preset, cwd=context)
            plan = run("ninja", "-n", "-C", context / "build" / preset, *targets)
            for target in targets:
                self.assertRegex(plan, rf"Linking CXX executable \S*/{target}\n")

    def test_neither_java_nor_servers_are_installed(self):
        setup = re.search(r"^RUN (script/setup[^&|]*)", DOCKERFILE, re.M)[1].split()
        listed = run(ROOT / setup[0], *setup[1:], "--list", env=os.environ | {"ANNALS_KAFKA": "none"}).split()
        self.assertIn("librdkafka-dev", listed)
        self.assertEqual([p for p in listed if re.search("jdk|jre|maven|gtest|clang", p) or p == "postgresql"], [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
