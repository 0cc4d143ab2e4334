"""No file without a use: sources and statements are named by a CMakeLists.txt, headers included, includes found."""
import re

INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+)"', re.M)
GENERATED = re.compile(r"\.pb\.h$|(^|/)(\w+_)?sql\.hpp$|^version\.hpp$")


def folders_up(path):
    while "/" in path:
        path = path.rsplit("/", 1)[0]
        yield path
    yield ""


def loops_in(text):
    """What a list names with a variable of its own in place of a folder, ${service}/main.cpp, as patterns."""
    return [re.sub(r"\\\$\\\{\w+\\\}", r"[\\w-]+", re.escape(name)) for name in re.findall(r"(?<![\w/.}])\$\{\w+\}/[\w./-]+\.cpp", text)
            if "_DIR}" not in name]


def named_in_cmake(tree, lists, path):
    """By its path from a CMakeLists.txt above it, with or without src/ or sql/ (annals_add_library adds them)."""
    for folder in folders_up(path):
        text = lists.get(folder + "/CMakeLists.txt" if folder else "CMakeLists.txt")
        if text is None:
            continue
        local = path[len(folder) + 1 :] if folder else path
        if any(re.fullmatch(loop, local) for loop in loops_in(text)):
            return True
        if any(re.search(rf"(?<![\w./]){re.escape(name)}(?![\w.])", text) for name in {local, re.sub(r"^(src|sql)/", "", local)}):
            return True
    # Another folder's list may name it from the root.
    return any(re.search(rf"[}}/\s\"]{re.escape(path)}(?![\w.])", text) for text in lists.values())


def faults(tree):
    lists = {p: re.sub(r"#.*", "", tree.text(p)) for p in tree.named("CMakeLists.txt", ".cmake")}
    for path in tree.named(".cpp", ".sql"):
        if path.startswith(("docs/", "examples/")) and path.endswith(".sql"):
            continue  # for people to run; doc_names wants a document that names it
        if not named_in_cmake(tree, lists, path):
            yield path, 0, f"{path}: no CMakeLists.txt names it"
    includes = {p: set(INCLUDE.findall(tree.text(p))) for p in tree.cpp()}
    every = {name.split("../")[-1] for names in includes.values() for name in names}
    used = {"/" + name for name in every}
    in_lists = "\n".join(lists.values())
    for path in tree.named(".hpp", ".h"):
        if not any(("/" + path).endswith(name) for name in used) and path.rsplit("/", 1)[-1] not in in_lists:
            yield path, 0, f"{path}: nobody includes it"
    known = {"/" + p for p in tree.named(".hpp", ".h")}
    ends = {end for p in known for end in (p[at:] for at in range(len(p)) if p[at] == "/")}
    for path, names in includes.items():
        for name in sorted(names):
            if not GENERATED.search(name) and "/" + name.split("../")[-1] not in ends:
                yield f"{path} {name}", 0, f"{path}: includes {name}, which is not there"


CONTROLS = [
    ({"core/CMakeLists.txt": "annals_add_library(core SOURCES b.cpp)", "core/src/a.cpp": "", "core/src/b.cpp": ""},
     "core/src/a.cpp: no CMakeLists.txt names it"),
    ({"core/CMakeLists.txt": "", "core/sql/x/a.sql": ""}, "core/sql/x/a.sql: no CMakeLists.txt names it"),
    ({"core/CMakeLists.txt": "a.cpp", "core/src/a.cpp": "", "core/src/a.hpp": ""}, "core/src/a.hpp: nobody includes it"),
    ({"core/CMakeLists.txt": "a.cpp", "core/src/a.cpp": "#include \"gone.hpp\"\n"}, "includes gone.hpp, which is not there"),
]
