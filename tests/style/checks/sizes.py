"""Files and functions that fit a screenful or two; rooms and modules that fit a head."""
import collections

from checks.ctags import tags
from tree import LIBRARIES

FILE_LINES_MAX = 500
FUNCTION_LINES_MAX = 70
ROOM_SOURCES_MAX = 12
ROOMS_MAX = 8
HEADERS_MAX = 20  # about a dozen is meant
PROGRAMS = ("apps/cli", "apps/relay", "apps/host", "apps/roles", "apps/console")


def fault(key, number, limit, what):
    return [(key, number, f"{key}: {number} {what}, {limit} at most")] if number > limit else []


def file_faults(tree):
    for path in tree.named(".cpp", ".hpp", ".h", ".sql", ".py", ".cmake", under=""):
        yield from fault(path, tree.text(path).count("\n"), FILE_LINES_MAX, "lines")


def function_faults(tree):
    for tag in tags(tree, "f"):
        yield from fault(f"{tag['path']} {tag['name']}", tag["end"] - tag["line"] + 1, FUNCTION_LINES_MAX, "lines")


def room_faults(tree):
    rooms = collections.Counter()
    for path in tree.named(".cpp"):
        module = next((m for m in (*LIBRARIES, *PROGRAMS) if path.startswith(m + "/")), None)
        if module:
            rooms[module, path.rsplit("/", 1)[0]] += 1
    for (_, room), sources in rooms.items():
        yield from fault(f"{room}/", sources, ROOM_SOURCES_MAX, "sources in a room")
    for module, count in collections.Counter(module for module, _ in rooms).items():
        yield from fault(f"{module}", count, ROOMS_MAX, "rooms in a module")


def header_faults(tree):
    # What users need stands flat; what only other modules need, in a folder of its room.
    for module in LIBRARIES:
        flat = f"{module}/include/annals/{module}"
        folders = collections.Counter(path.rsplit("/", 1)[0] for path in tree.named(".hpp", under=flat + "/"))
        for folder, headers in folders.items():
            limit = HEADERS_MAX if folder == flat else ROOM_SOURCES_MAX
            yield from fault(folder.replace(flat, f"{module}/include"), headers, limit, "public headers")


def faults(tree):
    for of in (file_faults, function_faults, room_faults, header_faults):
        yield from of(tree)


CONTROLS = [
    ({"core/src/long.cpp": "int a;\n" * 501}, "501 lines, 500 at most"),
    ({"core/src/long.cpp": "void f() {\n" + "  g();\n" * 70 + "}\n"}, "long.cpp f: 72 lines"),
    ({"tests/a_test.cpp": "TEST(Noun, Says) {\n" + "  g();\n" * 70 + "}\n"}, "72 lines, 70 at most"),
    ({f"outbox/src/relay/n{i}.cpp": "" for i in range(13)}, "outbox/src/relay/: 13 sources"),
    ({f"outbox/src/room{i}/n.cpp": "" for i in range(9)}, "outbox: 9 rooms"),
    ({f"core/include/annals/core/h{i}.hpp": "" for i in range(21)}, "core/include: 21 public headers"),
    ({f"core/include/annals/core/room/h{i}.hpp": "" for i in range(13)}, "core/include/room: 13 public headers"),
]
