"""Finds the Chromium that browser tests drive, or brings one: `python -m tests.chromium` prints its path."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
MAC = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome"

# Chromium's own sandbox does not work for root. The rest keeps it from asking the world for updates, and takes its
# shared memory from a place that is large enough in a container.
ARGUMENTS = [
    *(["--no-sandbox"] if hasattr(os, "geteuid") and os.geteuid() == 0 else []),
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
]


def find() -> Path | None:
    """The first Chromium that starts: CHROMIUM, one on the PATH, Chrome on a Mac, Playwright's own."""
    return next((path for path in _candidates() if _starts(path)), None)


def ensure() -> Path | None:
    """The same, after installing one if there is none."""
    return find() or (find() if _install_package() else None) or (find() if _install_playwrights() else None)


def _candidates() -> Iterator[Path]:
    if named := os.environ.get("CHROMIUM"):
        yield Path(named)
    yield from (Path(found) for name in NAMES if (found := shutil.which(name)))
    yield Path(MAC)
    if playwrights := _playwrights():
        yield playwrights


def _starts(path: Path) -> bool:
    """Whether all that it needs is there: a browser without its libraries does not even tell its version."""
    try:
        return path.exists() and subprocess.run([path, "--version"], capture_output=True, timeout=30).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def _playwrights() -> Path | None:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return Path(path) if path else None


def _install_package() -> bool:
    """Debian's own package, for root."""
    if not (hasattr(os, "geteuid") and os.geteuid() == 0 and shutil.which("apt-get")):
        return False
    print("Installing Chromium with apt-get, once.", file=sys.stderr)
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "--yes", "--no-install-recommends", "-qq", "chromium", "fonts-liberation"]
    return all(_run(command, quiet) for command in (["apt-get", "update", "-qq"], install))


def _install_playwrights() -> bool:
    print("Fetching Playwright's Chromium, once.", file=sys.stderr)
    return _run([sys.executable, "-m", "playwright", "install", "chromium"], dict(os.environ))


def _run(command: list[str], environment: dict[str, str]) -> bool:
    return subprocess.run(command, env=environment, stdout=sys.stderr, check=False).returncode == 0


if __name__ == "__main__":
    chromium = ensure()
    if chromium is None:
        sys.exit("Browser tests need Chromium and none could be installed: install one, or set CHROMIUM to its path.")
    print(chromium)
