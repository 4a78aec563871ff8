"""As much of SOQL as the tests need: SELECT ... FROM ... WHERE conditions joined by AND, ORDER BY, LIMIT.

https://developer.salesforce.com/docs/platform/soql-sosl/guide/sforce-api-calls-soql-select.html
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Row = Mapping[str, Any]
Condition = Callable[[Row], bool]

QUERY = re.compile(
    r"SELECT (?P<fields>.+?) FROM (?P<object>\w+) WHERE (?P<where>.+?)"
    r"(?: ORDER BY (?P<order>.+?))?(?: LIMIT (?P<limit>\d+))?"
)
TEXT = re.compile(r"'((?:[^'\\]|\\.)*)'")


@dataclass(frozen=True)
class Query:
    fields: list[str]
    object: str
    condition: Condition
    order: list[str]
    limit: int

    def run(self, rows: Iterable[Row]) -> list[dict[str, Any]]:
        """The rows that fit, with the fields that were asked for."""
        fitting = [row for row in rows if self.condition(row)]
        fitting.sort(key=lambda row: [str(row.get(name)) for name in self.order])
        return [{name: row.get(name) for name in self.fields} for row in fitting[: self.limit]]


def parse(text: str) -> Query:
    """A query.

    Raises:
        ValueError: MALFORMED_QUERY, as Salesforce calls it.
    """
    found = QUERY.fullmatch(text)
    if found is None:
        raise ValueError("unexpected token")
    fields = [name.strip() for name in found["fields"].split(",")]
    order = [name.strip() for name in (found["order"] or "Id").split(",")]
    return Query(fields, found["object"], _all(found["where"]), order, int(found["limit"] or 2_000))


def _all(text: str) -> Condition:
    conditions = [_condition(part) for part in _split(text, " AND ")]
    return lambda row: all(condition(row) for condition in conditions)


def _condition(text: str) -> Condition:
    text = text.strip()
    if text.startswith("(") and text.endswith(")"):
        alternatives = [_all(part) for part in _split(text[1:-1], " OR ")]
        return lambda row: any(alternative(row) for alternative in alternatives)
    if listed := re.fullmatch(r"(\w+) IN \((.*)\)", text):
        name, values = listed[1], {_unescaped(value) for value in TEXT.findall(listed[2])}
        return lambda row: str(row.get(name)) in values
    compared = re.fullmatch(r"(\w+) (=|!=|>|<=) (.+)", text)
    if compared is None:
        raise ValueError(f"unexpected token: {text}")
    name, operator, value = compared[1], compared[2], compared[3]
    if value == "null":
        return lambda row: (row.get(name) is None) is (operator == "=")
    quoted = TEXT.fullmatch(value)
    wanted = _unescaped(quoted[1]) if quoted else value
    return lambda row: _holds(str(row.get(name)), operator, wanted)


def _holds(value: str, operator: str, wanted: str) -> bool:
    return {"=": value == wanted, "!=": value != wanted, ">": value > wanted, "<=": value <= wanted}[operator]


def _split(text: str, word: str) -> list[str]:
    """The parts between a word that stands outside parentheses and quotation marks."""
    parts, depth, start, quoted, position = [], 0, 0, False, 0
    while position < len(text):
        character = text[position]
        if quoted and character == "\\":
            position += 1
        elif character == "'":
            quoted = not quoted
        elif not quoted and character in "()":
            depth += 1 if character == "(" else -1
        elif not quoted and depth == 0 and text.startswith(word, position):
            parts.append(text[start:position])
            start = position + len(word)
        position += 1
    return [*parts, text[start:]]


def _unescaped(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text)
