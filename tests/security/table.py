"""Which test proves which security requirement: `python -m tests.security.table` prints it.

The marks are read from the source of the tests, so that neither a database nor a browser has to be there.
"""

import ast
import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
TESTS = HERE.parent

SAID = {"tried", "got", "tests"}
"""What a case of the list of what must fail says."""


@dataclass(frozen=True)
class Bar:
    """What is required, in words, and what no test proves yet, with the reason; both by ASVS id."""

    requirements: dict[str, str]
    open: dict[str, str]


def read_bar(path: Path = HERE / "bar.toml") -> Bar:
    data = tomllib.loads(path.read_text(encoding="utf-8"))
    return Bar(data["requirements"], data["open"])


def read_proofs(folder: Path = TESTS) -> dict[str, list[str]]:
    """The tests that are marked, by ASVS id. A mark for a whole file names the file."""
    proofs: dict[str, list[str]] = {}
    for path in sorted(folder.rglob("test_*.py")):
        for name, ids in _marks(ast.parse(path.read_text(encoding="utf-8"))):
            proof = f"{path.relative_to(folder.parent)}{name and f'::{name}'}"
            for id in ids:
                if proof not in proofs.setdefault(id, []):
                    proofs[id].append(proof)
    return proofs


def read_cases(path: Path = HERE / "must_fail.toml") -> list[dict[str, Any]]:
    """What attackers try: `tried`, what it gets (`got`), and the `tests` that try it. None may be open."""
    cases: list[dict[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8"))["case"]
    return cases


def read_tests(folder: Path = TESTS) -> set[str]:
    """Every test that there is, by the name by which pytest runs it."""
    return {
        f"{path.relative_to(folder.parent)}::{name}"
        for path in folder.rglob("test_*.py")
        for name in _names(ast.parse(path.read_text(encoding="utf-8")).body)
    }


def problems(bar: Bar, proofs: dict[str, list[str]]) -> list[str]:
    """What keeps the table from being true."""
    return [
        *(f"{id} is marked by {tests[0]} and is no requirement of the bar" for id, tests in proofs.items()
          if id not in bar.requirements),
        *(f"{id} is open and is no requirement of the bar" for id in bar.open if id not in bar.requirements),
        *(f"{id} is open and proven, by {proofs[id][0]}" for id in bar.open if id in proofs),
        *(f"{id} is neither proven nor open with a reason: {words}" for id, words in bar.requirements.items()
          if id not in proofs and not bar.open.get(id)),
    ]  # fmt: skip


def case_problems(cases: list[dict[str, Any]], tests: set[str]) -> list[str]:
    """What keeps the list of what must fail from being true."""
    tried = [case.get("tried", "") for case in cases]
    return [
        *(f"{words or 'a case'} is listed twice, or says nothing" for words in sorted({*tried})
          if not words or tried.count(words) > 1),
        *(f"{case['tried']}: {', '.join(sorted(case.keys() - SAID))} is nothing that a case says" for case in cases
          if case.keys() - SAID),
        *(f"{case['tried']}: nobody says what it gets" for case in cases if not case.get("got")),
        *(f"{case['tried']}: no test tries it" for case in cases if not case.get("tests")),
        *(f"{case['tried']}: there is no test {test}" for case in cases for test in case.get("tests", [])
          if test not in tests),
    ]  # fmt: skip


def table(bar: Bar, proofs: dict[str, list[str]]) -> Iterator[str]:
    for id, words in sorted(bar.requirements.items(), key=lambda item: _order(item[0])):
        yield f"{id:7} {words}"
        if id in proofs:
            yield from (f"        {test}" for test in proofs[id])
        else:
            yield f"        open: {bar.open.get(id, 'nobody has said why')}"
    proven = sum(id in proofs for id in bar.requirements)
    yield ""
    required = len(bar.requirements)
    yield f"{proven} of {required} requirements are proven by tests, {required - proven} open."


def listed(cases: list[dict[str, Any]]) -> Iterator[str]:
    yield "What must fail, and what it gets:"
    for case in cases:
        yield ""
        yield case["tried"]
        yield f"        {case['got']}"
        yield from (f"        {test}" for test in case["tests"])


def _marks(module: ast.Module) -> Iterator[tuple[str, list[str]]]:
    """The name of each test, class of tests or, as an empty name, file that is marked, and with what."""
    for node in module.body:
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == "pytestmark" for t in node.targets):
            yield "", _ids(node.value)
        elif isinstance(node, ast.ClassDef):
            yield node.name, [id for decorator in node.decorator_list for id in _ids(decorator)]
            yield from ((f"{node.name}::{name}", ids) for name, ids in _marked_tests(node.body))
    yield from _marked_tests(module.body)


def _marked_tests(body: list[ast.stmt]) -> Iterator[tuple[str, list[str]]]:
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name, [id for decorator in node.decorator_list for id in _ids(decorator)]


def _ids(node: ast.expr) -> list[str]:
    """What each `pytest.mark.asvs(...)` in an expression names, also one that marks a single example."""
    return [
        ast.literal_eval(argument)
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "asvs"
        for argument in call.args
    ]


def _names(body: list[ast.stmt]) -> Iterator[str]:
    for node in body:
        if isinstance(node, ast.ClassDef):
            yield from (f"{node.name}::{name}" for name in _names(node.body))
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_"):
            yield node.name


def _order(id: str) -> list[int]:
    return [int(part) for part in id.split(".")]


def main() -> None:
    bar, proofs, cases = read_bar(), read_proofs(), read_cases()
    print("\n".join(table(bar, proofs)))
    if wrong := [*problems(bar, proofs), *case_problems(cases, read_tests())]:
        sys.exit("\n".join(["", *wrong]))
    print("\n".join(["", *listed(cases)]))


if __name__ == "__main__":
    main()
