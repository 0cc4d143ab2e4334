"""Who may use whom: #include, target_link_libraries and SQL against the table of folders in ARCHITECTURE.md."""
import re

from tree import LIBRARIES

# Third parties that one module hides from the others: what is included -> where that may be.
HIDDEN = {"librdkafka/": ("kafka/src/",), "libpq-fe.h": ("postgres/",)}
# A room that knows its ports only: what it may not include, and the one file that puts the adapters behind them.
PORTS_ONLY = {
    "outbox/src/relay/": (re.compile(r"annals/postgres/|annals_outbox_sql|log/(?!log_name\.hpp)|progress/"), "outbox/src/relay/relay.cpp"),
    "outbox/include/annals/outbox/": (re.compile(r"annals/postgres/(connection|doorbell|ordered_tail|row_batch)\.hpp"), None),
}
ROW = re.compile(r"^\| (?P<folders>`[^|]+) \|[^|]*\| (?P<uses>[^|]+) \|$", re.M)
CREATED = re.compile(r"CREATE (?:TABLE|DOMAIN|FUNCTION|VIEW|TYPE|SEQUENCE)\s+(?:IF NOT EXISTS\s+)?\{schema\}\.(\w+)")
COMMENT = re.compile(r"--[^\n]*|'(?:[^']|'')*'")


def may_use(tree):
    """{folder: the libraries it may use}, from the document that people read."""
    table = {}
    for row in ROW.finditer(tree.text("ARCHITECTURE.md")):
        words = set(re.findall(r"\w+", row["uses"]))
        everything = words >= {"all", "libraries"} or "everything" in words
        for folder in re.findall(r"`([\w/]+?)/?`", row["folders"]):
            table[folder] = set(LIBRARIES) if everything else words & set(LIBRARIES)
    return table


def module_of(path):
    return path.split("/", 1)[0]


def include_faults(tree, allowed):
    for path in tree.cpp():
        module = module_of(path)
        for name in re.findall(r'^#include [<"]([^>"]+)[>"]', tree.text(path), re.M):
            for start, homes in HIDDEN.items():
                if module in LIBRARIES and name.startswith(start) and not path.startswith(homes):
                    yield f"{path} {name}", 0, f"{path}: includes {name}, which only {', '.join(homes)} may"
            target = re.match(r"annals/(\w+)/", name)
            if target and module in allowed and target[1] in LIBRARIES and target[1] not in allowed[module] | {module}:
                yield f"{path} {target[1]}", 0, f"{path}: includes {name}; {module} may not use {target[1]}"
            for room, (adapters, but) in PORTS_ONLY.items():
                if path.startswith(room) and path != but and adapters.match(name):
                    yield f"{path} {name}", 0, f"{path}: includes {name}; {room} knows its ports only"
            if module in LIBRARIES and name.startswith("../"):
                yield f"{path} {name}", 0, f"{path}: includes {name} by a way through folders"


def link_faults(tree, allowed):
    for path in tree.named("CMakeLists.txt"):
        module = module_of(path)
        for target in re.findall(r"annals::(\w+)", re.sub(r"#.*", "", tree.text(path))):
            if module in allowed and target in LIBRARIES and target not in allowed[module] | {module}:
                yield f"{path} {target}", 0, f"{path}: links annals::{target}; {module} may not use {target}"


def table_faults(tree):
    statements = {p: COMMENT.sub("", tree.text(p)) for p in tree.named(".sql") if module_of(p) in LIBRARIES}
    owner = {name: module_of(path) for path, sql in statements.items() for name in CREATED.findall(sql)}
    for path, sql in statements.items():
        for name in sorted(set(re.findall(r"\{schema\}\.(\w+)", sql))):
            if owner.get(name, module_of(path)) == module_of(path):
                continue
            yield f"{path} {name}", 0, f"{path}: names {name}, a table of {owner[name]}"


def faults(tree):
    allowed = may_use(tree)
    missing = [m for m in LIBRARIES if m not in allowed and m + "/CMakeLists.txt" in tree.paths]
    yield from ((m, 0, f"ARCHITECTURE.md: the table of folders has no row for {m}/") for m in missing)
    yield from include_faults(tree, allowed)
    yield from link_faults(tree, allowed)
    yield from table_faults(tree)


TABLE = "| `core/` | values | std |\n| `postgres/` | sessions | core |\n| `outbox/` | x | core, postgres |\n| `kafka/` | x | core |\n"
CONTROLS = [
    ({"ARCHITECTURE.md": TABLE, "core/src/a.cpp": "#include \"annals/postgres/pool.hpp\"\n"}, "core may not use postgres"),
    ({"ARCHITECTURE.md": TABLE, "outbox/src/a.cpp": "#include <librdkafka/rdkafka.h>\n"}, "which only kafka/src/ may"),
    ({"ARCHITECTURE.md": TABLE, "core/CMakeLists.txt": "target_link_libraries(a annals::kafka)"}, "core may not use kafka"),
    ({"ARCHITECTURE.md": TABLE, "core/src/a.cpp": "#include \"../../kafka/src/x.hpp\"\n"}, "by a way through folders"),
    ({"ARCHITECTURE.md": TABLE, "outbox/src/relay/relay_run.cpp": "#include \"log/table_source.hpp\"\n"}, "knows its ports only"),
    ({"ARCHITECTURE.md": TABLE, "outbox/sql/001.sql": "CREATE TABLE {schema}.outbox (x int)",
      "postgres/sql/a.sql": "SELECT 1 FROM {schema}.outbox"}, "names outbox, a table of outbox"),
    ({"ARCHITECTURE.md": TABLE, "json/CMakeLists.txt": ""}, "no row for json/"),
]
