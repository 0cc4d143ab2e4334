#!/usr/bin/env python3
"""Checks that every test named in docs/guarantees.md exists: `Suite.Case` in a TEST macro, or `file` in the tree."""
import pathlib
import re
import sys


def main() -> int:
    root = pathlib.Path(sys.argv[1])
    text = (root / "docs/guarantees.md").read_text()
    sources = "\n".join(p.read_text() for p in (root / "tests").rglob("*.cpp"))
    sources += "\n".join(p.read_text() for p in (root / "testing").rglob("*.hpp"))
    known = {f"{s}.{c}" for s, c in re.findall(r"TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", sources)}
    named = set(re.findall(r"`(\w+\.[A-Z]\w+)`", text))
    missing = sorted(named - known)
    print("\n".join(f"docs/guarantees.md names a test that is not there: {m}" for m in missing)
          or f"{len(named)} tests are named and there")
    return 1 if missing or len(named) < 20 else 0


if __name__ == "__main__":
    sys.exit(main())
