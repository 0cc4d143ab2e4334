#!/usr/bin/env python3
"""What script/stack promises about who may come in, and about ending with its owner. Brings up PostgreSQLs of its own."""
import os
import pathlib
import re
import shlex
import signal
import stat
import subprocess
import sys
import tempfile
import time
import unittest

ROOT = pathlib.Path(sys.argv.pop(1))
FREE = {k: v for k, v in os.environ.items() if k not in ("ANNALS_KAFKA", "ANNALS_STACK_KAFKA", "ANNALS_STACK_NAME")}


def run(*command, **more):
    return subprocess.run(command, text=True, capture_output=True, stdin=subprocess.DEVNULL, env=FREE, **more)


class Stack:
    def __init__(self, case, *up):
        self.name = f"script-{os.getpid()}-{case}"
        self.up = self("--only", "postgres", "up", *up)

    def __call__(self, *arguments):
        return run(ROOT / "script/stack", "--name", self.name, *arguments)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self("down")

    def env(self):
        text = self("env").stdout
        return {k: shlex.split(v)[0] for k, v in re.findall(r"^export (\w+)=(.*)$", text, re.M)}

    def folder(self):
        return pathlib.Path(self.env()["ANNALS_STACK_HOME"]) / self.name


def psql(uri, sql, *before):
    return run(*before, "psql", "-XwAt", uri, "-c", sql)


class Confinement(unittest.TestCase):
    def test_only_the_user_who_ran_it_reaches_the_server(self):
        with Stack("private") as stack:
            uri = stack.env()["ANNALS_DATABASE"]
            folder = re.search(r"host=([^&]+)", uri)[1]
            self.assertEqual(stat.S_IMODE(os.stat(folder).st_mode), 0o700)
            self.assertEqual(psql(uri, "SHOW listen_addresses").stdout, "\n")
            self.assertNotIn("ANNALS_DATABASE_TCP", stack.env())
            if os.geteuid() == 0:  # only root can become a stranger
                stranger = psql(uri, "SELECT 1", "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups")
                self.assertNotEqual(stranger.returncode, 0)
                self.assertIn("Permission denied", stranger.stderr)

    def test_tcp_asks_for_the_password(self):
        with Stack("tcp", "--tcp") as stack:
            uri = stack.env()["ANNALS_DATABASE_TCP"]
            self.assertEqual(psql(uri, "SELECT 1").stdout, "1\n")
            without = psql(re.sub(r":[^:@/]+@", "@", uri), "SELECT 1")
            self.assertIn("no password supplied", without.stderr)
            wrong = psql(re.sub(r":[^:@/]+@", ":wrong@", uri), "SELECT 1")
            self.assertIn("authentication failed", wrong.stderr)

    def test_roles_log_in_and_have_no_right(self):
        with Stack("roles") as stack:
            who = psql(stack("uri", "annals_writer").stdout.strip(), "SELECT current_user, rolsuper FROM pg_roles "
                       "WHERE rolname = current_user")
            self.assertEqual(who.stdout, "annals_writer|f\n")
            self.assertNotEqual(psql(stack("uri", "annals_writer").stdout.strip(), "CREATE SCHEMA s").returncode, 0)
            migrator = stack("uri", "annals_migrator").stdout.strip()
            self.assertNotEqual(psql(migrator, "CREATE SCHEMA s").returncode, 0)
            self.assertEqual(psql(migrator, "SET ROLE annals_owner; CREATE SCHEMA s").returncode, 0)
            self.assertNotEqual(stack("uri", "annals_owner").returncode, 0)


class Ending(unittest.TestCase):
    def test_ends_with_its_owner_who_was_killed(self):
        owner = subprocess.Popen(["sleep", "600"])
        with Stack("until", "--until", str(owner.pid)) as stack:
            folder = stack.folder()
            self.assertTrue((folder / "postgres/data/postmaster.pid").exists(), stack.up.stderr)
            owner.send_signal(signal.SIGKILL)
            owner.wait()
            deadline = time.monotonic() + 60
            while folder.exists() and time.monotonic() < deadline:
                time.sleep(0.05)
            self.assertFalse(folder.exists())

    def test_up_that_is_interrupted_leaves_nothing(self):
        for number, status in ((signal.SIGINT, 130), (signal.SIGTERM, 143)):
            name = f"script-{os.getpid()}-interrupted"
            up = subprocess.Popen([ROOT / "script/stack", "--name", name, "--only", "postgres", "up"], env=FREE, text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                  start_new_session=True)
            home = pathlib.Path(os.environ.get("ANNALS_STACK_HOME", f"/tmp/annals-stack-{os.getuid()}"))
            data = home / name / "postgres/data"
            while not data.exists() and up.poll() is None:
                time.sleep(0.01)
            os.killpg(up.pid, number)  # as a terminal does: to all of them
            _, said = up.communicate(timeout=60)
            self.assertEqual(up.returncode, status, said)
            self.assertFalse((home / name).exists(), said)

    def test_refuses_an_owner_who_is_gone(self):
        owner = subprocess.Popen(["true"])
        owner.wait()
        with Stack("gone", "--until", str(owner.pid)) as stack:
            self.assertNotEqual(stack.up.returncode, 0)
            self.assertIn("there is no process", stack.up.stderr)


class Server(unittest.TestCase):
    def test_says_at_once_that_it_cannot_run(self):
        with tempfile.TemporaryDirectory() as folder:  # only its owner may enter it
            server = pathlib.Path(folder, "postgres")
            server.write_text("#!/bin/sh\n")
            server.chmod(0o755)
            name = f"script-{os.getpid()}-server"
            for bin in [folder] * (os.geteuid() == 0) + ["/nowhere"]:
                up = run("env", f"ANNALS_POSTGRES_BIN={bin}", ROOT / "script/stack", "--name", name, "up", timeout=10)
                self.assertNotEqual(up.returncode, 0)
                self.assertIn("cannot run" if bin == folder else "there is no server in /nowhere", up.stderr)
                self.assertIn("set ANNALS_CACHE to" if bin == folder else "script/postgres", up.stderr)
            self.assertIn("there is no stack", run(ROOT / "script/stack", "--name", name, "status").stderr)


class Cache(unittest.TestCase):
    def check(self, text, **environment):
        result = run("env", "-u", "HOME", "-u", "XDG_CACHE_HOME", "-u", "ANNALS_CACHE", *(f"{k}={v}" for k, v in environment.items()),
                     ROOT / "script/setup", "--check")
        self.assertNotEqual(result.returncode, 0)
        self.assertIn(text, result.stderr)

    def test_is_never_a_folder_that_others_can_write_to(self):
        self.check("neither HOME nor XDG_CACHE_HOME is set")
        self.check("others can write to the cache /tmp", ANNALS_CACHE="/tmp")


if __name__ == "__main__":
    unittest.main(verbosity=2)
