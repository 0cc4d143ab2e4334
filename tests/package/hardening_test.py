#!/usr/bin/env python3
"""What our programs carry against an attacker, read back from their ELF.

usage: hardening_test.py READELF CONFIG SANITIZED PROGRAM...
"""
import re
import subprocess
import sys
import unittest

READELF, CONFIG, SANITIZED, *PROGRAMS = sys.argv[1:]


def readelf(option, program):
    return subprocess.run([READELF, "-W", option, program], text=True, capture_output=True, check=True).stdout


def lacks(program):
    """What a program has not, of what it should have."""
    header, segments, dynamic = (readelf(option, program) for option in ("-h", "-l", "-d"))
    symbols = readelf("-s", program)
    wanted = {
        "position independent": re.search(r"Type:\s+DYN", header) and "PIE" in dynamic,
        "RELRO": "GNU_RELRO" in segments,
        "symbols bound at the start": re.search(r"FLAGS.*(BIND_NOW|NOW)", dynamic),
        "stack not executable": re.search(r"GNU_STACK.* RW ", segments),
        "stack protector": "__stack_chk_fail" in symbols,
        "checked standard library": "__glibcxx_assert_fail" in symbols,
    }
    if CONFIG in ("Release", "RelWithDebInfo", "MinSizeRel") and SANITIZED == "no":
        wanted["fortified functions"] = re.search(r"__\w+_chk@", symbols.replace("__stack_chk_fail", ""))
    return [name for name, there in wanted.items() if not there]


class Hardening(unittest.TestCase):
    def test_programs(self):
        for program in PROGRAMS:
            self.assertEqual(lacks(program), [], program)

    def test_sees_a_program_without_it(self):
        """The control: an object of the compiler's, told to do nothing of it."""
        import os
        import tempfile
        with tempfile.TemporaryDirectory() as folder:
            bare = os.path.join(folder, "bare")
            subprocess.run(["c++", "-x", "c++", "-", "-o", bare, "-no-pie", "-fno-stack-protector", "-Wl,-z,norelro", "-Wl,-z,lazy",
                            "-Wl,-z,execstack"], input="int main() { return 0; }", text=True, check=True, capture_output=True)
            self.assertTrue({"position independent", "RELRO", "symbols bound at the start", "stack not executable", "stack protector",
                             "checked standard library"} <= set(lacks(bare)))


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1], verbosity=2)
