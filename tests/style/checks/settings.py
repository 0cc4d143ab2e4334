"""Every setting of annals-relay that a hint or a document names by section and key is one that the program takes; and every variable
that a test looks for is in CONTRIBUTING.md, or made by script/stack."""
import re

from checks.commands import COMMENTS, JOINED, unquoted

TABLE = "apps/relay/settings/setting.cpp"
ROW = re.compile(r'(?:Setting\{|>\(\s*)"([a-z]+)\.([a-z_]+)"')
READER = "apps/relay/settings/toml_file.cpp"
OF_DATABASE = re.compile(r'path == "database\.([a-z_]+)"')  # what only a [[database]] has
FILES = ("cpp", "example", "hpp", "md", "service", "toml")  # relay.toml is no setting


GETENV = re.compile(r'getenv\("(ANNALS_\w+)"\)')


def variable_faults(tree):
    told = "".join(tree.text(p) for p in ("CONTRIBUTING.md", "script/stack") if p in tree.paths)
    for path in tree.named(".cpp"):
        for name in sorted(set(GETENV.findall(tree.text(path))) if path.startswith("tests/") else ()):
            if not re.search(rf"\b{name}\b", told):
                yield f"{path} {name}", 0, f"{path}: looks for {name}, which CONTRIBUTING.md does not tell of"


def strings_of(text):
    code = re.sub(r"^\s*#include.*$", "", COMMENTS.sub("", text), flags=re.M)
    return "\n".join(unquoted(literals[0]) for literals in JOINED.finditer(code))


def faults(tree):
    yield from variable_faults(tree)
    keys = ROW.findall(tree.text(TABLE)) if TABLE in tree.paths else []
    if not keys:
        yield TABLE, 0, f"{TABLE}: has no settings: this check knows nothing"
        return
    keys += [("database", key) for key in OF_DATABASE.findall(tree.text(READER) if READER in tree.paths else "")]
    keys += [("database", section) for section in ("route", "encoding", "own_outbox", "capture", *dict.fromkeys(section for section, _ in keys))]  # [database.relay]
    for path in tree.named(".toml", "compose.yaml", "/demo"):
        if "linger.ms" in tree.text(path):
            yield f"{path} linger.ms", 0, f"{path}: sets linger.ms; what the sink sets was measured (kafka/src/producer/sink.cpp)"
    named = re.compile(rf"(?<![\w./:-])({'|'.join(sorted({section for section, _ in keys}))})\.([a-z_]+)(?![\w(])")
    texts = [(p, strings_of(tree.text(p))) for p in tree.named(".cpp", ".hpp") if not p.startswith(("tests/", "bench/", "examples/"))]
    texts += [(p, tree.text(p)) for p in tree.named(".md") if p != "CHANGELOG.md"]  # it tells of names that were
    for path, text in texts:
        for section, key in dict.fromkeys(named.findall(text)):
            if (section, key) not in keys and key not in FILES:
                yield f"{path} {section}.{key}", 0, f"{path}: names the setting {section}.{key}, which annals-relay does not have"


def known(path, text):
    rows = 'Setting{"relay.name", "E", "--name"}, number<1, 2>(\n  "kafka.queue_bytes_max", "E")'
    return {TABLE: rows, path: text}


CONTROLS = [
    (known("kafka/src/sink.cpp", 'f("raise it "\n  "(relay.queue_bytes of annals-relay)");'), "names the setting relay.queue_bytes"),
    (known("docs/relay.md", "Set `kafka.queue_bytes`; see relay.toml and `relay.name`."), "names the setting kafka.queue_bytes"),
    (known("docs/relay.md", "`[database.relay]`, and `database.relai`"), "names the setting database.relai"),
    (known("apps/relay/relay.example.toml", '[kafka.settings]\n"linger.ms" = "5"\n'), "sets linger.ms"),
    ({TABLE: "nothing"}, "knows nothing"),
    (known("tests/outbox/a_test.cpp", 'std::getenv("ANNALS_ROWS")'), "looks for ANNALS_ROWS"),
]
