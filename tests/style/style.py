#!/usr/bin/env python3
"""Keeps what a machine can keep of the house rules (CONTRIBUTING.md).

usage: style.py ROOT CHECK [--program NAME=PATH]...   complains and fails when the tree breaks the rule
       style.py --control CHECK [--program ...]       feeds the check bad samples; fails when it does not complain
       style.py ROOT --shrink [--program ...]         takes out of allow.txt what no longer needs allowing

A check is a module in checks/ with faults(tree) -> [(key, number, text)] and CONTROLS: [(files, text it must say)].
"""
import argparse
import importlib
import pathlib
import sys
import tempfile

from tree import Allowed, Tree

HERE = pathlib.Path(__file__).resolve().parent
CHECKS = ("arrows", "commands", "dead_files", "doc_names", "format", "invariants", "members", "scripts", "settings", "sizes", "systems")


def load(check):
    return importlib.import_module(f"checks.{check}")


def control(check, programs):
    """Every sample must be complained of, and in its own words."""
    silent = []
    for files, wanted in load(check).CONTROLS:
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                file = pathlib.Path(folder, path)
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            said = [text for _, _, text in load(check).faults(Tree(folder, programs))]
        if not any(wanted in text for text in said):
            silent.append(f"{check}: said {said}, and not: {wanted}")
    return silent if load(check).CONTROLS else [f"{check} has no control"]


def shrink(tree):
    allow = HERE / "allow.txt"
    now = {}
    for check in CHECKS:
        for key, number, _ in load(check).faults(tree):
            now[f"{check}: {key}"] = max(number, now.get(f"{check}: {key}", 0))
    kept = []
    for line in allow.read_text().splitlines():
        found = Allowed.LINE.match(line)
        if line.startswith("#") or not found:
            kept.append(line)
        elif found["key"] in now:
            number = min(int(found["number"] or 0), now[found["key"]])
            kept.append(f"{found['key']}{f' {number}' if found['number'] else ''}  # {found['reason']}")
    allow.write_text("\n".join(kept) + "\n")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("root", nargs="?")
    parser.add_argument("check", nargs="?", choices=CHECKS)
    parser.add_argument("--control", choices=CHECKS)
    parser.add_argument("--shrink", action="store_true")
    parser.add_argument("--program", action="append", default=[])
    arguments = parser.parse_args()
    programs = dict(p.split("=", 1) for p in arguments.program)
    if arguments.control:
        left = control(arguments.control, programs)
    elif arguments.shrink:
        shrink(Tree(arguments.root, programs))
        left = []
    else:
        faults = load(arguments.check).faults(Tree(arguments.root, programs))
        left = Allowed((HERE / "allow.txt").read_text()).judge(arguments.check, faults)
    print("\n".join(left) or "ok")
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
