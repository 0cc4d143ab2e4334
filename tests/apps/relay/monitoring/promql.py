"""What a query of PromQL names, as far as a test has to know; Prometheus itself says whether it is one."""
import re

STRING = re.compile(r'"(?:[^"\\]|\\.)*"')
LABELS = re.compile(r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\(([^)]*)\)")
WORD = re.compile(r"(?<![\w:$.])[a-zA-Z_:][\w:]*(?![\w:]*\s*\()")
KEYWORDS = {"and", "or", "unless", "bool", "offset", "by", "on"}


def without_ranges(query):
    return re.sub(r"\[[^\]]*\]", "", query)


def metrics(query):
    """The metrics that it asks for."""
    bare = LABELS.sub(" ", re.sub(r"\{[^}]*\}", " ", STRING.sub('""', without_ranges(query))))
    return set(WORD.findall(bare)) - KEYWORDS


def selectors(query):
    """The same, each with what it says of labels: as queries that find something wherever there is such a series."""
    text = LABELS.sub(" ", without_ranges(query))
    names = "|".join(sorted(metrics(query), key=len, reverse=True))
    return re.findall(rf"(?<![\w:])(?:{names})(?![\w:])(?:\{{[^}}]*\}})?", text)


def labels(query):
    """The labels that it matches or groups by."""
    matched = re.findall(r"(\w+)\s*(?:=~|!~|!=|=)", " ".join(re.findall(r"\{([^}]*)\}", STRING.sub('""', query))))
    return set(matched) | {name for group in LABELS.findall(query) for name in re.findall(r"\w+", group)}
