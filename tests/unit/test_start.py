"""What is imported before a first page is answered: the start is mostly that."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize("module", ["sqlalchemy", "alembic", "procrastinate"])
def test_what_serves_does_not_import_what_it_hardly_ever_needs(module: str) -> None:
    look = f"import sys, portal.cli, portal.web.serve, portal.app; print({module!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True).stdout == "False\n"
