"""Each row of the report can still be measured; how fast anything is, is not asked here."""

import asyncio
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil
import pytest

from bench.rows import ROWS

SHORT = ("profile", "drain", "chain")


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    with TemporaryDirectory(prefix="portal-bench-", dir="/tmp") as name:
        Path(name).chmod(0o755)  # for PostgreSQL, which does not run as root
        yield Path(name)


@pytest.mark.parametrize("row", SHORT)
async def test_a_short_row_can_be_measured(folder: Path, row: str) -> None:
    await _can_be_measured(folder, row)


@pytest.mark.slow
@pytest.mark.parametrize("row", [name for name in ROWS if name not in SHORT])
async def test_so_can_all_others(folder: Path, row: str) -> None:
    await _can_be_measured(folder, row)


async def _can_be_measured(folder: Path, row: str) -> None:
    process = await _bench(folder, row)
    output, _ = await asyncio.wait_for(process.communicate(), 240)
    assert process.returncode == 0, output.decode()
    report = (folder / f"{row}.md").read_text(encoding="utf-8")
    assert "Failed:" not in report, output.decode()
    if "Not measured:" in report:
        assert (row == "browser" and not os.environ.get("CHROMIUM")) or (row == "pooler" and "no pgbouncer" in report)
    else:
        assert report.count("\n| ") > 2


@pytest.mark.slow
async def test_one_that_is_killed_leaves_no_process_behind(folder: Path) -> None:
    process = await _bench(folder, "rls")
    ours = psutil.Process(process.pid)
    while not _asks(ours):
        await asyncio.sleep(0.1)
    children = ours.children(recursive=True)

    process.send_signal(signal.SIGKILL)
    await process.wait()

    _gone, alive = await asyncio.to_thread(psutil.wait_procs, children, timeout=30)
    assert not alive


def _asks(bench: psutil.Process) -> bool:
    for child in bench.children(recursive=True):
        with suppress(psutil.Error):  # it has ended meanwhile
            if "bench.load" in child.cmdline():
                return True
    return False


async def _bench(folder: Path, row: str) -> asyncio.subprocess.Process:
    arguments = ["--tiny", "--folder", str(folder), "--output", str(folder / f"{row}.md"), "--row", row]
    return await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
