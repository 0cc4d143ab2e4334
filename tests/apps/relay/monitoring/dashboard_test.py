#!/usr/bin/env python3
"""Two relays publish from a real PostgreSQL to a real Kafka, a real Prometheus scrapes them, and every query of the dashboard and every
expression of the alert rules is put to it. A query of the dashboard must find something; a metric or a label that no relay has is found.

usage: dashboard_test.py ROOT ANNALS ANNALS_RELAY
"""
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import urllib.error
import urllib.parse
import urllib.request

import yaml

import promql

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[3] / "support"))
from running import eventually, free_port, psql, uri  # noqa: E402

ROOT, ANNALS, RELAY = pathlib.Path(sys.argv.pop(1)), sys.argv.pop(1), sys.argv.pop(1)
MONITORING = ROOT / "apps/relay/monitoring"
NAME = f"seen_{os.getpid()}"
PATIENCE_S = 30
MESSAGES = 100
RELAY_TOML = f"""[relay]
sources = ["outbox"]
topics = ["{NAME}"]
on_poison = ["{NAME}-parked=park", "{NAME}-dead=dead-letter"]
[kafka]
source = "/seen"
[[database]]
name = "seen"
uri_env = "SEEN_DATABASE"
"""
ENQUEUE = ("INSERT INTO annals.outbox (message_id, content_type, topic, key, type, payload) "
           "SELECT gen_random_uuid(), 2, '{topic}', 'k', 't', '{{}}' FROM generate_series(1, {count})")


def panels():
    return [panel for panel in json.loads((MONITORING / "dashboard.json").read_text())["panels"] if panel["type"] != "row"]


def variables():
    return json.loads((MONITORING / "dashboard.json").read_text())["templating"]["list"]


def queries():
    return [target["expr"] for panel in panels() for target in panel["targets"]]


def rules():
    return [rule for group in yaml.safe_load((MONITORING / "alerts.yaml").read_text())["groups"] for rule in group["rules"]]


def chosen(query):
    """With what Grafana puts in for its variables; All is what is chosen."""
    for name, value in (("__rate_interval", "5s"), *((v["name"], v.get("allValue", "")) for v in variables())):
        query = query.replace(f"${name}", value)
    return query


class Prometheus:
    """Scrapes these addresses under the job annals-relay, every second, and has the rules."""

    def __init__(self, folder, targets):
        self.url = f"http://127.0.0.1:{free_port()}"
        config = {"global": {"scrape_interval": "1s", "evaluation_interval": "1s"}, "rule_files": [str(MONITORING / "alerts.yaml")],
                  "scrape_configs": [{"job_name": "annals-relay", "static_configs": [{"targets": targets}]}]}
        (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
        self.log = (folder / "prometheus.log").open("w+")
        self.process = subprocess.Popen(["prometheus", f"--config.file={folder}/prometheus.yml", f"--storage.tsdb.path={folder}/data",
                                         f"--web.listen-address={self.url[7:]}"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def end(self):
        self.process.kill()
        self.process.wait()
        self.log.close()

    def said(self):
        self.log.seek(0)
        return self.log.read()[-2000:]

    def ask(self, path, **parameters):
        """What it answers; an error of the query is a text."""
        try:
            with urllib.request.urlopen(f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(parameters)}", timeout=5) as answer:
                return json.load(answer)["data"]
        except urllib.error.HTTPError as error:
            return error.read().decode()
        except OSError:
            return ""

    def series(self, query):
        """What a query finds: a list; a text when it is none."""
        answer = self.ask("query", query=query)
        return answer if isinstance(answer, str) else answer["result"]

    def value(self, query):
        found = self.series(query)
        return float(found[0]["value"][1]) if found and not isinstance(found, str) else None

    def fault(self, query):
        """What is wrong with a query, or nothing."""
        strangers = promql.metrics(query) - set(self.ask("label/__name__/values")) | promql.labels(query) - set(self.ask("labels"))
        found = self.series(query)
        return sorted(strangers) or (found if isinstance(found, str) else None)


class Panels(unittest.TestCase):
    """What Grafana would not say: it draws one over the other, or nothing."""

    def test_have_a_place_and_a_number_of_their_own(self):
        everything = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
        self.assertEqual(len({panel["id"] for panel in everything}), len(everything))
        taken = set()
        for place in (panel["gridPos"] for panel in everything):
            cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
            self.assertFalse(cells & taken, place)
            self.assertLessEqual(place["x"] + place["w"], 24, "a row has 24 columns")
            taken |= cells

    def test_ask_the_source_that_is_chosen(self):
        for panel in panels():
            self.assertEqual({s["datasource"]["uid"] for s in (panel, *panel["targets"])}, {"${datasource}"}, panel["title"])

    def test_stand_in_rows_by_what_is_asked(self):
        everything = json.loads((MONITORING / "dashboard.json").read_text())["panels"]
        self.assertEqual([p["title"] for p in everything if p["type"] == "row"], ["Health", "Progress", "Pressure", "Poison", "Process", "Claims"])


@unittest.skipUnless(shutil.which("prometheus"), "prometheus is not installed (Debian's package of that name): script/setup")
class Scraped(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(folder.cleanup)
        cls.folder = pathlib.Path(folder.name)
        psql(os.environ["ANNALS_DATABASE"], f"CREATE DATABASE {NAME}")
        cls.addClassCleanup(psql, os.environ["ANNALS_DATABASE"], f"DROP DATABASE {NAME} WITH (FORCE)")
        subprocess.run([ROOT / "script/stack", "topic", NAME, "2"], check=True, capture_output=True)
        subprocess.run([ANNALS, "schema", "apply"], env=os.environ | {"ANNALS_DATABASE": uri(NAME)}, check=True, capture_output=True)
        (cls.folder / "relay.toml").write_text(RELAY_TOML)
        targets = [cls.start_relay(), cls.start_relay()]
        cls.prometheus = Prometheus(cls.folder, targets)
        cls.addClassCleanup(cls.prometheus.end)
        cls.publish()

    @classmethod
    def start_relay(cls):
        address = f"127.0.0.1:{free_port()}"
        log = (cls.folder / f"{address}.log").open("w")
        cls.addClassCleanup(log.close)
        relay = subprocess.Popen([RELAY, "--config", cls.folder / "relay.toml", "--listen", address], stdin=subprocess.DEVNULL,
                                 stdout=subprocess.DEVNULL, stderr=log,
                                 env={"PATH": os.environ["PATH"], "SEEN_DATABASE": uri(NAME), "ANNALS_KAFKA": os.environ["ANNALS_KAFKA"]})
        cls.addClassCleanup(relay.wait, PATIENCE_S)
        cls.addClassCleanup(relay.terminate)
        return address

    @classmethod
    def publish(cls):
        """Until something of every kind is there, and Prometheus has seen it twice."""
        for topic, count in ((NAME, MESSAGES), (f"{NAME}-parked", 2), (f"{NAME}-dead", 1)):
            psql(uri(NAME), ENQUEUE.format(topic=topic, count=count))
        value = cls.prometheus.value
        there = eventually(lambda: value("sum(annals_relay_messages_delivered_total)") == MESSAGES and value(
            "min(annals_relay_parked_messages)") == 2 and value("min(annals_relay_dead_letters)") == 1 and value(
            "count(rate(annals_relay_delivered_bytes_total[5s]))") == 2)
        logs = [log.read_text() for log in cls.folder.glob("*.log")]
        assert there, (cls.prometheus.series('{__name__=~"annals_.*"}'), logs)

    def test_every_panel_shows_something(self):
        self.assertGreater(len(queries()), 25)
        for query in map(chosen, queries()):
            self.assertIsNone(self.prometheus.fault(query), query)
            self.assertTrue(self.prometheus.series(query), f"finds nothing: {query}")

    def test_what_is_shown_is_what_happened(self):
        value = self.prometheus.value
        self.assertEqual(value("sum(annals_relay_delivered_bytes_total)"), MESSAGES * len("k{}"))
        self.assertEqual(value("sum(annals_relay_messages_read_total)"), MESSAGES + 3)
        self.assertEqual(value("sum(annals_relay_set_aside_total)"), 3)
        self.assertEqual(value("sum(annals_relay_parked_keys)"), 1)
        self.assertTrue(1 <= value("sum(annals_relay_batches_total)") <= MESSAGES + 3)
        self.assertEqual(value('count(annals_relay_state{state="standby"} == 1)'), 1)

    def test_every_variable_has_values(self):
        asked = [v for v in variables() if v["type"] == "query"]
        self.assertEqual({v["name"] for v in asked}, {"instance", "database", "source"})
        for variable in asked:
            query, label = re.fullmatch(r"label_values\((.*), (\w+)\)", chosen(variable["query"]["query"])).groups()
            found = self.prometheus.series(query)
            self.assertIsNone(self.prometheus.fault(query), query)
            self.assertTrue(found and all(label in series["metric"] for series in found), query)
        used = set(re.findall(r"\$(\w+)", " ".join(queries())))
        self.assertEqual(used, {v["name"] for v in asked} | {"__rate_interval"})

    def test_every_rule_asks_for_what_there_is(self):
        for rule in rules():
            self.assertIsNone(self.prometheus.fault(rule["expr"]), rule["alert"])
            for selector in promql.selectors(rule["expr"]):
                self.assertTrue(self.prometheus.series(selector), f"{rule['alert']}: no relay has {selector}")
        loaded = [rule for group in self.prometheus.ask("rules")["groups"] for rule in group["rules"]]
        self.assertEqual({(rule["name"], rule["health"], rule.get("lastError")) for rule in loaded},
                         {(rule["alert"], "ok", None) for rule in rules()})

    def test_what_was_set_aside_is_the_only_alarm(self):
        firing = {series["metric"]["alertname"] for series in self.prometheus.series('ALERTS{alertstate="firing"}')}
        self.assertEqual(firing, {"AnnalsRelayMessagesSetAside"}, self.prometheus.series("ALERTS"))

    def test_finds_what_no_relay_has(self):
        """Negative control."""
        for query in map(chosen, queries()):
            for metric in promql.metrics(query):
                mistyped = re.sub(rf"\b{metric}\b", metric[:-1], query)
                self.assertEqual(self.prometheus.fault(mistyped), [metric[:-1]], mistyped)
        self.assertEqual(self.prometheus.fault('sum by (sources) (annals_relay_state{stat="idle"})'), ["sources", "stat"])
        self.assertIn("parse error", self.prometheus.fault("sum(annals_relay_state"))
        self.assertFalse(self.prometheus.series('annals_relay_state{state="haltd"}'))

    def test_every_metric_of_a_relay_is_shown(self):
        own = {m for m in self.prometheus.ask("label/__name__/values") if m.startswith(("annals_", "process_"))}
        shown = set().union(*map(promql.metrics, queries()))
        # Of a histogram the buckets are.
        self.assertEqual(own - shown, {f"annals_relay_step_duration_seconds_{part}" for part in ("count", "sum")})


if __name__ == "__main__":
    unittest.main(verbosity=2)
