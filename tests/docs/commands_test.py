#!/usr/bin/env python3
"""Every sh block of every document is run as it stands, on real servers; every toml block is put to annals-relay, and a relay that
runs is asked for what docs/relay.md says of it.

usage: commands_test.py ROOT BUILD ANNALS ANNALS_RELAY      BUILD has bin/ with the examples' programs

The blocks of one document are one script, in a folder that looks like the tree, with a database and a role of its own. What a machine cannot
do as it stands (another's server, a program that runs until it is stopped) is replaced by the table below, word by word; a word
that the document has no more is a failure, and so is a block of a document that the table does not know.
"""
import http.client
import os
import pathlib
import re
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

import yaml

ROOT, BUILD, ANNALS, RELAY = pathlib.Path(sys.argv.pop(1)), pathlib.Path(sys.argv.pop(1)), sys.argv.pop(1), sys.argv.pop(1)
NAME = f"docs_{os.getpid()}"
SERVER = os.environ["ANNALS_DATABASE"]
PATIENCE_S = 150
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.S | re.M)
TOML = re.compile(r"^```toml\n(.*?)^```", re.S | re.M)
# A command that no fence says to run: behind four blanks, or in a fence without a language.
UNFENCED = re.compile(r"^    (?:\$ )?((?:annals|annals-relay|script/\w+|examples/\S+|export|cmake|docker|psql) .*)$", re.M)
UNNAMED = re.compile(r"^```\n(?:annals|annals-relay|script/\w+|cmake|docker|psql) .*", re.M)


def uri(database, role=None):
    there = re.sub(r"^(\w+://[^/]*/)[^?]*", rf"\g<1>{database}", SERVER)
    return re.sub(r"user=\w+", f"user={role}", there) if role else there


def psql(where, *statements):
    done = subprocess.run(["psql", "-XqAtv", "ON_ERROR_STOP=1", where, *(part for sql in statements for part in ("-c", sql))],
                          text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    return done.stdout


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


FOREVER = ("annals-relay --config relay.toml", "annals-relay --config relay.toml --until-caught-up")
# The reader is told by the end of its pipe; what is awaited is what it is there to show.
FOLLOW = ("annals all tail --follow\n", "(annals all tail --after 0 --follow || true) | grep -m 1 order-7\n")
OWN = ("postgresql://…", uri(NAME, NAME))
# document -> [(what it says, what is run in its place)]
DOCUMENTS = {
    "README.md": [OWN, FOREVER, FOLLOW, ("$HOME/annals", "$PWD/installed")],
    "CONTRIBUTING.md": [],
    "docs/cli.md": [("postgresql://migrator@db/shop", uri(f"{NAME}_migrated", "annals_migrator")), ("shop_owner", "annals_owner"),
                    ("--writer shop\n", "--writer annals_writer\n")],
    "docs/relay.md": [("postgresql://annals@localhost/shop", uri(NAME, NAME)),
                      ("annals-relay --sink stdout  ", "annals-relay --sink stdout --until-caught-up  "),
                      ("annals-relay --config changes.toml --sink stdout  ", "annals-relay --config changes.toml --sink stdout --until-caught-up  "),
                      ("annals-relay --config databases.toml", "annals-relay --config databases.toml --until-caught-up")],
    "docs/own-outbox.md": [("--slot debezium", f"--slot {NAME}")],
    "examples/README.md": [],
    "examples/fines/README.md": [OWN],
    "examples/shop/README.md": [
        *((f"{service.upper()}_DATABASE=postgresql://…", f"{service.upper()}_DATABASE='{uri(f'{NAME}_{service}', NAME)}'")
          for service in ("orders", "payments", "shipping")),
        *((f"{kind}={topic}", f"{kind}={NAME}-{topic}")
          for kind, topic in (("order", "orders"), ("payment", "payments"), ("shipment", "shipments"))),
        ("ANNALS_KAFKA=…", f"ANNALS_KAFKA={os.environ['ANNALS_KAFKA']}"), ("8080", free_port())],
    # Measuring is not for a test; that what is measured has these names is. Debezium is not fetched.
    "bench/RESULTS.md": [("annals-bench append", "annals-bench --help; : append"), ("--events 1000000", "--events 20000 --rounds 1 --seconds 0.2"),
                         ("--seconds 10", "--seconds 0.2 --rounds 1"), ("measure --messages 1000000", "measure --messages 1000000 --help")],
}
DATABASES = (NAME, *(f"{NAME}_{more}" for more in ("migrated", "orders", "payments", "shipping")))
RELAY_TOML = """[relay]
sources = ["events"]
[[route]]
category = "order"
topic = "{prefix}orders"
[kafka]
source = "/docs"
[http]
listen = "off"
"""
DATABASES_TOML = """[relay]
sink = "stdout"
[http]
listen = "off"
[[database]]
name = "shop"
uri_env = "ANNALS_DATABASE"
"""
# What the tree's folder has in place of its own: nothing is built or fetched again, and of the tests it is looked that there are some.
STAND_INS = {
    "script/setup": 'exec true',
    "script/build": '[[ ${1:-dev} =~ ^(dev|release|image)$ ]]',
    "script/postgres": f'"{ROOT}/script/postgres" --help | grep -qw "$1" && ls -d /usr/lib/postgresql/*/bin | sort -V | tail -n 1',
    "bin/ctest": 'shown=$("$ANNALS_REAL_CTEST" "$@" -N) && grep -E "^Total Tests: [1-9]" <<<"$shown"',
}


def documents():
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "*.md"], text=True, capture_output=True, check=True).stdout.split()
    return {name: (ROOT / name).read_text() for name in listed}


def script_of(name, text):
    script = "".join(BLOCK.findall(text))
    for said, run in DOCUMENTS[name]:
        assert said in script, f"{name} does not say `{said}` any more"
        script = script.replace(said, run)
    return script


class Folder:
    """Looks like the tree from inside, with the programs that were built."""

    def __init__(self, path):
        self.path = pathlib.Path(path)
        for name in ("examples", "CMakePresets.json", "CMakeLists.txt", "apps", "bench"):
            (self.path / name).symlink_to(ROOT / name)
        for part in ("script", "bin", "build"):
            (self.path / part).mkdir()
        for preset in ("dev", "release", "image"):
            (self.path / "build" / preset).symlink_to(BUILD)
        for script in (ROOT / "script").iterdir():
            if f"script/{script.name}" not in STAND_INS:
                (self.path / "script" / script.name).symlink_to(script)
        for name, body in STAND_INS.items():
            (self.path / name).write_text(f"#!/usr/bin/env bash\nset -euo pipefail\n{body}\n")
            (self.path / name).chmod(0o755)
        (self.path / "relay.toml").write_text(RELAY_TOML.format(prefix=f"{NAME}-"))
        (self.path / "databases.toml").write_text(DATABASES_TOML)

    def run(self, script, role=NAME):
        path = [str(self.path / "bin"), str(BUILD / "bin"), *(str(pathlib.Path(p).parent) for p in (ANNALS, RELAY)), os.environ["PATH"]]
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("ANNALS_STACK_", "ANNALS_DATABASE"))}
        environment |= {"PATH": ":".join(path), "ANNALS_DATABASE": uri(NAME, role), "ANNALS_STACK_NAME": NAME, "SHOP_TOPIC_PREFIX": f"{NAME}-",
                        "ANNALS_REAL_CTEST": subprocess.run(["which", "ctest"], text=True, capture_output=True).stdout.strip()}
        (self.path / "commands").write_text(script)
        process = subprocess.Popen(["bash", "-xeuo", "pipefail", "commands"], cwd=self.path, env=environment, text=True,
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True)
        try:
            return process.wait(PATIENCE_S), self.end(process)
        except subprocess.TimeoutExpired:
            return "ran longer than it may", self.end(process)

    @staticmethod
    def end(process):
        """What it started by & ends with it."""
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        return process.communicate()[0]


class Commands(unittest.TestCase):
    def setUp(self):
        self.drop()
        self.addCleanup(self.drop)
        self.addCleanup(subprocess.run, [ROOT / "script/stack", "--name", NAME, "down"], capture_output=True)
        psql(SERVER, f"CREATE ROLE {NAME} LOGIN",
             *(f"CREATE DATABASE {name} OWNER {'annals_owner' if name.endswith('migrated') else NAME}" for name in DATABASES))

    @staticmethod
    def drop():
        psql(SERVER, *(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)" for name in DATABASES), f"DROP ROLE IF EXISTS {NAME}")

    def check(self, name, before="", role=NAME):
        with tempfile.TemporaryDirectory() as folder:
            status, said = Folder(folder).run(before + script_of(name, documents()[name]), role)
            self.assertEqual(status, 0, f"{name}: {said[-6000:]}")
            return said

    def test_readme(self):
        before = "annals schema apply\nannals stream append order-7 --type t --data 1\nshop-admin create-topics\n"
        said = self.check("README.md", before + "trap 'shop-admin delete-topics' EXIT\n")
        self.assertIn("All promises kept.", said)
        told = int(re.search(r"some ([\d,]+) tests", documents()["README.md"])[1].replace(",", ""))
        self.assertAlmostEqual(int(re.search(r"Total Tests: (\d+)", said)[1]), told, delta=100)
        self.assertRegex(said, r"Installing: \S+/installed/bin/annals-relay")

    def test_contributing(self):
        self.assertRegex(self.check("CONTRIBUTING.md"), r"(?s)Total Tests: \d+.*Total Tests: \d{3}")

    def test_cli(self):
        self.check("docs/cli.md", "psql \"$ANNALS_DATABASE\" -qc 'CREATE ROLE shop_app; CREATE ROLE shop_relay' || true\n")

    def test_relay(self):
        before = ("annals schema apply\npsql \"$ANNALS_DATABASE\" -qc \"INSERT INTO annals.outbox (message_id, content_type, topic, key, "
                  "type, payload) VALUES (gen_random_uuid(), 2, 'orders', 'k', 't', '{}'); INSERT INTO annals.relay_parked (relay, log, "
                  "position, message_id, policy, topic, key, reason, type, content_type, payload, occurred_at, sequence, headers) VALUES "
                  "('relay', 'outbox', 6001, gen_random_uuid(), 'park', 'orders', 'order-42', 'no such topic', 't', 1, '{}', now(), 0, "
                  "ARRAY['trace', 'on'])\"\n")
        any_table = documents()["docs/relay.md"].split("\n## Any table\n")[1]
        psql(SERVER, f"ALTER ROLE {NAME} REPLICATION")
        before += (f"cat >changes.toml <<'END'\n{TOML.findall(any_table)[0]}[http]\nlisten = \"off\"\nEND\npsql \"$ANNALS_DATABASE\" -qc "
                   "\"CREATE SCHEMA shop; CREATE TABLE shop.orders (id bigint PRIMARY KEY, total numeric); INSERT INTO shop.orders VALUES (7, 8.50); "
                   "CREATE SCHEMA stock; CREATE TABLE stock.levels (sku text, warehouse int, note text, PRIMARY KEY (sku, warehouse))\"\n")
        said = self.check("docs/relay.md", before)
        self.assertIn('"topic":"orders"', said)
        self.assertRegex(said, r'"topic":"shop.orders".*9\.50')

    def test_own_outbox(self):
        """With a table and a reader of a slot as the document supposes them."""
        document = documents()["docs/own-outbox.md"]
        psql(uri(NAME), "CREATE SCHEMA shop", "CREATE TABLE shop.outboxevent (id uuid PRIMARY KEY, aggregatetype text, aggregateid text, "
             "type text, payload jsonb)", "INSERT INTO shop.outboxevent VALUES (gen_random_uuid(), 'order', 'k', 't', '1')",
             f"SELECT pg_create_logical_replication_slot('{NAME}', 'pgoutput')")
        self.addCleanup(psql, uri(NAME), f"SELECT pg_drop_replication_slot('{NAME}')")
        advance = f"SELECT pg_replication_slot_advance('{NAME}', pg_current_wal_flush_lsn())"
        before = (f"annals schema apply\ncat >relay.toml <<'END'\n{TOML.findall(document)[0]}END\n"
                  f"(while sleep 0.2; do psql '{uri(NAME)}' -qAtc 'SELECT txid_current()' -c \"{advance}\" >/dev/null; done) &\n")
        said = self.check("docs/own-outbox.md", before, role="annals")
        self.assertIn("shop.outboxevent has all that a relay needs", said)
        self.assertRegex(said, r"position +1\b")
        psql(uri(NAME), *re.findall(r"^```sql\n(DELETE .*?)^```", document, re.S | re.M))

    def test_fines(self):
        self.check("examples/fines/README.md")

    def test_shop(self):
        said = self.check("examples/shop/README.md", "trap 'shop-admin delete-topics' EXIT\n", role="annals")
        self.assertIn("All promises kept.", said)
        self.assertRegex(said, r"order 1 of customer-1: ")

    def test_bench(self):
        said = self.check("bench/RESULTS.md")
        for name in re.search(r"^build/release/bench/annals-bench ([a-z ]+?) *(?:#.*)?$", documents()["bench/RESULTS.md"], re.M)[1].split():
            self.assertRegex(said, rf"(?m)^  {name} ")
        for name in re.findall(r"--only (\S+)", documents()["bench/RESULTS.md"]):
            self.assertRegex(said, rf"(?m)^{name}[ /]")


class Blocks(unittest.TestCase):
    def test_are_all_of_documents_that_are_run(self):
        having = {name for name, text in documents().items() if BLOCK.search(text)}
        self.assertEqual(having - set(DOCUMENTS), set(), "documents with sh blocks that nobody runs")
        tested = {m for m in re.findall(r'self\.check\("([^"]+)"', pathlib.Path(__file__).read_text())}
        self.assertEqual(having - tested, set())

    def test_hold_every_command(self):
        for name, text in documents().items():
            outside = re.sub(r"^```.*?^```", "", text, flags=re.S | re.M)
            self.assertIsNone(UNFENCED.search(outside), f"{name}: a command outside of an sh block")
            self.assertIsNone(UNNAMED.search(text), f"{name}: a command in a block that is not sh")

    def test_of_toml_are_configurations(self):
        environment = {"PATH": os.environ["PATH"], "ANNALS_KAFKA": "localhost:1",
                       **{f"{service}_DATABASE": uri(f"{NAME}_{service}") for service in ("ANNALS", "SHOP", "BILLING")}}
        found = [(name, block) for name, text in documents().items() for block in TOML.findall(text)]
        self.assertTrue(found)
        for name, block in found:
            self.assertEqual(self.checked(block, environment)[0], 0, (name, self.checked(block, environment)[1]))
        self.assertNotEqual(self.checked(found[0][1] + "\nnope = 1\n", environment)[0], 0)

    @staticmethod
    def checked(block, environment):
        with tempfile.NamedTemporaryFile("w", suffix=".toml") as file:
            file.write(block)
            file.flush()
            done = subprocess.run([RELAY, "--config", file.name, "--check"], env=environment, text=True, capture_output=True)
            return done.returncode, done.stdout + done.stderr


class Running(unittest.TestCase):
    """What docs/relay.md says of a relay that runs."""

    def setUp(self):
        self.document, self.port = documents()["docs/relay.md"], free_port()
        psql(SERVER, f"CREATE DATABASE {NAME}")
        self.addCleanup(psql, SERVER, f"DROP DATABASE {NAME} WITH (FORCE)")
        self.environment = {"PATH": os.environ["PATH"], "ANNALS_DATABASE": uri(NAME)}
        self.assertEqual(subprocess.run([ANNALS, "schema", "apply"], env=self.environment, capture_output=True).returncode, 0)

    def start(self, **variables):
        relay = subprocess.Popen([RELAY, "--sink", "stdout", "--sources", "outbox"], env=self.environment | variables,
                                 stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.addCleanup(lambda: self.assertEqual(relay.wait(PATIENCE_S), 0))
        self.addCleanup(relay.terminate)

    def test_probes_of_the_pod_reach_it(self):
        """Without a cluster: it is asked what the kubelet asks."""
        pod = yaml.safe_load(re.search(r"^```yaml\n(termination.*?)^```", self.document, re.S | re.M)[1])
        container, grace_s = pod["containers"][0], pod["terminationGracePeriodSeconds"]
        self.start(**{e["name"]: e["value"].replace("9464", self.port) for e in container["env"]})
        for probe in ("livenessProbe", "readinessProbe"):
            asked = container[probe]["httpGet"]
            self.assertEqual(asked["port"], 9464)
            self.assertTrue(self.eventually(grace_s, lambda path=asked["path"]: self.answer(path)[0] == 200), probe)
        drain_ms, = re.findall(r"^drain_timeout_ms = (\d+)", (ROOT / "apps/relay/relay.example.toml").read_text(), re.M)
        self.assertGreater(grace_s * 1000, int(drain_ms))

    def test_it_has_the_metrics_that_are_named_and_no_other(self):
        self.start(ANNALS_RELAY_LISTEN=f"0.0.0.0:{self.port}", ANNALS_RELAY_ALLOW_REMOTE="true")
        table = re.search(r"^\| metric .*?\n\n", self.document, re.S | re.M)[0]
        named = re.findall(r"`(\w+|…_\w+)(?:\{\w+\})?`", "".join(re.findall(r"^\| (`.*?) \|", table, re.M)))
        states = set(re.search(r"what it does: ([\w, ]+),", table)[1].split(", "))
        self.assertGreater(len(named), 10)
        self.eventually(30, lambda: not self.missing(named, states))
        self.assertEqual(self.missing(named, states), set())
        fits = [n.removeprefix("…") for n in named]
        own = {m for m in self.metrics() if m.startswith("annals_")}
        self.assertEqual({m for m in own if not any(m.endswith(f) for f in fits)}, set())
        self.assertEqual(self.missing(["annals_relay_nope", "…_nope"], {"nope"}), {"annals_relay_nope", "…_nope", "nope"})

    def metrics(self):
        return set(re.findall(r"^# TYPE (\w+)", self.answer("/metrics")[1], re.M))

    def missing(self, named, states):
        text = self.answer("/metrics")[1]
        there = set(re.findall(r"^# TYPE (\w+)", text, re.M))
        lacks = {n for n in named if not any(m.endswith(n[1:]) if n.startswith("…") else m == n for m in there)}
        return lacks | (states - set(re.findall(r'^annals_relay_state\{.*state="(\w+)"', text, re.M)))

    def answer(self, path):
        """By an address of this machine that is not 127.0.0.1, under the name that a kubelet gives: the pod's address."""
        try:
            connection = http.client.HTTPConnection("127.0.0.2", int(self.port), timeout=5)
            connection.request("GET", path, headers={"Host": f"10.0.0.7:{self.port}"})
            answered = connection.getresponse()
            return answered.status, answered.read().decode()
        except OSError:
            return None, ""

    @staticmethod
    def eventually(patience_s, holds):
        deadline = time.monotonic() + patience_s
        while not holds():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.1)  # as a kubelet asks again
        return True


class Help(unittest.TestCase):
    """Of the relay."""

    def setUp(self):
        self.shown = subprocess.run([RELAY, "--help"], text=True, capture_output=True, check=True).stdout

    def test_names_each_variable_beside_its_setting(self):
        variables = re.search(r"^Environment.*?\n\n", self.shown, re.S | re.M)[0].splitlines()[1:-1]
        self.assertGreater(len(variables), 50)
        self.assertEqual([line for line in variables if not re.fullmatch(r"  ANNALS_[A-Z_]+ +\w+\.\w+", line)], [])

    def test_has_the_exit_codes_of_the_document(self):
        known = re.findall(r"^ +(\d+(?:, \d+)?)  ", self.shown.split("Exit codes:")[1], re.M)
        table = re.search(r"^\| exit code .*?\n\n", documents()["docs/relay.md"], re.S | re.M)[0]
        self.assertEqual(re.findall(r"^\| (\d+(?:, \d+)?) \|", table, re.M), known)
        self.assertIn("7", known)


class Control(unittest.TestCase):
    """A block that fails, a word that is gone and a document that nobody knows are seen."""

    def test_sees_a_command_that_fails(self):
        with tempfile.TemporaryDirectory() as folder:
            status, said = Folder(folder).run("annals stream shwo order-7\ntrue\n")
            self.assertNotEqual(status, 0)
            self.assertIn("shwo", said)

    def test_sees_a_word_that_is_gone(self):
        with self.assertRaisesRegex(AssertionError, "does not say"):
            script_of("docs/relay.md", "```sh\nannals doctor\n```\n")

    def test_sees_a_command_outside(self):
        self.assertTrue(UNFENCED.search("text\n\n    annals doctor\n    export A=b\n"))
        self.assertTrue(UNNAMED.search("```\nannals doctor\n```\n"))
        self.assertFalse(UNFENCED.search("    ships at once\n"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
