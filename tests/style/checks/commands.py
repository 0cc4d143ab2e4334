"""Every command that a hint, a help text or a document shows is put to the real program's own parser.

Looked at: what stands in backticks, an indented line of a help text or of a code block, and in a C++ string also the
bare words `annals COMMAND`. A command is run with an unreachable database in an empty folder; what counts is whether the
program took it for a command line or for a mistake. UPPERCASE words, {} and … stand for a value. A path of commands
alone (`annals relay adopt`) is a mention of it: it must exist.
"""
import os
import re
import shlex
import subprocess
import tempfile

STRING = re.compile(r'"(?:[^"\\\n]|\\.)*"|R"\((?:.|\n)*?\)"')
JOINED = re.compile(rf"(?:(?:{STRING.pattern})\s*)+")
COMMENTS = re.compile(r"^\s*//.*$", re.M)
TICKED = re.compile(r"`((?:annals|annals-relay|script/\w[\w/]*)(?: [^`\n]*)?)`")
LINE = re.compile(r"^(?: {2,}|)((?:annals|annals-relay|script/\w[\w/]*)(?: .*)?)$", re.M)
GROUPS = "stream|all|events|schema|outbox|relay|projection|doctor"
BARE = re.compile(rf"(?<![`\w/.-])(annals (?:-\S+ \S+ )*(?:{GROUPS})(?: [^`\n]*)?)")
END = re.compile(r"\s(?:[|;&<>#].*|&&.*)$| {3,}\S.*$|\s>\S*|\s<\S*")
PLACE = re.compile(r"\{[^{}]*\}|…|(?<![\w-])[A-Z][A-Z_]*(?:\.\.\.)?(?![\w-])")
VALUES = {"--id": "0192f3a0-0000-7000-8000-000000000001", "--log": "events", "--expected": "any", "--database": "host=/nonexistent", "-d": "host=/nonexistent"}


def unquoted(literals):
    text = "".join(s[3:-2] if s.startswith("R") else s[1:-1] for s in STRING.findall(literals))
    return text.replace("\\n", "\n").replace('\\"', '"').replace("\\t", " ").replace("\\\\", "\\")


def commands_in_cpp(text):
    for literals in JOINED.finditer(COMMENTS.sub("", text)):
        string = unquoted(literals[0])
        if "annals" not in string and "script/" not in string:
            continue
        ticked = [m[1] for m in TICKED.finditer(string)]
        lines = [m[1] for m in re.finditer(LINE.pattern.replace("{2,}|)", "{2,})"), string, re.M)]
        yield from ticked + lines
        rest = TICKED.sub("", string)
        for line in lines:
            rest = rest.replace(line, "")
        # Prose goes on after a command: it ends at the next mark of punctuation.
        yield from (re.split(r"[,;:)]\s|[,;:)]$|\)| shows | is | then | and ", m[1])[0] for m in BARE.finditer(rest))


def commands_in_markdown(text):
    fenced, prose = False, []
    for line in text.splitlines():
        if line.startswith("```"):
            fenced = not fenced
            continue
        command = re.match(r"^ *((?:annals|annals-relay|script/\w[\w/]*)(?: .*)?)$", line)
        if command and (fenced or line.startswith("    ")) and not re.search(r"[│┌└]", line):
            yield command[1]
        elif not fenced:
            prose.append(line)
    yield from (m[1] for m in TICKED.finditer("\n".join(prose)))


def words_of(command):
    """The command as argv, with a value for each placeholder; None for what is no command line."""
    command = re.sub(r"\[(-[^\]]*)\]", r"\1", command)  # [--option VALUE] of a synopsis
    command = command.replace("{}--", "--")  # a flag that is there or not
    command = re.sub(r"(?<=\w)\{\}", " --schema s", command)  # an option that is there or not: postgres::schema_option
    previous = None
    while previous != command:
        previous, command = command, END.sub("", command).rstrip(" \\")
    try:
        words = shlex.split(PLACE.sub("7", command))
    except ValueError:
        return None
    for at, word in enumerate(words[:-1]):
        if word in VALUES:
            words[at + 1] = VALUES[word]
    return [w for w in words if w != "..."]


def answer(program, arguments):
    with tempfile.TemporaryDirectory() as folder:
        environment = {"PATH": os.environ["PATH"], "ANNALS_DATABASE": "host=/nonexistent", "HOME": folder}
        try:
            ran = subprocess.run([program, *arguments], cwd=folder, env=environment, stdin=subprocess.DEVNULL,
                                 capture_output=True, text=True, timeout=20)
        except subprocess.TimeoutExpired:
            return 0, "ran until it was stopped"
        return ran.returncode, ran.stdout + ran.stderr


def mistake(tree, words):
    """What is wrong with a command line, or ''."""
    program, arguments = words[0], words[1:]
    if program.startswith("script/"):
        return script_mistake(tree, program, arguments)
    path = tree.programs.get(program)
    if path is None or not arguments:
        return ""
    if program == "annals-relay":
        status, said = answer(path, [*arguments, "--check"])
        return said.splitlines()[0] if "annals-relay --help lists all flags" in said else ""
    if not any(a.startswith("-") for a in arguments):
        shown = answer(path, [*arguments, "--help"])[1]
        if re.search(rf"^Usage: annals {re.escape(' '.join(arguments))} ", shown, re.M):
            return ""
    status, said = answer(path, arguments)
    if re.search(r"^hint: .*annals.* --help shows examples", said, re.M):
        return said.splitlines()[0]
    if status == 0 and re.match(r"annals \d", said) and arguments != ["--version"]:
        return "prints the program's version and does nothing"
    return ""


def script_mistake(tree, program, arguments):
    if program not in tree.paths:
        return "there is no such script"
    help_text = tree.text(program).split("set -euo", 1)[0]
    own = arguments[: arguments.index("--")] if "--" in arguments else arguments
    unknown = [a for a in own if a.startswith("--") and not re.search(rf"{re.escape(a)}\b", help_text)]
    if program == "script/stack":
        bare = [a for at, a in enumerate(own) if not a.startswith("-") and not own[max(at - 1, 0)].startswith("--")]
        unknown += [a for a in bare[:1] if not re.search(rf"^#   {a}\b|\b{a}\b.*\(.*script/stack", help_text, re.M)]
    return f"does not know {unknown[0]}" if unknown else ""


def found(tree):
    for path in tree.named(".cpp", ".hpp"):
        if not path.startswith(("tests/", "bench/")):
            yield from ((path, c) for c in commands_in_cpp(tree.text(path)))
    for path in tree.named(".md"):
        if path != "CHANGELOG.md":
            yield from ((path, c) for c in commands_in_markdown(tree.text(path)))


def faults(tree):
    for path, command in dict.fromkeys(found(tree)):
        words = words_of(command)
        wrong = mistake(tree, words) if words else "cannot be split into words"
        if wrong:
            yield f"{path} {command}".replace("#", ""), 0, f"{path}: `{command}`: {wrong}"


def hint(command):
    return {"core/src/a.cpp": f'auto hint = "do it: "\n  "`{command}` and look";\n'}


CONTROLS = [
    (hint("annals relay adopt {} --tabel {}"), "--tabel"),
    (hint("annals projection reset {} --version {}"), "stands alone"),
    (hint("annals stream frobnicate NAME"), "`annals stream frobnicate NAME`"),
    (hint("annals relay skpi{} --id ID"), "`annals relay skpi{} --id ID`"),
    (hint("annals-relay --config FILE --nope"), "--nope"),
    (hint("script/stakc up"), "there is no such script"),
    ({"core/src/a.cpp": 'f("look at it (annals stream shwo x), then");'}, "annals stream shwo x"),
    ({"docs/a.md": "See\n\n```sh\nannals stream show order-1 --form 2   # from the second\n```\n"}, "--form"),
    ({"docs/a.md": "`script/x --no`", "script/x": "#!/bin/sh\n# usage: x [--yes]\nset -euo pipefail\n"}, "does not know --no"),
]
