"""What Universal Ctags knows about the tree's C++: one list of tags, asked for once."""
import re
import subprocess


def tags(tree, kinds):
    """Dicts name, path, kind, line, end, scope for each tag of these kinds."""
    files = [p for p in tree.cpp()]
    if not files:
        return []
    out = subprocess.run(
        ["ctags", "-f", "-", "--sort=no", "--excmd=number", "--languages=C++", "--langmap=C++:.cpp.hpp.h", f"--kinds-C++={kinds}",
         "--fields=+neKs", "-L", "-"],
        cwd=tree.root, input="\n".join(files), text=True, capture_output=True, check=True).stdout
    return [parsed(line) for line in out.splitlines() if not line.startswith("!")]


def parsed(line):
    name, path, _, kind, *rest = line.split("\t")
    fields = dict(field.split(":", 1) for field in rest if ":" in field)
    scope = next((fields[k] for k in ("class", "struct") if k in fields), "")
    begin = int(fields.get("line", 0))
    return {"name": name, "path": path, "kind": kind, "line": begin, "end": int(fields.get("end", begin)),
            "scope": re.sub(r"\(anonymous\)|__anon\w+", "anonymous", scope)}
