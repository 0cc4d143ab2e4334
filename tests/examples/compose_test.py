#!/usr/bin/env python3
"""compose.yaml held against the programs that it starts, without Docker: every option, variable and configuration is one that
the program takes, and the health checks are run as they stand.

usage: compose_test.py ROOT PROGRAMS ANNALS ANNALS_RELAY      PROGRAMS is the folder of orders, payments, shipping, shop-admin
"""
import itertools
import os
import pathlib
import re
import shlex
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

ROOT, PROGRAMS, ANNALS, RELAY = (sys.argv.pop(1) for _ in range(4))
COMPOSE = yaml.safe_load(pathlib.Path(ROOT, "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = {name: s for name, s in SERVICES.items() if s["image"] == "annals"}
PATHS = {"annals": ANNALS, "annals-relay": RELAY} | {p: f"{PROGRAMS}/{p}" for p in ("orders", "payments", "shipping", "shop-admin")}
PORT = re.compile(r'^127\.0\.0\.1:\$\{(\w+):-(\d+)\}:(\d+)$')
PATIENCE_S = 30


def run(*command, **environment):
    return subprocess.run(command, text=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env={"PATH": os.environ["PATH"]} | environment, timeout=PATIENCE_S)


def commands(service):
    """Its programs' command lines: the one of a service, the several of a shell's."""
    command = service["command"]
    if command[:2] != ["sh", "-ec"]:
        return [command]
    return [shlex.split(line.replace("$$", "$")) for line in command[2].splitlines()]


def mistakes(words):
    """What the program's own help does not know of a command line."""
    program, *arguments = words
    if program not in PATHS:
        return [program]
    path = list(itertools.takewhile(lambda a: not a.startswith("-"), arguments))  # annals schema roles apply
    shown = run(PATHS[program], *path, "--help").stdout
    if not re.search(rf"^Usage: \S+ {' '.join([*path, ''])}", shown, re.M):
        return [" ".join(path)]
    shown += run(PATHS[program], "--help").stdout
    return [a for a in arguments if a.startswith("-") and not re.search(rf"(?<![\w-]){re.escape(a)}(?![\w-])", shown)]


def variables_of(program):
    return set(re.findall(r"\b[A-Z]+_[A-Z_]+\b", run(PATHS[program], "--help").stdout))


class Compose(unittest.TestCase):
    def test_command_lines_are_the_programs_own(self):
        seen = [words for service in OURS.values() for words in commands(service)]
        self.assertGreaterEqual(len(seen), 13)
        for words in seen:
            plain = [w for w in words if not w.startswith("$")]
            if words[0] == "annals":
                plain.remove("-d")  # its value is a variable
            self.assertEqual(mistakes(plain), [], words)

    def test_commands_of_its_head_are_the_programs_own(self):
        head = pathlib.Path(ROOT, "compose.yaml").read_text().split("\nname:")[0]
        inside = re.findall(r"docker compose exec (\S+) (.+)", head)
        self.assertGreaterEqual(len(inside), 2)
        for service, command in inside:
            self.assertIn(service, OURS)
            self.assertEqual(mistakes([w for w in shlex.split(command) if not w.isdigit()]), [], command)
        for port in re.findall(r"http://localhost:(\d+)", head):
            self.assertIn(f"127.0.0.1:${{ORDERS_PORT:-{port}}}:8080", OURS["orders"]["ports"])

    def test_sees_what_no_program_takes(self):
        self.assertEqual(mistakes(["orders", "run", "--prot", "1"]), ["--prot"])
        self.assertEqual(mistakes(["orders", "rnu"]), ["rnu"])
        self.assertEqual(mistakes(["annals", "schema", "roles", "apply", "--writter", "x"]), ["--writter"])
        self.assertEqual(mistakes(["nobody"]), ["nobody"])

    def test_variables_are_the_programs_own(self):
        for name, service in OURS.items():
            taken = set().union(*(variables_of(words[0]) for words in commands(service)))
            self.assertLessEqual(set(service["environment"]), taken, name)

    def test_configurations_are_the_relays_own(self):
        relays = [s for s in OURS.values() if s["command"][0] == "annals-relay"]
        self.assertEqual(len(relays), 3)
        for service in relays:
            self.assertEqual(service["configs"][0]["target"], service["command"][2])
            text = COMPOSE["configs"][service["configs"][0]["source"]]["content"]
            with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
                file.write(text)
                file.flush()
                checked = run(RELAY, "--config", file.name, "--check", **service["environment"])
                self.assertEqual(checked.returncode, 0, checked.stdout)

    def test_one_image_is_built_once(self):
        self.assertEqual([name for name, s in SERVICES.items() if "build" in s], ["prepare"])
        for name, service in OURS.items():
            if name != "prepare":
                self.assertEqual(service["pull_policy"], "never", name)
                self.assertEqual(service["depends_on"]["prepare"], {"condition": "service_completed_successfully"}, name)

    def test_what_cannot_run_is_not_started_for_ever(self):
        for name, service in OURS.items():
            self.assertRegex(service.get("restart", "no"), r"^(no|on-failure:[1-9])$", name)

    def test_containers_are_confined(self):
        for name, service in SERVICES.items():
            self.assertEqual(service["cap_drop"], ["ALL"], name)
            self.assertEqual(service["security_opt"], ["no-new-privileges:true"], name)
            self.assertEqual(service["ulimits"], {"core": 0}, name)
        self.assertEqual({name for name, s in SERVICES.items() if not s.get("read_only")}, {"kafka"})

    def test_nobody_serves_as_an_owner(self):
        for name, service in OURS.items():
            users = re.findall(r"postgresql://(\w+):", " ".join(service["environment"].values()))
            self.assertNotEqual(users, [], name)
            self.assertEqual({user.endswith("_owner") for user in users}, {name == "prepare"}, name)

    def test_ports_are_of_loopback_and_can_be_others(self):
        published = {m[1]: (m[2], m[3]) for s in SERVICES.values() for port in s.get("ports", []) for m in [PORT.match(port)] if m}
        self.assertEqual(len(published), sum(len(s.get("ports", [])) for s in SERVICES.values()))
        head = pathlib.Path(ROOT, "compose.yaml").read_text().split("\nname:")[0]
        for variable, (default, _) in published.items():
            self.assertRegex(head, rf"{variable} \((default )?{default}\)")
        self.assertEqual(published["ORDERS_PORT"][1], OURS["orders"]["command"][-1])
        self.assertIn("--listen 0.0.0.0", " ".join(OURS["orders"]["command"]))  # or nothing comes in through the published port

    def test_names_are_of_this_file(self):
        for name, service in SERVICES.items():
            self.assertLessEqual({c["source"] for c in service.get("configs", [])}, set(COMPOSE["configs"]), name)
            self.assertLessEqual({v.split(":")[0] for v in service.get("volumes", [])}, set(COMPOSE["volumes"]), name)
            self.assertLessEqual(set(service.get("depends_on", {})), set(SERVICES), name)
        self.assertEqual({n for n, s in OURS.items() if "healthcheck" not in s}, {"prepare", "payments", "shipping"})


class HealthCheck(unittest.TestCase):
    """As it stands, but for the port; while the program runs, and when it has ended."""

    @classmethod
    def setUpClass(cls):
        cls.name = f"compose_{os.getpid()}"
        server = os.environ["ANNALS_DATABASE"]
        cls.uri = re.sub(r"^(\w+://[^/]*/)[^?]*", rf"\g<1>{cls.name}", server)
        assert run("psql", server, "-qc", f"CREATE DATABASE {cls.name}").returncode == 0
        cls.addClassCleanup(run, "psql", server, "-qc", f"DROP DATABASE {cls.name} WITH (FORCE)")
        made = run(PATHS["orders"], "init", ORDERS_DATABASE=cls.uri)
        assert made.returncode == 0, made.stdout

    def check(self, service, port, command, **environment):
        test = OURS[service]["healthcheck"]["test"]
        self.assertEqual(test[0], "CMD")
        inside = {"orders": "8080", "relay-orders": "9464"}[service]
        probe = [word.replace(f"/{inside} ", f"/{port} ") for word in test[1:]]
        self.assertNotEqual(probe, test[1:])
        self.assertNotEqual(run(*probe).returncode, 0, "before it runs")
        with tempfile.TemporaryFile("w+") as log:
            program = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                       env={"PATH": os.environ["PATH"]} | environment)
            try:
                deadline = time.monotonic() + PATIENCE_S
                while run(*probe).returncode and program.poll() is None and time.monotonic() < deadline:
                    time.sleep(0.1)  # as Docker asks again
                log.seek(0)
                self.assertEqual(run(*probe).returncode, 0, log.read())
            finally:
                program.terminate()
                program.wait(PATIENCE_S)
        self.assertNotEqual(run(*probe).returncode, 0, "after it ended")

    @staticmethod
    def free_port():
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            return str(probe.getsockname()[1])

    def test_of_orders(self):
        port = self.free_port()
        command = [port if word == "8080" else word for word in OURS["orders"]["command"]]
        self.check("orders", port, [PATHS["orders"], *command[1:]], ORDERS_DATABASE=self.uri, ANNALS_KAFKA="127.0.0.1:1")

    def test_of_a_relay(self):
        port = self.free_port()
        self.check("relay-orders", port, [RELAY, "--sink", "stdout", "--sources", "events", "--route", "order=orders", "--listen",
                                          f"127.0.0.1:{port}"], ANNALS_DATABASE=self.uri)


if __name__ == "__main__":
    unittest.main(verbosity=2)
