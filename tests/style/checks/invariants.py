"""What ARCHITECTURE.md says of all libraries: where statements stand, no thread, no output, no state beyond objects, libpqxx in headers,
rooms and names."""
import collections
import re

from checks.commands import JOINED, unquoted
from checks.ctags import tags
from tree import LIBRARIES

# A file whose fault is meant, and why. One that has no such fault any more is a fault itself.
STATEMENTS = {
    "postgres/src/tail/range_reader.cpp": "COPY around the rows of a log's own module",
    "outbox/src/log/row_lookup.cpp": "COPY around the rows of a log's own module",
    "postgres/src/tail/horizon_prover.cpp": "the end of whichever log is read",
    "eventstore/src/read/event_tail.cpp": "the end of whichever log is read",
    "eventstore/src/read/range_share.cpp": "the next row of whichever log is read",
    "postgres/src/migrate/migrator.cpp": "text to print, for who applies the steps by hand",
    "eventstore/src/doctor/log_check.cpp": "a remedy to paste",
    "postgres/src/doctor/position_check.cpp": "a remedy to paste",
    "projections/src/inbox/inbox_offsets.cpp": "a remedy to paste",
}
THREADS = {
    "outbox/src/log/slot_maker.hpp": "makes a slot, which waits for every writer, beside who reads the table",
    "outbox/src/log/slot_maker.cpp": "the same",
    "eventstore/src/read/read_ahead.hpp": "reads ahead within one call of read_all, which waits for it",
    "postgres/src/session/connection.cpp": "asks for a cancellation, which libpq does without a limit; ends when it is answered",
}
STATE = {
    "core/src/event/event_id.cpp": "each thread's generator of ids",
    "postgres/src/session/prepared_statement.cpp": "the counter that names prepared statements",
}
OUTPUT = {"core/src/policy/assert.cpp": "the last words of a failed assertion"}
PQXX_HOMES = ("pqxx_compat.hpp", "transact.hpp", "prepared_statement.hpp", "ownership.hpp")
SECOND_SOURCES = {  # of a header with another name
    "eventstore/src/columns/column_lists.cpp": "of event_columns.hpp",
    "outbox/src/poison/skip.cpp": "of status.hpp",
    "outbox/src/progress/adoption.cpp": "of status.hpp",
    "projections/src/runner/adoption.cpp": "of status.hpp",
}

COMMENT = re.compile(r"//[^\n]*")
STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"')
TABLE = re.compile(r"^\s*(?:SELECT\b.*\bFROM|WITH|INSERT|UPDATE|DELETE|TRUNCATE|MERGE|COPY|LOCK|CREATE|ALTER|DROP|GRANT|REVOKE)\b", re.S)
THREAD = re.compile(r"\bstd::(?:jthread|async|thread(?!::id))\b|\bpthread_create\b")
STREAM = re.compile(r"\bstd::(?:cout|cerr|clog)\b|\b(?:f?printf|fputs|puts|perror|syslog)\(|\bfmt::print\b|\bspdlog\b")
LOCAL = re.compile(r"^\s+(?:static|thread_local)(?! *(?:constexpr|const)\b)(?:(?!\().)*?[\w>] +\w+ *(?:=|;|\{)", re.M)


def of_libraries(tree, *folders):
    for path in tree.named(".cpp", ".hpp"):
        parts = path.split("/")
        if parts[0] in LIBRARIES and parts[1] in folders:
            yield path, COMMENT.sub("", tree.text(path))


def statements(tree):
    for path, text in of_libraries(tree, "src", "include"):
        for sql in (unquoted(literals[0]) for literals in JOINED.finditer(text)):
            if TABLE.search(sql):
                yield path, f"{path}: has a statement that stands in no sql/: {sql[:60]}"


def output(tree):
    for path, text in of_libraries(tree, "src", "include"):
        for found in STREAM.finditer(STRING.sub('""', text)):
            yield path, f"{path}: writes by {found[0]}"


def threads(tree):
    for path, text in of_libraries(tree, "src", "include"):
        for found in THREAD.finditer(STRING.sub('""', text)):
            yield path, f"{path}: starts a thread by {found[0]}"


def state(tree):
    for path, text in of_libraries(tree, "src", "include"):
        for found in LOCAL.finditer(text):
            yield path, f"{path}: keeps {' '.join(found[0].split())} beyond any object"
    for tag in tags(tree, "v"):
        if tag["path"].split("/")[0] in LIBRARIES:
            line = tree.text(tag["path"]).splitlines()[tag["line"] - 1]
            if not re.search(r"\bconst(?:expr)?\b|^extern |^template ", line):  # ctags takes an instantiation for a variable
                yield tag["path"], f"{tag['path']}: keeps {tag['name']} beyond any object"


def pqxx_in_headers(tree):
    for path, text in of_libraries(tree, "include"):
        for name in dict.fromkeys(re.findall(r"\bpqxx::(\w+)", text)):
            if name != "transaction_base" and not (path.startswith("postgres/") and path.endswith(PQXX_HOMES)):
                yield path, f"{path}: shows pqxx::{name}"


def rooms(tree):
    named = collections.defaultdict(set)
    for path in tree.named(".cpp", ".sql", under=""):
        parts = path.split("/")
        if len(parts) > 3 and parts[0] in LIBRARIES:
            named[parts[0], parts[1]].add(parts[2])
        elif len(parts) > 3 and parts[0] == "tests" and parts[1] in LIBRARIES:
            named[parts[1], "tests"].add(parts[2])
    for (module, kind), names in named.items():
        for name in sorted(names - named[module, "src"] - {"fragment"} if kind in ("sql", "tests") else ()):
            yield f"{module}/{kind}/{name}", f"{module}: the room {name} of {kind} is none of src/"


def names(tree):
    headers = {(p.split("/")[0], p.rsplit("/", 1)[-1]) for p in tree.named(".hpp")}
    for path in tree.named(".cpp"):
        module, name = path.split("/")[0], path.rsplit("/", 1)[-1]
        if module in LIBRARIES and (module, name.replace(".cpp", ".hpp")) not in headers:
            yield path, f"{path}: has no header of its name"


RULES = ((statements, STATEMENTS), (output, OUTPUT), (threads, THREADS), (state, STATE), (pqxx_in_headers, {}), (rooms, {}), (names, SECOND_SOURCES))


def faults(tree):
    for rule, meant in RULES:
        seen = set()
        for path, text in rule(tree):
            seen.add(path)
            if path not in meant:
                yield path, 0, text
        for path in meant:
            if path not in seen and path.split("/")[0] + "/CMakeLists.txt" in tree.paths:
                yield path, 0, f"checks/invariants.py: {path} needs no exception any more"


def source(text):
    return {"core/src/x/a.cpp": text, "core/src/x/a.hpp": ""}


CONTROLS = [
    (source('auto r = connection.query("SELECT 1 FROM {}.events");'), "stands in no sql/: SELECT 1 FROM"),
    (source('connection.execute(fmt::format("TRUNCATE {}", name));'), "stands in no sql/: TRUNCATE"),
    (source('const std::string statement = "SELECT 1 "\n  "FROM {}.events";'), "stands in no sql/: SELECT 1 FROM"),
    (source("std::jthread worker{[] {}};"), "starts a thread by std::jthread"),
    (source('std::cerr << "here";'), "writes by std::cerr"),
    (source('fmt::print("{}", 1);'), "writes by fmt::print"),
    (source("void f() {\n  static int calls = 0;\n}\n"), "keeps static int calls"),
    (source("int calls = 0;\n"), "keeps calls beyond any object"),
    ({"outbox/include/annals/outbox/a.hpp": "void f(pqxx::work& tx);"}, "shows pqxx::work"),
    ({"core/src/x/a.cpp": "", "core/src/x/a.hpp": "", "tests/core/y/a_test.cpp": ""}, "the room y of tests is none of src/"),
    ({"core/src/x/a.cpp": ""}, "core/src/x/a.cpp: has no header of its name"),
    ({"outbox/CMakeLists.txt": ""}, "outbox/src/poison/skip.cpp needs no exception any more"),
]
