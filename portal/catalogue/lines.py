"""Where a key stands in a TOML file, which tomllib does not say."""

import re
from collections.abc import Sequence

_HEADER = re.compile(r"^\s*\[{1,2}\s*([^\]]+?)\s*\]{1,2}")
_ASSIGNMENT = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"|'[^']*'))*)\s*=""")
_PART = re.compile(r"""[\w-]+|"[^"]*"|'[^']*'""")


def line_of(text: str, key: Sequence[str]) -> int:
    """The line, from 1, on which `key` or the nearest thing around it stands."""
    best, best_depth = 1, 0
    table: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = _parts(header[1])
            here = table
        elif assignment := _ASSIGNMENT.match(line):
            here = [*table, *_parts(assignment[1])]
        else:
            continue
        depth = _common(here, key)
        # A longer path than the key's own is a child of it; only a prefix of the key is a place to point at.
        if depth > best_depth and (depth == len(here) or depth == len(key)):
            best, best_depth = number, depth
    return best


def _parts(dotted: str) -> list[str]:
    return [part.strip("\"'") for part in _PART.findall(dotted)]


def _common(here: Sequence[str], key: Sequence[str]) -> int:
    count = 0
    for left, right in zip(here, key, strict=False):
        if left != right:
            break
        count += 1
    return count
