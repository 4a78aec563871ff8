"""Where a demo of a test is."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from tempfile import mkdtemp

import pytest

from portal.dev.ports import next_free


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where root's PostgreSQL, which runs as another user, can come too."""
    parent = Path(mkdtemp(prefix="portal-test-dev-"))
    parent.chmod(0o755)
    yield parent / "var"
    shutil.rmtree(parent)


@pytest.fixture
def port() -> int:
    return next_free(18_000 + os.getpid() % 10_000)
