"""A system that is named is one that was tried, and of a library no older version than the build asks for. Whoever tries another adds it
here, and says in CONTRIBUTING.md what passed on it."""
import re

TRIED = {"Debian 12", "Debian 13"}
OF_DEBIAN_12 = "15"
LIBRARIES = {"Protobuf": "3.21", "fmt": "9", "librdkafka": "2.0"}  # as Debian 12 has them
DEPENDENCIES = "cmake/AnnalsDependencies.cmake"
SYSTEM = re.compile(r"\b(Debian|Ubuntu|Fedora|Alpine|CentOS|RHEL|Rocky|openSUSE|Arch Linux|macOS|FreeBSD|Windows)(?: (\d[\d.]*\d|\d))?(?![\w-])")
OPEN = re.compile(r"\bDebian \d+(?:\+| (?:and|or) (?:later|newer|above))")
SERVER = re.compile(r"\bPostgreSQL (\d\d)\b")
LIBRARY = re.compile(rf"\b({'|'.join(LIBRARIES)}) (\d[\d.]*\d|\d)\+")
FOUND = re.compile(r"find_package\((Protobuf|fmt|RdKafka) (\d[\d.]*)")
SPOKEN = (".md", "CMakeLists.txt", ".cmake", ".in", ".yaml", ".hpp", "Dockerfile")


def faults(tree):
    fetched = set(re.findall(r"^  (\d\d)\) release=", tree.text("script/postgres"), re.M)) if "script/postgres" in tree.paths else set()
    for path in tree.paths:
        if not path.endswith(SPOKEN) and not path.startswith("script/"):
            continue
        text = tree.text(path)
        for system, version in dict.fromkeys(SYSTEM.findall(text)):
            name = f"{system} {version}".strip()
            if name not in TRIED and name != "Debian":
                yield f"{path} {name}", 0, f"{path}: names {name}, where nothing was tried"
        for claim in dict.fromkeys(OPEN.findall(text)):
            yield f"{path} {claim}", 0, f"{path}: says {claim}; what is later was not tried"
        asked = [(name.replace("RdKafka", "librdkafka"), v) for name, v in FOUND.findall(text)] if path == DEPENDENCIES else []
        for library, version in dict.fromkeys(LIBRARY.findall(text) + asked):
            if version != LIBRARIES[library]:
                yield f"{path} {library}", 0, f"{path}: names {library} {version}; {LIBRARIES[library]} is the oldest that was tried"
        for version in dict.fromkeys(SERVER.findall(text)):
            if version not in fetched | {OF_DEBIAN_12}:
                yield f"{path} PostgreSQL {version}", 0, f"{path}: names PostgreSQL {version}, which script/postgres cannot fetch"


CONTROLS = [
    ({"README.md": "On Debian 12+ or Ubuntu 22.04+."}, "README.md: names Ubuntu 22.04"),
    ({"README.md": "On Debian 12+."}, "README.md: says Debian 12+; what is later was not tried"),
    ({"script/setup": "# on Debian 12 and later"}, "says Debian 12 and later"),
    ({"script/setup": "# Debian 11"}, "script/setup: names Debian 11"),
    ({"docs/a.md": "on macOS too"}, "names macOS"),
    ({"README.md": "needs Protobuf 3.12+ and fmt 9+"}, "README.md: names Protobuf 3.12; 3.21 is the oldest"),
    ({DEPENDENCIES: "find_package(RdKafka 1.8 REQUIRED)"}, "names librdkafka 1.8"),
    ({"docs/a.md": "before PostgreSQL 12", "script/postgres": "  13) release=13.23\n"}, "names PostgreSQL 12"),
]
