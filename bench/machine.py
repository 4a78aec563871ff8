"""On what it was measured: the head of the report."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

from bench.ground import Ground

LIBRARIES = (
    "starlette",
    "uvicorn",
    "uvloop",
    "httptools",
    "jinja2",
    "psycopg",
    "sqlalchemy",
    "cryptography",
    "rfc8785",
)

SETTINGS = ["fsync", "synchronous_commit", "full_page_writes", "shared_buffers", "wal_sync_method"]


def head(ground: Ground) -> list[str]:
    """Machine, versions and settings, a line each."""
    with ground.as_administrator() as admin:
        server = admin.execute("SELECT version()").fetchall()[0][0].split(" on ")[0]
        rows = admin.execute("SELECT name, current_setting(name) FROM unnest(%s::text[]) name", [SETTINGS]).fetchall()
    memory = next(line for line in _lines("/proc/meminfo") if line.startswith("MemTotal:")).split()[1]
    return [
        f"{os.cpu_count()} cores ({_processor()}), {int(memory) / 1e6:.0f} GB, {platform.platform(terse=True)}",
        f"Python {platform.python_version()}; " + ", ".join(f"{name} {version(name)}" for name in LIBRARIES),
        f"{server}: " + ", ".join(f"{name} {value}" for name, value in rows),
    ]


def load() -> str:
    """What the machine did in the last minute; more than the cores means that others were measured along."""
    return f"{os.getloadavg()[0]:.1f}"


def _processor() -> str:
    names = (line.partition(":")[2].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name"))
    return next(names, platform.machine())


def _lines(path: str) -> list[str]:
    return Path(path).read_text(encoding="utf-8").splitlines()
