"""A system that is named is one that was tried. Whoever tries another adds it here, and says in CONTRIBUTING.md what passed on it."""
import re

TRIED = {"Debian 12", "Debian 13"}
OF_DEBIAN_12 = "15"
SYSTEM = re.compile(r"\b(Debian|Ubuntu|Fedora|Alpine|CentOS|RHEL|Rocky|openSUSE|Arch Linux|macOS|FreeBSD|Windows)(?: (\d[\d.]*\d|\d))?(?![\w-])")
SERVER = re.compile(r"\bPostgreSQL (\d\d)\b")
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
        for version in dict.fromkeys(SERVER.findall(text)):
            if version not in fetched | {OF_DEBIAN_12}:
                yield f"{path} PostgreSQL {version}", 0, f"{path}: names PostgreSQL {version}, which script/postgres cannot fetch"


CONTROLS = [
    ({"README.md": "On Debian 12+ or Ubuntu 22.04+."}, "README.md: names Ubuntu 22.04"),
    ({"script/setup": "# Debian 11"}, "script/setup: names Debian 11"),
    ({"docs/a.md": "on macOS too"}, "names macOS"),
    ({"docs/a.md": "before PostgreSQL 12", "script/postgres": "  13) release=13.23\n"}, "names PostgreSQL 12"),
]
