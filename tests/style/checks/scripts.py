"""Shell scripts pass shellcheck."""
import re
import subprocess

SHELL = re.compile(r"^#!.*\b(?:ba)?sh$|^# shellcheck shell=", re.M)


def faults(tree):
    files = [p for p in [*tree.paths, ".ci/run"] if ("." not in p.rsplit("/", 1)[-1] or p.endswith(".sh")) and (tree.root / p).is_file()
             and SHELL.match(tree.text(p))]
    if not files:
        return
    said = subprocess.run(["shellcheck", "--severity=warning", "--format=gcc", *files], cwd=tree.root, text=True,
                          capture_output=True).stdout
    for path, line, text in re.findall(r"^(\S+?):(\d+):\d+: \w+: (.*)$", said, re.M):
        yield f"{path} {text}", 0, f"{path}:{line}: {text}"


CONTROLS = [({"script/a": "#!/usr/bin/env bash\ncd $1\n"}, "script/a:2: Use 'cd ... || exit'")]
