"""`make bench`, `make bench QUICK=1`, `make bench ROW=page`: measures, and writes what it found as Markdown."""

import argparse
import asyncio
import signal
import sys
import time
import traceback
from datetime import UTC, datetime
from pathlib import Path

from bench import machine
from bench.ground import Ground, ground
from bench.processes import ROOT
from bench.report import report
from bench.row import CannotBeMeasured, Row
from bench.rows import ROWS

CUSTOMERS, CHANGES = 2_000, 40_000
QUICK, TINY = 0.15, 0.05
"""How long a quick run measures, as a share of a full one; and one that only sees whether all can be measured."""
LONGEST, LONGEST_QUICK = 3_600, 240
"""Seconds that a row takes at most, with the data that it makes the first time."""


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="shorter rounds and smaller data: under five minutes")
    parser.add_argument("--tiny", action="store_true", help="as short as it can be: whether it works, not how fast")
    parser.add_argument("--row", action="append", choices=list(ROWS), help="measure this row alone; may be repeated")
    parser.add_argument("--folder", type=Path, default=ROOT / "var" / "bench", help="where databases are kept")
    parser.add_argument("--output", type=Path, help="the report; bench/report.md, with --row var/bench/report.md")
    options = parser.parse_args()
    # As Ctrl-C does: what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    output = options.output or (options.folder if options.row else ROOT / "bench") / "report.md"
    scale = TINY if options.tiny else QUICK if options.quick else 1.0
    share = 0.2 if options.tiny else 1
    customers, changes = int(CUSTOMERS * share), int(CHANGES * share)
    with ground(options.folder / "ground", customers=customers, changes=changes, scale=scale) as here:
        whole = asyncio.run(_run(here, options.row or list(ROWS)))
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(whole, encoding="utf-8")
    print(f"Written: {output}", file=sys.stderr)


async def _run(here: Ground, names: list[str]) -> str:
    began, clock, load = datetime.now(UTC), time.monotonic(), machine.load()
    rows = []
    for name in names:
        started = time.monotonic()
        here.renew()
        rows.append(await _measure(here, name, LONGEST if here.scale == 1 else LONGEST_QUICK))
        print(f"{name}: {time.monotonic() - started:.0f} s", file=sys.stderr)
    loads = f"load of the machine {load} before and {machine.load()} after"
    minutes = (time.monotonic() - clock) / 60
    mode = "full" if here.scale == 1 else "quick" if here.scale == QUICK else "tiny"
    return report(machine.head(here), rows, began=began, minutes=minutes, mode=mode, loads=loads)


async def _measure(here: Ground, name: str, longest: float) -> Row:
    """A row; one that cannot be measured here, or takes too long, says so, and the others go on."""
    title, measure = ROWS[name]
    try:
        async with asyncio.timeout(longest):
            row = await measure(here)
    except CannotBeMeasured as error:
        return Row(title, f"Not measured: {error}")
    except TimeoutError:
        return Row(title, f"Not measured: it took longer than {longest:.0f} s.")
    except Exception as error:
        traceback.print_exc()
        return Row(title, f"Failed: {type(error).__name__}: {error}".replace("\n", " "))
    return row


if __name__ == "__main__":
    main()
