#!/usr/bin/env python3
"""The shop with least privilege: compose.yaml's own SQL for roles and examples/shop/grants.sql, each program as its role.

usage: shop_roles_test.py ROOT ORDERS ANNALS_RELAY      PyYAML is not needed: the SQL is cut out of compose.yaml as text
"""
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import unittest

RELAY, ORDERS, ROOT = sys.argv.pop(), sys.argv.pop(), pathlib.Path(sys.argv.pop())
SERVER = os.environ["ANNALS_DATABASE"]
NAME = f"shop_roles_{os.getpid()}"
ROLES = {kind: f"{NAME}_{kind}" for kind in ("owner", "service", "relay")}


def run(*command, **environment):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL,
                          env=os.environ | environment, timeout=60)


def uri(role, database=NAME):
    with_database = re.sub(r"^(\w+://[^/]*/)[^?]*", rf"\g<1>{database}", SERVER)
    return re.sub(r"user=\w+", f"user={role}", with_database)


def psql(where, *arguments, text=None):
    command = ["psql", "-XqAtv", "ON_ERROR_STOP=1", where, *arguments]
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, input=text or "", timeout=60)


class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.addClassCleanup(psql, SERVER, "-c", f"DROP ROLE IF EXISTS {', '.join(ROLES.values())}")
        cls.addClassCleanup(psql, SERVER, "-c", f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)")
        sql = re.search(r"<<'SQL'\n(.*?)\n +SQL\n", (ROOT / "compose.yaml").read_text(), re.S)[1]
        sets = [f"--set={k}={v}" for k, v in (ROLES | {"s": NAME, "password": "p"}).items()]
        made = psql(SERVER, *sets, text=sql)
        assert made.returncode == 0, made.stdout
        cls.init = run(ORDERS, "--database", uri(ROLES["owner"]), "init")
        cls.grants = psql(uri(ROLES["owner"]), f"--set=service={ROLES['service']}", f"--set=relay={ROLES['relay']}",
                          "--file", str(ROOT / "examples/shop/grants.sql"))

    def denied(self, role, sql):
        result = psql(uri(ROLES[role]), "-c", sql)
        self.assertNotEqual(result.returncode, 0, sql)
        self.assertRegex(result.stdout, "permission denied|must be owner", sql)

    def test_owner_prepares_without_being_superuser(self):
        self.assertEqual(self.init.returncode, 0, self.init.stdout)
        self.assertEqual(self.grants.returncode, 0, self.grants.stdout)

    def test_service_and_relay_do_their_work(self):
        placed = run(ORDERS, "--database", uri(ROLES["service"]), "place", "3")
        self.assertEqual(placed.returncode, 0, placed.stdout)
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as config:
            config.write('[[route]]\ncategory = "order"\ntopic = "orders"\n')
            config.flush()
            relayed = run(RELAY, "--config", config.name, "--sink", "stdout", "--sources", "events", "--listen", "off",
                          "--until-caught-up", "--log-level", "error", ANNALS_DATABASE=uri(ROLES["relay"]))
        self.assertEqual(relayed.returncode, 0, relayed.stdout)
        self.assertEqual(relayed.stdout.count("\n"), 3, relayed.stdout)

    def test_service_and_relay_can_do_no_more(self):
        for role in ("service", "relay"):
            self.denied(role, "DELETE FROM annals.events")
            self.denied(role, "UPDATE annals.events SET type = 'x'")
            self.denied(role, "TRUNCATE annals.streams")
            self.denied(role, "ALTER TABLE annals.events DISABLE TRIGGER ALL")
            self.denied(role, "CREATE TABLE annals.mine (x int)")
            self.denied(role, "CREATE TABLE public.mine (x int)")
        self.denied("service", "UPDATE annals.streams SET name = 'x'")
        self.denied("service", "SELECT * FROM annals.relay_checkpoints")
        self.denied("relay", "INSERT INTO annals.streams (name, version) VALUES ('order-9', 1)")
        self.denied("relay", "SELECT * FROM annals.inbox_offsets")
        self.denied("relay", "SELECT * FROM order_status")

    def test_strangers_cannot_connect(self):
        stranger = f"{NAME}_stranger"
        psql(SERVER, "-c", f"CREATE ROLE {stranger} LOGIN")
        try:
            self.assertIn("permission denied for database", psql(uri(stranger), "-c", "SELECT 1").stdout)
        finally:
            psql(SERVER, "-c", f"DROP ROLE {stranger}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
