"""An office with each of three CRMs."""

from collections.abc import AsyncIterator

import pytest
from pytest_asyncio import fixture
from sqlalchemy import URL

from tests.conftest import Stores
from tests.integration.adoption.offices import KINDS, Office, an_office
from tests.integration.sync_stage import own_settings, own_stores, own_url

__all__ = ["own_settings", "own_stores", "own_url"]


@fixture(params=sorted(KINDS))
async def office(request: pytest.FixtureRequest, own_stores: Stores, own_url: URL) -> AsyncIterator[Office]:
    async with an_office(request.param, own_stores, own_url) as made:
        yield made


@fixture
async def salesforce(own_stores: Stores, own_url: URL) -> AsyncIterator[Office]:
    async with an_office("salesforce", own_stores, own_url) as made:
        yield made
