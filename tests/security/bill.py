"""The software bill of materials, as CycloneDX: `python -m tests.security.bill CYCLONEDX-PY PYTHON OUTPUT`.

PYTHON has what a server installs (requirements/production.txt) and nothing else. What is vendored for browsers is added
from its list; what a lock names and the bill does not is an error.
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.security.locks import FOLDER, locked, needed_here, plain

ROOT = FOLDER.parent
VENDORED = ROOT / "static" / "vendor" / "README.md"

_PACKAGE = re.compile(r"npm `([^`]+)`")


def main() -> None:
    program, python, output = sys.argv[1:]
    written = subprocess.run(
        [program, "environment", "--pyproject", "pyproject.toml", "--mc-type", "application", "--output-reproducible",
         "--output-file", "-", python],
        cwd=ROOT, check=True, stdout=subprocess.PIPE,
    )  # fmt: skip
    bill = with_vendored(json.loads(written.stdout), VENDORED.read_text(encoding="utf-8"))
    if absent := missing(bill):
        sys.exit(f"The bill lacks what requirements/production.txt names: {', '.join(absent)}")
    Path(output).parent.mkdir(exist_ok=True)
    Path(output).write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8")
    print(f"{output}: {len(bill['components'])} components, CycloneDX {bill['specVersion']}.")


def with_vendored(bill: dict[str, Any], listed: str) -> dict[str, Any]:
    """The bill with what browsers are sent, from the table in static/vendor/README.md."""
    rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in listed.splitlines() if row.startswith("|")]
    made: dict[str, dict[str, Any]] = {}
    for file, source, version, licence, digest in rows[2:]:
        package = _PACKAGE.search(source)
        assert package is not None, f"{file}: which package is it from?"
        purl = f"pkg:npm/{quote(package[1], safe='/')}@{version}"
        component = made.setdefault(
            purl,
            {
                "type": "library",
                "bom-ref": purl,
                "name": package[1],
                "version": version,
                "purl": purl,
                "licenses": [{"license": {"id": licence.partition(",")[0]}}],
                "components": [],
            },
        )
        hashes = [{"alg": "SHA-256", "content": digest}]
        component["components"].append({"type": "file", "name": f"static/{file}", "hashes": hashes})
    return bill | {"components": [*bill["components"], *made.values()]}


def missing(bill: dict[str, Any]) -> list[str]:
    """What a server here installs and the bill does not name, in that version."""
    named = {(plain(one["name"]), one["version"]) for one in bill["components"]}
    return [
        str(requirement)
        for requirement in locked(FOLDER / "production.txt")
        if needed_here(requirement)
        and (plain(requirement.name), str(requirement.specifier).removeprefix("==")) not in named
    ]


if __name__ == "__main__":
    main()
