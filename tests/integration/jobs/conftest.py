"""A database of its own for each test of jobs: a worker takes whatever is there to do."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL

from portal.catalogue import Catalogue
from tests.conftest import Stores, make_settings, open_stores


@pytest.fixture
async def own(empty_database: URL, catalogue: Catalogue) -> AsyncIterator[Stores]:
    async with open_stores(make_settings(empty_database), catalogue) as stores:
        yield stores
