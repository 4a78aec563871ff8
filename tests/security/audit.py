"""Asks a vulnerability service about every locked package: `python -m tests.security.audit PIP-AUDIT`.

Ends with 1 where something is known to be vulnerable, and with 2 where the service could not be asked: an audit that
did not take place must not look like one that found nothing.
"""

import json
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from tests.security.locks import FOLDER

NOBODY_TO_ASK = """
The vulnerability service could not be asked about {count} of {total} packages, so nothing is known of them:
  {names}
It answers over the network. Where that is not to be had, run `make audit` elsewhere: it needs the lock files and
nothing else of this machine."""


def main() -> None:
    locks = [str(path) for path in sorted(FOLDER.glob("*.txt"))]
    print(f"Asking about {', '.join(path.rpartition('/')[2] for path in locks)}.", flush=True)
    asked = subprocess.run(
        [sys.argv[1], "--require-hashes", "--disable-pip", "--progress-spinner=off", "--format=json",
         *(part for path in locks for part in ("--requirement", path))],
        capture_output=True, text=True,
    )  # fmt: skip
    try:
        answer = json.loads(asked.stdout)
    except ValueError:
        last = asked.stderr.strip().splitlines()[-1:] or ["it said nothing"]
        print(f"pip-audit could not do its work: {last[0]}", file=sys.stderr)
        sys.exit(2)
    said, code = verdict(answer["dependencies"])
    print(said, file=sys.stderr if code else sys.stdout)
    sys.exit(code)


def verdict(packages: Iterable[Mapping[str, Any]]) -> tuple[str, int]:
    """What to say of pip-audit's answer, and how to end."""
    found = list(packages)
    known = [
        f"  {one['name']} {one['version']}: {flaw['id']}, mended in {', '.join(flaw['fix_versions']) or 'none yet'}"
        for one in found
        for flaw in one.get("vulns", [])
    ]
    unasked = sorted({one["name"] for one in found if "skip_reason" in one})
    if known:
        return "\n".join(["Known to be vulnerable:", *sorted(set(known))]), 1
    if unasked:
        some = ", ".join(unasked[:6]) + (", ..." if len(unasked) > 6 else "")
        total = len({one["name"] for one in found})
        return NOBODY_TO_ASK.format(count=len(unasked), total=total, names=some).strip(), 2
    return f"Nothing is known against any of the {len({one['name'] for one in found})} packages.", 0


if __name__ == "__main__":
    main()
