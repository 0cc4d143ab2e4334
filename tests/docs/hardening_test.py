#!/usr/bin/env python3
"""What docs/security.md says of strangers in the database: locks that a privilege gives, and docs/hardening.sql.

usage: hardening_test.py ROOT ANNALS ANNALS_RELAY
"""
import os
import pathlib
import re
import subprocess
import sys
import time
import unittest

RELAY, ANNALS, ROOT = sys.argv.pop(), sys.argv.pop(), pathlib.Path(sys.argv.pop())
SERVER = os.environ["ANNALS_DATABASE"]
NAME = f"hardening_{os.getpid()}"
ROLES = OWNER, WRITER, RELAYER, CONSUMER, READER, OPERATOR, STRANGER = [
    f"{NAME}_{kind}" for kind in ("owner", "writer", "relay", "consumer", "reader", "operator", "stranger")]
LOCKS = """SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation
            WHERE l.pid = pg_backend_pid() AND c.relname = 'events' AND l.mode = 'RowExclusiveLock'"""
PREPARE = "PREPARE p AS INSERT INTO annals.events (type) VALUES ('x')"


def uri(role):
    with_database = re.sub(r"^(\w+://[^/]*/)[^?]*", rf"\g<1>{NAME}", SERVER)
    return re.sub(r"user=\w+", f"user={role}", with_database) if role else with_database


def run(*command, text="", **environment):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, input=text,
                          env=os.environ | environment)


def psql(where, *statements, arguments=()):
    commands = [part for sql in statements for part in ("-c", sql)]
    return run("psql", "-XqAtv", "ON_ERROR_STOP=1", where, *arguments, *commands)


def harden():
    return psql(uri(None), arguments=("--set", f"roles={OWNER},{WRITER},{RELAYER},{OPERATOR}", "--file", str(ROOT / "docs/hardening.sql")))


class Strangers(unittest.TestCase):
    def setUp(self):
        self.addCleanup(psql, SERVER, f"DROP DATABASE IF EXISTS {NAME} WITH (FORCE)", f"DROP ROLE {', '.join(ROLES)}")
        psql(SERVER, *(f"CREATE ROLE {role} LOGIN" for role in ROLES), f"CREATE DATABASE {NAME} OWNER {OWNER}")
        self.works(run(ANNALS, "-d", uri(OWNER), "schema", "apply"))
        self.apply_roles()

    def apply_roles(self):
        self.works(run(ANNALS, "-d", uri(OWNER), "schema", "roles", "apply", "--writer", WRITER, "--outbox-relay", RELAYER,
                       "--consumer", CONSUMER, "--reader", READER, "--operator", OPERATOR))

    def works(self, result):
        self.assertEqual(result.returncode, 0, result.stdout)

    def test_who_may_only_connect_can_take_any_advisory_lock_until_hardening(self):
        lock = "SELECT pg_try_advisory_lock(1, 2)"
        self.assertEqual(psql(uri(STRANGER), lock).stdout, "t\n")
        self.works(harden())
        self.works(harden())  # again, after a new role
        for sql in (lock, "SELECT pg_advisory_xact_lock(1)", "SELECT pg_try_advisory_xact_lock_shared(1)",
                    "SELECT pg_advisory_lock_shared(1)"):
            self.assertIn("permission denied for function", psql(uri(STRANGER), sql).stdout)
        self.assertEqual(psql(uri(RELAYER), lock).stdout, "t\n")

    def test_hardened_database_serves_the_roles_that_were_named(self):
        self.works(harden())
        self.works(run(ANNALS, "-d", uri(WRITER), "stream", "append", "order-1", "--type", "Placed", "--data", "{}"))
        relayed = run(RELAY, "--sink", "stdout", "--sources", "outbox", "--listen", "off", "--until-caught-up",
                      ANNALS_DATABASE=uri(RELAYER))
        self.works(relayed)
        self.works(run(ANNALS, "-d", uri(OPERATOR), "relay", "adopt", "relay", "--yes"))
        self.apply_roles()  # by the owner, who takes a lock, too

    def test_usage_on_the_schema_is_enough_to_hold_readers_back(self):
        self.assertEqual(psql(uri(CONSUMER), "BEGIN", PREPARE, LOCKS).stdout, "1\n")
        self.assertIn("permission denied", psql(uri(CONSUMER), "BEGIN", PREPARE, "EXECUTE p").stdout)

    def test_usage_on_the_schema_is_enough_to_keep_everybody_waiting(self):
        insert = ("INSERT INTO annals.outbox (message_id, topic, type, content_type, payload)"
                  " VALUES (gen_random_uuid(), 't', 't', 0, '')")
        holder = subprocess.Popen(["psql", "-Xq", uri(CONSUMER)], stdin=subprocess.PIPE, text=True)
        waiter = subprocess.Popen(["psql", "-Xq", uri(CONSUMER)], stdin=subprocess.PIPE, text=True, stderr=subprocess.DEVNULL)
        try:
            holder.stdin.write("BEGIN; PREPARE p AS INSERT INTO annals.outbox (type) VALUES ('x');\n")
            holder.stdin.flush()
            self.await_locks(1)
            self.works(psql(uri(WRITER), insert))
            waiter.stdin.write("CREATE RULE r AS ON INSERT TO annals.outbox DO INSTEAD NOTHING;\n")
            waiter.stdin.flush()
            self.await_locks(2)
            self.assertIn("lock timeout", psql(uri(WRITER), "SET lock_timeout = 100", insert).stdout)
        finally:
            for session in (holder, waiter):
                session.stdin.close()
                session.wait()
        self.works(psql(uri(WRITER), insert))

    def await_locks(self, count):
        sql = ("SELECT count(*) FROM pg_locks l WHERE l.relation = 'annals.outbox'::regclass"
               " AND l.mode IN ('RowExclusiveLock', 'AccessExclusiveLock')")
        while psql(uri(None), sql).stdout != f"{count}\n":
            time.sleep(0.02)

    def test_without_usage_on_the_schema_nobody_holds_readers_back(self):
        for role in (READER, STRANGER):
            self.assertIn("permission denied for schema annals", psql(uri(role), "BEGIN", PREPARE).stdout)
            rule = "CREATE RULE r AS ON INSERT TO annals.events DO INSTEAD NOTHING"
            self.assertIn("permission denied for schema annals", psql(uri(role), rule).stdout)
        self.assertEqual(psql(uri(READER), "SELECT count(*) FROM annals_read.events").stdout, "0\n")


if __name__ == "__main__":
    unittest.main(verbosity=2)
