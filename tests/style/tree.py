"""The files of a source tree, and the allow list that lets a known fault pass."""
import os
import pathlib
import re

LIBRARIES = ("core", "json", "postgres", "types", "eventstore", "outbox", "projections", "kafka", "testing")
SKIPPED = re.compile(r"^(build.*|\..*|__pycache__|Testing)$")


class Tree:
    def __init__(self, root, programs=None):
        self.root = pathlib.Path(root)
        self.programs = programs or {}
        self.paths = []
        for folder, folders, names in os.walk(self.root):
            folders[:] = sorted(d for d in folders if not SKIPPED.match(d))
            self.paths += [(pathlib.Path(folder) / n).relative_to(self.root).as_posix() for n in sorted(names)]

    def named(self, *endings, under=""):
        return [p for p in self.paths if p.endswith(endings) and p.startswith(under)]

    def text(self, path):
        return (self.root / path).read_text(errors="replace")

    def cpp(self):
        return self.named(".cpp", ".hpp", ".h")


class Allowed:
    """`key [number]  # reason` a line. A key that no fault has, or a number above today's, is a fault itself: the list
    only shrinks."""

    LINE = re.compile(r"^(?P<key>[^#]*?)(?:\s+(?P<number>\d+))?\s+#\s*(?P<reason>\S.*)$")

    def __init__(self, text):
        self.entries = {}
        for line in filter(None, map(str.strip, text.splitlines())):
            if line.startswith("#"):
                continue
            found = self.LINE.match(line)
            if not found:
                raise SystemExit(f"allow.txt: a line is KEY [NUMBER]  # REASON, not: {line}")
            self.entries[found["key"]] = (int(found["number"] or 0), found["reason"])

    def judge(self, check, faults):
        """What is left of faults [(key, number, text)] and what the list itself does wrong."""
        left, seen = [], {}
        for key, number, text in faults:
            full = f"{check}: {key}"
            seen[full] = max(number, seen.get(full, 0))
            if full not in self.entries or number > self.entries[full][0]:
                left.append(text)
        for key, (number, _) in self.entries.items():
            if key.startswith(check + ": ") and seen.get(key, -1) < number:
                now = seen.get(key)
                left.append(f"allow.txt: {key}: " + ("is mended: remove the line" if now is None else f"is {now} now: lower it"))
            elif key.startswith(check + ": ") and key not in seen:
                left.append(f"allow.txt: {key}: is mended: remove the line")
        return left
