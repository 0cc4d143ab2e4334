#!/usr/bin/env python3
"""The shop with least privilege: compose.yaml's own roles and its own commands for them, each program as its role.

usage: shop_roles_test.py ROOT PROGRAMS ANNALS ANNALS_RELAY      PROGRAMS is the folder of orders, payments, shipping and
shop-admin. PyYAML is not needed: what is run is cut out of compose.yaml as text.
"""
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest

RELAY, ANNALS, PROGRAMS, ROOT = sys.argv.pop(), sys.argv.pop(), pathlib.Path(sys.argv.pop()), pathlib.Path(sys.argv.pop())
SERVER = os.environ["ANNALS_DATABASE"]
NAME = f"shop_roles_{os.getpid()}"
SERVICES = ("orders", "payments", "shipping")
TOPICS = {"orders": ("order", "orders"), "payments": ("payment", "payments"), "shipping": ("shipment", "shipments")}
KINDS = ("owner", "service", "relay")
COMPOSE = (ROOT / "compose.yaml").read_text()
PATIENCE_S = 30  # for any one command; what it said until then is shown


def run(*command, text="", **environment):
    """Its status and everything it said; never longer than PATIENCE_S."""
    process = subprocess.Popen(command, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               env=os.environ | environment)
    try:
        said = process.communicate(text, timeout=PATIENCE_S)[0]
    except subprocess.TimeoutExpired:
        process.kill()
        raise AssertionError(f"{command} said nothing more for up to {PATIENCE_S} s: {process.communicate()[0]}") from None
    return subprocess.CompletedProcess(command, process.returncode, said)


def role(service, kind):
    return f"{NAME}_{service}_{kind}"


def uri(service, who):
    with_database = re.sub(r"^(\w+://[^/]*/)[^?]*", rf"\g<1>{NAME}_{service}", SERVER)
    return re.sub(r"user=\w+", f"user={who}", with_database)


SUPERUSER = re.sub(r"^(\w+://[^/]*/)[^?]*", rf"\g<1>{NAME}_orders", SERVER)


def psql(where, *statements, text="", sets=()):
    return run("psql", "-XqAtv", "ON_ERROR_STOP=1", where, *sets, *(part for sql in statements for part in ("-c", sql)), text=text,
               PGCONNECT_TIMEOUT="10")


def prepare_commands():
    """What compose.yaml's service `prepare` runs, with this test's names; the topics apart."""
    lines = re.search(r"command:\n +- sh\n +- -ec\n +- \|\n((?: {8}\S.*\n)+)", COMPOSE)[1].split("\n")
    for line in filter(None, (line.strip() for line in lines)):
        if not line.startswith("shop-admin"):
            yield [re.sub(r"^(orders|payments|shipping)_(service|relay)$", rf"{NAME}_\1_\2", word) for word in line.split()]


class Roles(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        names = [role(service, kind) for service in SERVICES for kind in KINDS]
        cls.addClassCleanup(psql, SERVER, *(f"DROP DATABASE IF EXISTS {NAME}_{s} WITH (FORCE)" for s in SERVICES),
                            f"DROP ROLE IF EXISTS {', '.join(names)}")
        sql = re.search(r"<<'SQL'\n(.*?)\n +SQL\n", COMPOSE, re.S)[1]
        for service in SERVICES:
            sets = [f"--set={k}={v}" for k, v in {"s": f"{NAME}_{service}", "password": "p"}.items()]
            sets += [f"--set={kind}={role(service, kind)}" for kind in KINDS]
            made = psql(SERVER, text=sql, sets=sets)
            assert made.returncode == 0, made.stdout
            # So is a new database of compose.yaml's PostgreSQL; before version 15 public is everybody's.
            psql(uri(service, "annals"), "REVOKE CREATE ON SCHEMA public FROM PUBLIC",
                 f"ALTER SCHEMA public OWNER TO {role(service, 'owner')}")
        owners = {f"{s.upper()}_DATABASE": uri(s, role(s, "owner")) for s in SERVICES}
        cls.prepared = []
        for command in prepare_commands():
            program = ANNALS if command[0] == "annals" else str(PROGRAMS / command[0])
            words = [re.sub(r'^"\$\$(\w+)"$', lambda m: owners[m[1]], word) for word in command[1:]]
            cls.prepared.append(run(program, *words, **owners))

    def denied(self, service, kind, sql):
        result = psql(uri(service, role(service, kind)), sql)
        self.assertNotEqual(result.returncode, 0, sql)
        self.assertRegex(result.stdout, "permission denied|must be owner", sql)

    def test_owners_prepare_without_being_superuser(self):
        self.assertEqual(len(self.prepared), 6)
        for done in self.prepared:
            self.assertEqual(done.returncode, 0, f"{done.args}: {done.stdout}")

    def test_service_and_relay_can_do_no_more(self):
        for service in SERVICES:
            for kind in ("service", "relay"):
                self.denied(service, kind, "DELETE FROM annals.events")
                self.denied(service, kind, "UPDATE annals.events SET type = 'x'")
                self.denied(service, kind, "TRUNCATE annals.streams")
                self.denied(service, kind, "ALTER TABLE annals.events DISABLE TRIGGER ALL")
                self.denied(service, kind, "CREATE TABLE annals.mine (x int)")
                self.denied(service, kind, "CREATE TABLE public.mine (x int)")
            self.denied(service, "service", "UPDATE annals.streams SET name = 'x'")
            self.denied(service, "service", "SELECT * FROM annals.relay_checkpoints")
            self.denied(service, "relay", "INSERT INTO annals.streams (name, version) VALUES ('order-9', 1)")
            self.denied(service, "relay", "SELECT * FROM annals.inbox_offsets")
        self.denied("orders", "relay", "SELECT * FROM order_status")
        self.denied("payments", "service", "SELECT * FROM annals.projections")

    def test_all_three_services_meet_on_kafka(self):
        own = {"SHOP_TOPIC_PREFIX": f"{NAME}-"}
        topics = run(str(PROGRAMS / "shop-admin"), "create-topics", **own)
        self.assertEqual(topics.returncode, 0, topics.stdout)
        self.addCleanup(run, str(PROGRAMS / "shop-admin"), "delete-topics", **own)
        with tempfile.TemporaryDirectory() as folder:
            started = {}
            try:
                for service in SERVICES:
                    self.start(started, folder, service, [str(PROGRAMS / service), "run"],
                               own | {f"{service.upper()}_DATABASE": uri(service, role(service, "service"))})
                    self.start(started, folder, f"relay-{service}", [RELAY, "--config", self.relay_config(folder, service)],
                               {"ANNALS_DATABASE": uri(service, role(service, "relay"))})
                placed = run(str(PROGRAMS / "orders"), "--database", uri("orders", role("orders", "service")), "place", "10")
                self.assertEqual(placed.returncode, 0, placed.stdout)
                self.wait_until_all_orders_ended(started, folder)
                # A rebuild empties the read model first.
                psql(SUPERUSER, "UPDATE annals.projections SET reset_requested = true")
                self.wait_until(lambda: psql(SUPERUSER, "SELECT count(*) FROM annals.projections "
                                "WHERE reset_requested").stdout == "0\n", "the read model is rebuilt", started, folder)
                self.wait_until_all_orders_ended(started, folder)
            finally:
                for process in started.values():
                    process.send_signal(signal.SIGTERM)
                ended = {name: self.end(process) for name, process in started.items()}
            self.assertEqual(set(ended.values()), {0}, (ended, self.logs(folder)))

    @staticmethod
    def start(started, folder, name, command, environment):
        with open(f"{folder}/{name}.log", "w", encoding="utf-8") as log:
            started[name] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             env=os.environ | environment)

    @staticmethod
    def end(process):
        try:
            return process.wait(PATIENCE_S)
        except subprocess.TimeoutExpired:
            process.kill()
            return "did not end"

    @staticmethod
    def logs(folder):
        return "\n".join(f"--- {path.name}\n{path.read_text()}" for path in sorted(pathlib.Path(folder).glob("*.log")))

    @staticmethod
    def relay_config(folder, service):
        category, topic = TOPICS[service]
        path = pathlib.Path(folder) / f"{service}.toml"
        path.write_text(f'[relay]\nname = "{service}"\nsources = ["events"]\n[[route]]\ncategory = "{category}"\n'
                        f'topic = "{NAME}-{topic}"\n[kafka]\nbrokers = "{os.environ["ANNALS_KAFKA"]}"\n'
                        f'source = "/shop/{service}"\n[http]\nlisten = "off"\n')
        return str(path)

    def wait_until_all_orders_ended(self, started, folder):
        self.wait_until(lambda: psql(uri("orders", role("orders", "service")), "SELECT count(*) FROM public.order_status WHERE state "
                                     "IN ('completed', 'cancelled')").stdout == "10\n", "10 orders ended", started, folder)

    def wait_until(self, condition, what, started, folder):
        deadline = time.monotonic() + PATIENCE_S
        while not condition():
            dead = [name for name, process in started.items() if process.poll() is not None]
            self.assertFalse(dead or time.monotonic() > deadline, f"not seen that {what}; ended: {dead}\n{self.logs(folder)}")
            time.sleep(0.1)

    def test_strangers_cannot_connect(self):
        stranger = f"{NAME}_stranger"
        psql(SERVER, f"CREATE ROLE {stranger} LOGIN")
        try:
            self.assertIn("permission denied for database", psql(uri("orders", stranger), "SELECT 1").stdout)
        finally:
            psql(SERVER, f"DROP ROLE {stranger}")


if __name__ == "__main__":
    unittest.main(verbosity=2)
