"""C++ is as script/format leaves it."""
import pathlib
import re
import subprocess

STYLE = pathlib.Path(__file__).resolve().parents[3] / ".clang-format"


def faults(tree):
    files = tree.cpp()
    said = subprocess.run(["xargs", "-0", "-P", "2", "-n", "40", "clang-format", f"--style=file:{STYLE}", "--dry-run"], cwd=tree.root,
                          input="\0".join(files), text=True, capture_output=True).stderr
    for path in dict.fromkeys(re.findall(r"^(\S+?):\d+:\d+: (?:warning|error):", said, re.M)):
        yield path, 0, f"{path}: is not as script/format leaves it"
    if "clang-format: " in said or files and STYLE.exists() is False:
        yield "clang-format", 0, f"clang-format could not be asked: {said[:200]}"


CONTROLS = [({"core/src/a.cpp": "int  main( ){return 0;}\n"}, "core/src/a.cpp: is not as script/format")]
