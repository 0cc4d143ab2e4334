#!/usr/bin/env python3
"""The systemd unit that is installed: it starts our program, outlives its own limits, is confined, and is not restarted after
what no restart repairs.

usage: service_test.py ROOT RELAY
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

ROOT, RELAY = pathlib.Path(sys.argv.pop(1)), sys.argv.pop(1)
UNIT = (ROOT / "apps/relay/annals-relay.service").read_text()
DOCUMENT = (ROOT / "docs/relay.md").read_text()


def value(key, text=UNIT):
    return re.search(rf"^{key} ?= ?(.*?)(?: +#.*)?$", text, re.M)[1]


def faults(unit):
    """What systemd would complain of, were it to start our program."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "annals-relay.service"
        file.write_text(re.sub(r"^ExecStart=\S+", f"ExecStart={RELAY}", unit, flags=re.M))
        done = subprocess.run(["systemd-analyze", "verify", "--man=no", file], text=True, capture_output=True)
        return done.stdout + done.stderr


class Service(unittest.TestCase):
    @unittest.skipUnless(shutil.which("systemd-analyze"), "systemd-analyze is not installed")
    def test_is_one_that_systemd_takes(self):
        self.assertEqual(faults(UNIT), "")
        self.assertIn("Watchdgo", faults(UNIT.replace("WatchdogSec", "WatchdgoSec")))

    def test_is_not_restarted_after_what_the_document_names(self):
        codes = value("RestartPreventExitStatus").split()
        said = re.search(r"not restarted after exit codes ([\d, and]+),", DOCUMENT)[1]
        self.assertEqual(codes, re.findall(r"\d+", said))
        known = re.findall(r"^ +(\d+)  ", subprocess.run([RELAY, "--help"], text=True, capture_output=True, check=True).stdout, re.M)
        self.assertLessEqual(set(codes), set(known))

    def test_outlives_the_limits_of_the_program(self):
        example = (ROOT / "apps/relay/relay.example.toml").read_text()
        self.assertGreater(int(value("TimeoutStopSec")) * 1000, int(value("drain_timeout_ms", example)))
        self.assertGreater(int(value("WatchdogSec")) * 1000, int(value("stall_ms", example)))

    def test_leaves_no_core_and_no_way_to_more_rights(self):
        for key, wanted in (("LimitCORE", "0"), ("UMask", "0077"), ("NoNewPrivileges", "yes"), ("CapabilityBoundingSet", ""),
                            ("DynamicUser", "yes"), ("ProtectSystem", "strict")):
            self.assertEqual(value(key), wanted, key)

    def test_starts_the_program_by_flags_that_it_has(self):
        words = value("ExecStart").split()
        self.assertTrue(words[0].endswith("/annals-relay"))
        done = subprocess.run([RELAY, *words[1:], "--check"], text=True, capture_output=True)
        self.assertNotIn("lists all flags", done.stderr)
        for variable in re.findall(r"^Environment=(\w+)=", UNIT, re.M):
            self.assertIn(variable, subprocess.run([RELAY, "--help"], text=True, capture_output=True, check=True).stdout)


if __name__ == "__main__":
    unittest.main(verbosity=2)
