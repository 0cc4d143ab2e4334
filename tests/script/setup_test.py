#!/usr/bin/env python3
"""What script/setup would install, by system; nothing is installed."""
import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))


def listed(os_release, *options):
    with tempfile.NamedTemporaryFile("w") as file:
        file.write(os_release)
        file.flush()
        return subprocess.run([ROOT / "script/setup", *options, "--list"], text=True, capture_output=True, stdin=subprocess.DEVNULL,
                              env=os.environ | {"ANNALS_OS_RELEASE": file.name})


class Setup(unittest.TestCase):
    def packages(self, os_release, *options):
        result = listed(os_release, *options)
        self.assertEqual(result.returncode, 0, result.stderr)
        return result.stdout.split()

    def test_knows_which_java_a_debian_has(self):
        self.assertIn("openjdk-17-jre-headless", self.packages("ID=debian\nVERSION_ID=12\n"))
        for newer in ("VERSION_ID=13", "VERSION_CODENAME=forky"):  # Debian's testing has no number
            packages = self.packages(f"ID=debian\n{newer}\n")
            self.assertIn("default-jre-headless", packages)
            self.assertNotIn("openjdk-17-jre-headless", packages)

    def test_refuses_where_nothing_was_tried_and_says_what_is_needed(self):
        for other in ("ID=debian\nVERSION_ID=11", "ID=ubuntu\nVERSION_ID=22.04", "ID=fedora\nVERSION_ID=41", ""):
            result = listed(other + "\n")
            self.assertNotEqual(result.returncode, 0, other)
            self.assertIn("the script knows Debian 12 and 13", result.stderr)
            self.assertIn("librdkafka-dev", result.stderr)

    def test_of_what_is_built_needs_no_server(self):
        packages = self.packages("ID=debian\nVERSION_ID=12\n", "--build-only")
        self.assertIn("librdkafka-dev", packages)
        self.assertNotIn("postgresql", packages)
        self.assertNotIn("prometheus", packages)

    def test_has_what_scrapes_a_relay(self):
        self.assertIn("prometheus", self.packages("ID=debian\nVERSION_ID=12\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
