"""Classes whose many small methods share many members: each method is short, and none can be read alone."""
import collections

from checks.ctags import tags

MEMBERS_MAX = 12
METHODS_MAX = 15


def faults(tree):
    members, methods = collections.defaultdict(set), collections.defaultdict(set)
    for tag in tags(tree, "mfp"):
        if tag["scope"] and not tag["path"].startswith(("tests/", "bench/")):
            # A class is declared in one file and defined in its twin.
            key = (tag["path"].rsplit("/", 1)[-1].rsplit(".", 1)[0], tag["scope"])
            (members if tag["kind"] == "member" else methods)[key].add(tag["name"])
    for (file, scope), names in members.items():
        count = len(methods[file, scope])
        if len(names) > MEMBERS_MAX and count > METHODS_MAX:
            yield (f"{file} {scope}", len(names) * count,
                   f"{file}: {scope} has {count} methods on {len(names)} members; more than {METHODS_MAX} on more than "
                   f"{MEMBERS_MAX} is two classes")


WIDE = "struct Wide {\n" + "".join(f"  int m{i};\n" for i in range(13)) + "".join(f"  void f{i}();\n" for i in range(16)) + "};\n"
CONTROLS = [({"core/src/wide.cpp": WIDE}, "Wide has 16 methods on 13 members")]
