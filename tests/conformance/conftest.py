"""Each rule is put to each connector."""

from collections.abc import AsyncIterator

import pytest
from pytest_asyncio import fixture

from tests.conformance.subject import Subject
from tests.conformance.subjects import SUBJECTS
from tests.conftest import Stores


@fixture(params=sorted(SUBJECTS))
async def subject(request: pytest.FixtureRequest, stores: Stores) -> AsyncIterator[Subject]:
    """A connector with a CRM of its own at the other end, and nobody in it yet."""
    async with SUBJECTS[request.param](stores) as made:
        yield made
