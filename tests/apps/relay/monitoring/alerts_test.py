#!/usr/bin/env python3
"""The alert rules: promtool takes them, each fires when it should and is silent when it should be, and each leads to a section of
docs/relay.md that is there. Needs no server.

usage: alerts_test.py ROOT
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

import yaml

import promql

ROOT = pathlib.Path(sys.argv.pop(1))
RULES = ROOT / "apps/relay/monitoring/alerts.yaml"
CASES = pathlib.Path(__file__).parent / "alerts_test.yaml"
DOCUMENT = (ROOT / "docs/relay.md").read_text()
FAILURE = re.compile(r'alertname=\\"(\w+)\\".*?\n\s*exp: (.*)')


def rules():
    return [rule for group in yaml.safe_load(RULES.read_text())["groups"] for rule in group["rules"]]


def cases():
    """(alert, samples that are expected) of every case."""
    for test in yaml.safe_load(CASES.read_text())["tests"]:
        for case in test["promql_expr_test"]:
            yield re.search(r'alertname="(\w+)"', case["expr"])[1], case["exp_samples"]


def anchors(document):
    """As GitHub makes them from headings."""
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in re.findall(r"^#+ (.+)$", document, re.M)}


@unittest.skipUnless(shutil.which("promtool"), "promtool is not installed (Debian's package prometheus): script/setup")
class Promtool(unittest.TestCase):
    def run_cases(self, change=lambda rule: rule):
        with tempfile.TemporaryDirectory() as folder:
            changed = {"groups": [{"name": "annals-relay", "rules": [change(rule) for rule in rules()]}]}
            (pathlib.Path(folder) / "alerts.yaml").write_text(yaml.safe_dump(changed))
            shutil.copy(CASES, folder)
            return subprocess.run(["promtool", "test", "rules", CASES.name], cwd=folder, text=True, capture_output=True)

    def failures(self, expression):
        """(alert, fired when it must not) of each case that fails when all rules say this."""
        done = self.run_cases(lambda rule: {k: v for k, v in rule.items() if k != "for"} | {"expr": expression})
        self.assertNotEqual(done.returncode, 0)
        return {(alert, expected == "nil") for alert, expected in FAILURE.findall(done.stdout + done.stderr)}

    def test_takes_the_rules(self):
        done = subprocess.run(["promtool", "check", "rules", RULES], text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn(f"{len(rules())} rules found", done.stdout)

    def test_takes_what_the_document_configures(self):
        scrape = re.search(r"^```yaml\n(scrape_configs:.*?)^```", DOCUMENT, re.S | re.M)[1]
        with tempfile.NamedTemporaryFile("w", suffix=".yml") as file:
            file.write(f"rule_files: [{RULES}]\n{scrape}")
            file.flush()
            done = subprocess.run(["promtool", "check", "config", file.name], text=True, capture_output=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        # Two of the rules know the job by its name.
        job, = (config["job_name"] for config in yaml.safe_load(scrape)["scrape_configs"])
        self.assertEqual({name for rule in rules() for name in re.findall(r'job="([^"]*)"', rule["expr"])}, {job})

    def test_sees_each_fire_when_it_should_and_not_otherwise(self):
        done = self.run_cases()
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)

    def test_finds_a_rule_that_never_fires(self):
        missed = {alert for alert, too_much in self.failures("vector(0) > 1") if not too_much}
        self.assertEqual(missed, {rule["alert"] for rule in rules()})

    def test_finds_a_rule_that_always_fires(self):
        loud = {alert for alert, too_much in self.failures("vector(1)") if too_much}
        self.assertEqual(loud, {rule["alert"] for rule in rules()})


class Alerts(unittest.TestCase):
    def test_have_cases_of_both_kinds(self):
        for fires in (True, False):
            self.assertEqual({alert for alert, expected in cases() if bool(expected) == fires}, {rule["alert"] for rule in rules()})

    def test_say_what_it_is_how_bad_and_what_to_do(self):
        for rule in rules():
            self.assertEqual(set(rule["annotations"]), {"summary", "description", "runbook"}, rule["alert"])
            self.assertIn(rule["labels"]["severity"], ("critical", "warning"))

    def test_name_only_labels_that_they_have(self):
        for rule in rules():
            named = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
            for alert, expected in cases():
                if alert == rule["alert"] and expected:
                    self.assertLessEqual(named, set(re.findall(r"(\w+)=", expected[0]["labels"])), alert)

    def test_lead_to_a_section_that_is_there(self):
        there = anchors(DOCUMENT)
        for rule in rules():
            document, anchor = rule["annotations"]["runbook"].split("#")
            self.assertEqual(document, "docs/relay.md")
            self.assertIn(anchor, there, rule["alert"])
        self.assertNotIn("dashbord-and-alerts", there)

    def test_are_those_of_the_document(self):
        self.assertEqual(set(re.findall(r"`(AnnalsRelay\w+)`", DOCUMENT)), {rule["alert"] for rule in rules()})


class Names(unittest.TestCase):
    """The reader of queries, which dashboard_test.py relies on."""

    def test_are_found(self):
        query = 'sum by (job, le) (rate(a_total{x=~"b|c{",y!="z"}[5m])) / on (job) group_left (v) b_info > 1 and absent(up{job="x"})'
        self.assertEqual(promql.metrics(query.replace("c{", "c")), {"a_total", "b_info", "up"})
        self.assertEqual(promql.labels(query), {"job", "le", "x", "y", "v"})
        self.assertEqual(promql.selectors('a{x="1"} unless ab or sum(a[1m])'), ['a{x="1"}', "ab", "a"])


if __name__ == "__main__":
    unittest.main(verbosity=2)
