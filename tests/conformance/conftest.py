"""Each rule is put to each connector."""

from collections.abc import AsyncIterator

import pytest
from pytest_asyncio import fixture

from tests.conformance.of_tryton import of_tryton
from tests.conformance.subject import Subject
from tests.conformance.subjects import SUBJECTS
from tests.conftest import Stores


@fixture(params=[*sorted(SUBJECTS), "tryton"])
async def subject(request: pytest.FixtureRequest, stores: Stores) -> AsyncIterator[Subject]:
    """A connector with a CRM at the other end, where nobody knows the customers of this test yet."""
    real = request.getfixturevalue("real_tryton") if request.param == "tryton" else ""
    async with of_tryton(real) if real else SUBJECTS[request.param](stores) as subject:
        yield subject
