#!/usr/bin/env python3
"""What script/tidy looks at and what it makes of it, in a small repository of its own."""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))
GOOD = "int twice(int n) { return 2 * n; }\n"
FINDING = "int* nowhere() { return 0; }\n"  # modernize-use-nullptr


class Tidy(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.root = pathlib.Path(folder.name).resolve()
        for name in ("script/tidy", "script/lib/say.sh", ".clang-tidy"):
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, self.root / name)
        (self.root / ".gitignore").write_text("build/\n")
        self.git("init", "-q", "-b", "main")
        for name in ("core/src/a.cpp", "core/src/b.cpp", "core/src/c.cpp"):
            self.commit(name, GOOD)

    def git(self, *arguments):
        identity = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")
        subprocess.run(["git", *identity, *arguments], cwd=self.root, check=True, capture_output=True)

    def write(self, name, text):
        (self.root / name).parent.mkdir(parents=True, exist_ok=True)
        (self.root / name).write_text(text)

    def commit(self, name, text):
        self.write(name, text)
        self.git("add", name)
        self.git("commit", "-q", "-m", name)

    def tidy(self, *arguments, path=None):
        sources = sorted(str(p) for p in self.root.glob("core/src/*.cpp"))
        self.write("build/dev/compile_commands.json",
                   json.dumps([{"directory": str(self.root), "file": s, "arguments": ["g++", "-Icore/include", "-c", s]} for s in sources]))
        environment = os.environ | ({"PATH": path} if path else {})
        done = subprocess.run([self.root / "script/tidy", *arguments], text=True, capture_output=True, env=environment)
        return done.returncode, done.stdout + done.stderr

    def looked_at(self, *arguments):
        """By a clang-tidy that only says what it was given."""
        self.write("build/bin/clang-tidy", '#!/bin/sh\nfor last; do :; done\necho "$last"\n')
        (self.root / "build/bin/clang-tidy").chmod(0o755)
        status, said = self.tidy(*arguments, path=f"{self.root}/build/bin:{os.environ['PATH']}")
        self.assertEqual(status, 0, said)
        return [m[1] for m in re.finditer(r"^core/src/(\w)\.cpp$", said, re.M)], said

    @unittest.skipUnless(shutil.which("clang-tidy"), "clang-tidy is not installed: script/setup")
    def test_fails_at_a_finding_in_what_changed(self):
        self.assertEqual(self.tidy("--changed")[0], 0)
        self.git("checkout", "-q", "-b", "work")
        self.commit("core/src/b.cpp", FINDING)
        status, said = self.tidy("--changed")
        self.assertNotEqual(status, 0)
        self.assertRegex(said, r"core/src/b\.cpp:1:\d+: error: use nullptr")

    @unittest.skipUnless(shutil.which("clang-tidy"), "clang-tidy is not installed: script/setup")
    def test_fails_at_a_finding_in_a_header_that_changed(self):
        self.commit("core/src/c.cpp", '#include "annals/core/c.hpp"\n')
        self.commit("core/include/annals/core/c.hpp", "#pragma once\ninline " + FINDING)
        status, said = self.tidy("--changed", "--limit", "1")
        self.assertNotEqual(status, 0)
        self.assertRegex(said, r"annals/core/c\.hpp:2:\d+: error: use nullptr")

    def test_of_a_branch_looks_at_what_is_not_on_main(self):
        self.git("checkout", "-q", "-b", "work")
        self.assertEqual(sorted(self.looked_at("--changed")[0]), ["a", "b", "c"], "nothing of its own yet: the last commits")
        self.commit("core/src/b.cpp", GOOD + "\n")
        self.write("core/src/d.cpp", GOOD)
        self.assertEqual(sorted(self.looked_at("--changed")[0]), ["b", "d"])

    def test_on_main_looks_at_what_changed_last(self):
        self.commit("core/src/a.cpp", GOOD + "\n")
        found, said = self.looked_at("--changed", "--limit", "2")
        self.assertEqual(sorted(found), ["a", "c"])
        self.assertIn("the 2 sources that changed last; there are more", said)
        self.assertNotIn("more", self.looked_at("--changed")[1])

    def test_looks_at_a_header_through_a_source(self):
        self.commit("core/include/annals/core/a.hpp", "#pragma once\n")
        self.assertEqual(self.looked_at("--changed", "--limit", "1")[0], ["a"], "of its name")
        self.commit("core/src/b.cpp", '#include "annals/core/only.hpp"\n')
        self.commit("core/src/c.cpp", GOOD + "\n")
        self.commit("core/include/annals/core/only.hpp", "#pragma once\n")
        self.assertEqual(self.looked_at("--changed", "--limit", "1")[0], ["b"], "that includes it")

    def test_begins_nothing_once_the_time_is_up(self):
        found, said = self.looked_at("--changed", "--minutes", "0")
        self.assertEqual(found, [])
        for name in "abc":
            self.assertIn(f"core/src/{name}.cpp: not looked at, the time is up", said)

    def test_needs_neither_a_whole_history_nor_what_was_deleted(self):
        self.git("rm", "-q", "core/src/a.cpp")
        self.git("commit", "-q", "-m", "gone")
        self.assertEqual(sorted(self.looked_at("--changed")[0]), ["b", "c"])
        (self.root / ".git/shallow").write_text(
            subprocess.run(["git", "rev-parse", "HEAD"], cwd=self.root, text=True, capture_output=True, check=True).stdout)
        self.assertEqual(sorted(self.looked_at("--changed")[0]), ["b", "c"])

    def test_says_what_is_not_there(self):
        self.write("build/bin/.keep", "")
        for tool in ("bash", "dirname", "cat", "jq", "git"):
            (self.root / "build/bin" / tool).symlink_to(shutil.which(tool))
        status, said = self.tidy("--changed", path=f"{self.root}/build/bin")
        self.assertNotEqual(status, 0)
        self.assertIn("clang-tidy is not installed", said)
        self.assertIn("run script/setup", said)


if __name__ == "__main__":
    unittest.main(verbosity=2)
