#!/usr/bin/env python3
"""Checks that every test named in a document exists: `Suite.Case` of a TEST macro, or `area.name` of an add_test.

usage: check_guarantees.py ROOT DOCUMENT LEAST      LEAST: fewer names than this cannot be all
       check_guarantees.py --negative-control ROOT DOCUMENT
"""
import pathlib
import re
import sys


def known(root):
    sources = "\n".join(p.read_text() for p in (root / "tests").rglob("*.cpp"))
    sources += "\n".join(p.read_text() for p in (root / "testing").rglob("*.hpp"))
    lists = "\n".join(p.read_text() for p in (root / "tests").rglob("CMakeLists.txt"))
    return {f"{s}.{c}" for s, c in re.findall(r"TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", sources)} | set(
        re.findall(r"add_test\(NAME (\w+\.\w+)", lists))


def named(text):
    return set(re.findall(r"`(\w+\.[A-Z]\w+|(?:docs|examples|package|script)\.\w+)`", text))


def main():
    control = "--negative-control" in sys.argv
    root, document, *least = [a for a in sys.argv[1:] if not a.startswith("--")]
    names = named((pathlib.Path(root) / document).read_text())
    missing = sorted(names - known(pathlib.Path(root)))
    if control:
        # One test that is there, told by a wrong name, must be missed.
        wrong = {name + "x" for name in names} - known(pathlib.Path(root))
        return 0 if names and len(wrong) == len(names) else 1
    print("\n".join(f"{document} names a test that is not there: {m}" for m in missing)
          or f"{len(names)} tests are named and there")
    return 1 if missing or len(names) < int(least[0]) else 0


if __name__ == "__main__":
    sys.exit(main())
