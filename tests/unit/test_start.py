"""What is imported before a first page is answered: the start is mostly that."""

import subprocess
import sys

import pytest


@pytest.mark.parametrize(
    ("program", "module"),
    [
        ("portal.cli, portal.web.serve, portal.app", "sqlalchemy"),
        ("portal.cli, portal.web.serve, portal.app", "alembic"),
        ("portal.cli, portal.web.serve, portal.app", "procrastinate"),
        ("portal.cli, portal.worker", "sqlalchemy"),
        ("portal.cli, portal.worker", "alembic"),
    ],
)
def test_what_serves_does_not_import_what_it_hardly_ever_needs(program: str, module: str) -> None:
    look = f"import sys, {program}; print({module!r} in sys.modules)"

    assert subprocess.run([sys.executable, "-c", look], capture_output=True, text=True).stdout == "False\n"
