"""Each rule is put to each connector."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp

import pytest
from pytest_asyncio import fixture

from tests.conformance.of_tryton import of_tryton
from tests.conformance.subject import Subject
from tests.conformance.subjects import SUBJECTS
from tests.conftest import Stores
from tests.standins.tryton import is_there, tryton

TRYTON = pytest.param("tryton", marks=pytest.mark.slow)


@pytest.fixture(scope="session")
def real_tryton() -> Iterator[str]:
    """The address of a real server, for all tests that ask for it."""
    if not is_there():
        pytest.skip("`make .venv/.tryton` sets Tryton up")
    folder = Path(mkdtemp(prefix="portal-tryton-"))
    with tryton(folder) as url:
        yield url
    rmtree(folder, ignore_errors=True)


@fixture(params=[*sorted(SUBJECTS), TRYTON])
async def subject(request: pytest.FixtureRequest, stores: Stores) -> AsyncIterator[Subject]:
    """A connector with a CRM at the other end, where nobody knows the customers of this test yet."""
    real = request.getfixturevalue("real_tryton") if request.param == "tryton" else ""
    async with of_tryton(real) if real else SUBJECTS[request.param](stores) as subject:
        yield subject
