"""Which connector keeps which rule: `python -m tests.conformance.table report.xml`, from pytest's --junitxml."""

import re
import sys
from collections import defaultdict
from pathlib import Path
from xml.etree import ElementTree as Tree

CASE = re.compile(r"test_(?P<rule>\w+)\[(?P<connector>[^\]]+)\]")
VARIANT = re.compile(r"-(?:timeout|reset|slow body|garbled|5\d\d|429|HANG|RESET|Break\.\w+)$")
MARKS = {"passed": "✓", "skipped": "–", "failed": "✗"}


def table(report: Path) -> str:
    """A table in Markdown: ✓ kept, – not asked of this CRM, ✗ broken. Of a rule's variants the worst counts."""
    kept: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for case in Tree.parse(report).iter("testcase"):
        found = CASE.fullmatch(case.get("name", ""))
        if found:
            connector = VARIANT.sub("", found["connector"])
            kept[found["rule"].replace("_", " ")][connector].add(_outcome(case))
    connectors = sorted({connector for rule in kept.values() for connector in rule})
    head = ["rule", *connectors]
    lines = [head, ["---"] * len(head)]
    lines += [[rule, *(_mark(said.get(one, set())) for one in connectors)] for rule, said in kept.items()]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _outcome(case: Tree.Element) -> str:
    if case.find("failure") is not None or case.find("error") is not None:
        return "failed"
    return "skipped" if case.find("skipped") is not None else "passed"


def _mark(outcomes: set[str]) -> str:
    worst = next((one for one in ("failed", "passed", "skipped") if one in outcomes), None)
    return MARKS[worst] if worst else ""


if __name__ == "__main__":
    print(table(Path(sys.argv[1])))
