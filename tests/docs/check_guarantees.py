#!/usr/bin/env python3
"""Checks that every test named in a document is one that ctest runs: built, registered, with its parameters, and not disabled.
`Suite.Case` is a test of a test program; `area.name` one of add_test, which some presets leave out.

usage: check_guarantees.py ROOT BUILD DOCUMENT LEAST      LEAST: fewer names than this cannot be all
       check_guarantees.py ROOT BUILD others LEAST        all other documents, but CHANGELOG.md, which tells of what was
       check_guarantees.py --negative-control
"""
import json
import pathlib
import re
import subprocess
import sys

TIER = re.compile(r"^(unit|integration|fault|package)\.")


def known(listing):
    """The names of ctest's own list: "fault.Points/RelayCrashAt.KeepsTheOrder/read" is RelayCrashAt.KeepsTheOrder."""
    names = set()
    for test in listing["tests"]:
        properties = {p["name"]: p["value"] for p in test.get("properties", [])}
        if properties.get("DISABLED"):
            continue
        parts = TIER.sub("", test["name"]).split("/")
        names.add(next((part for part in parts if "." in part), test["name"]))
    return names


def added(root):
    lists = "\n".join(re.sub(r"#.*", "", p.read_text()) for p in (root / "tests").rglob("CMakeLists.txt"))
    return set(re.findall(r"add_test\(NAME (\w+\.\w+)", lists))


def text_of(root, document):
    if document != "others":
        return (root / document).read_text()
    rest = (":!docs/guarantees.md", ":!docs/security.md", ":!CHANGELOG.md")
    listed = subprocess.run(["git", "-C", root, "ls-files", "*.md", *rest], check=True, capture_output=True, text=True).stdout.split()
    return "\n".join((root / name).read_text() for name in listed)


def named(text):
    return set(re.findall(r"`(\w+\.[A-Z]\w+|(?:docs|examples|package|script)\.\w+)`", text))


def negative_control():
    listing = {"tests": [
        {"name": "unit.Suite.Case", "properties": []},
        {"name": "fault.Points/SuiteAt.Case/read", "properties": []},
        {"name": "docs.roles"},
        {"name": "package.hardening"},
        {"name": "unit.Suite.Off", "properties": [{"name": "DISABLED", "value": True}]},
    ]}
    text = "`Suite.Case` `SuiteAt.Case` `docs.roles` `package.hardening` `Suite.Off` `Suite.Gone` and `docs.gone`, `a_file.cpp`"
    return 0 if named(text) - known(listing) == {"Suite.Off", "Suite.Gone", "docs.gone"} else 1


def main():
    if sys.argv[1:] == ["--negative-control"]:
        return negative_control()
    root, build, document, least = sys.argv[1:]
    listing = subprocess.run(["ctest", "--test-dir", build, "--show-only=json-v1"], check=True, capture_output=True, text=True)
    names = named(text_of(pathlib.Path(root), document))
    missing = sorted(names - known(json.loads(listing.stdout)) - added(pathlib.Path(root)))
    print("\n".join(f"{document} names a test that does not run here: {m}" for m in missing)
          or f"{len(names)} tests are named and run")
    return 1 if missing or len(names) < int(least) else 0


if __name__ == "__main__":
    sys.exit(main())
