"""Every path, header, target and option that a document names is there."""
import re

from tree import LIBRARIES

TICKED = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
PATH = re.compile(r"^\.?[\w.-]+(?:/[\w.{},*-]+)+/?$|^[\w-]+\.(?:md|cpp|hpp|sql|toml|cmake|yaml|txt|service|jsonl|csv)$")
# Names that documents give to what is made at run time or stands elsewhere.
ELSEWHERE = re.compile(r"^(build|prefix|share|application|text|include|~)/|^(dev|etc|run|var|tmp|usr)/|^relay\.toml$|backup|"
                       r"^(orders|payments|shipments?|annals)/\d|^[\w.]+\.(jsonl|jsonl\.gz|toml)$|^grants\.sql$|^schema\.sql$")


def expanded(path):
    """a/{b,c}.x as both; NNN and UPPERCASE parts stand for anything."""
    choice = re.search(r"\{([^}]*)\}", path)
    if not choice:
        return [path]
    return [p for part in choice[1].split(",") for p in expanded(path.replace(choice[0], part, 1))]


def there(tree, document, path):
    path = path.rstrip("/").removeprefix("./")
    if re.search(r"[A-Z]{3}|\*|<|…", path.split(".")[0]) and "/" in path:  # MODULE/sql/NNN_what.sql, sql/*.sql
        return True
    here = document.rsplit("/", 1)[0] + "/" if "/" in document else ""
    wanted = [path, here + path]
    wanted += [f"{module}/include/{path}" for module in LIBRARIES]
    folder = lambda p: any(q.startswith(p + "/") for q in tree.paths)
    if any(p in tree.paths or folder(p) for p in wanted):
        return True
    # A name that people use for short: the end of a path.
    return any(q.endswith("/" + path) or f"/{path}/" in q for q in tree.paths)


def resolved(document, link):
    parts = (document.rsplit("/", 1)[0].split("/") if "/" in document else [])
    for part in link.rstrip("/").split("/"):
        parts = parts[:-1] if part == ".." else parts if part == "." else parts + [part]
    return "/".join(parts)


def known_text(tree):
    sources = [p for p in tree.paths if p.endswith((".cpp", ".hpp", ".cmake", "CMakeLists.txt", ".py")) or p.startswith("script/")]
    sources += [p for p in tree.named("demo", "run") if "/" in p]
    return "\n".join(tree.text(p) for p in dict.fromkeys(sources))


def faults(tree):
    code = known_text(tree)
    modules = {m for m in LIBRARIES if m + "/CMakeLists.txt" in tree.paths}
    for document in tree.named(".md"):
        text = tree.text(document)
        for link in LINK.findall(text):
            target = resolved(document, link)
            if target not in tree.paths and not any(p.startswith(target + "/") for p in tree.paths):
                yield f"{document} {link}", 0, f"{document}: links to {link}, which is not there"
        if document == "CHANGELOG.md":
            continue  # it tells of names that were
        for name in dict.fromkeys(TICKED.findall(text)):
            for path in expanded(name) if PATH.match(name) and not ELSEWHERE.search(name) else []:
                if not there(tree, document, path):
                    yield f"{document} {name}", 0, f"{document}: names {path}, which is not there"
            for target in re.findall(r"^annals::(\w+)$", name):
                if target in LIBRARIES and target not in modules:
                    yield f"{document} {name}", 0, f"{document}: names the target {name}, which is not there"
            option = re.match(r"^(--[a-z][\w-]+)", name)
            if option and not re.search(re.escape(option[1]) + r"(?![\w-])", code):
                yield f"{document} {name}", 0, f"{document}: names the option {option[1]}, which no program has"


CONTROLS = [
    ({"README.md": "see [this](docs/gone.md)"}, "links to docs/gone.md"),
    ({"docs/a.md": "see `core/src/gone.cpp`"}, "names core/src/gone.cpp"),
    ({"docs/a.md": "see `annals/core/gone.hpp`", "core/include/annals/core/here.hpp": ""}, "names annals/core/gone.hpp"),
    ({"docs/a.md": "see `core/src/{a,b}.cpp`", "core/src/a.cpp": ""}, "names core/src/b.cpp"),
    ({"docs/a.md": "link `annals::json`"}, "names the target annals::json"),
    ({"docs/a.md": "give `--nope`", "apps/cli/main.cpp": "add(\"--nopes\")"}, "names the option --nope"),
]
