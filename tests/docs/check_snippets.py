#!/usr/bin/env python3
"""Checks that code shown in Markdown is a marked part of a compiled file.

A fenced block that follows the line  <!-- snippet: PATH#NAME -->  must equal what stands in PATH between two lines that
contain  [NAME]  ; a block after  <!-- snippet: PATH -->  must equal the whole file.
"""
import pathlib
import re
import sys
import textwrap

MARK = re.compile(r"<!-- snippet: (?P<path>[^#\s]+)(?:#(?P<name>\S+))? -->\n+```\w*\n(?P<code>.*?)^```", re.S | re.M)


def wanted(root: pathlib.Path, path: str, name: str | None) -> str:
    text = (root / path).read_text()
    if name is None:
        return text
    parts = re.split(rf"^.*\[{re.escape(name)}\].*\n", text, flags=re.M)
    if len(parts) != 3:
        raise SystemExit(f"{path}: [{name}] must stand on exactly two lines")
    return textwrap.dedent(parts[1])


def check(root: pathlib.Path, document: pathlib.Path, text: str) -> list[str]:
    faults = []
    for found in MARK.finditer(text):
        if found["code"] != wanted(root, found["path"], found["name"]):
            faults.append(f"{document.relative_to(root)}: the code differs from {found['path']}#{found['name']}")
    return faults


def main() -> int:
    arguments = [a for a in sys.argv[1:] if not a.startswith("--")]
    root = pathlib.Path(arguments[0])
    documents = [root / "README.md", root / "ARCHITECTURE.md", *sorted((root / "docs").rglob("*.md"))]
    count = 0
    faults = []
    for document in documents:
        text = document.read_text()
        if "--negative-control" in sys.argv:
            text = text.replace("store.append(", "store.append_(")
        count += len(MARK.findall(text))
        faults += check(root, document, text)
    if "--negative-control" in sys.argv:
        return 0 if faults else 1
    print("\n".join(faults) or f"{count} snippets are what is compiled")
    return 1 if faults or count < 3 else 0


if __name__ == "__main__":
    sys.exit(main())
