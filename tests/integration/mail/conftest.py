"""A database of its own for each test, and a mail server."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import URL

from portal.catalogue import Catalogue
from portal.record.read import StoredRecord
from tests.builders import a_customer
from tests.conftest import Stores, make_settings, open_stores
from tests.integration.mail.mail_server import MailServer, a_mail_server


@pytest.fixture
async def own(empty_database: URL, catalogue: Catalogue) -> AsyncIterator[Stores]:
    async with open_stores(make_settings(empty_database), catalogue) as stores:
        yield stores


@pytest.fixture
async def server() -> AsyncIterator[MailServer]:
    async with a_mail_server() as server:
        yield server


@pytest.fixture
async def alice(own: Stores) -> StoredRecord:
    return await a_customer(own.worker, given_name="Alice", family_name="Marsh", language="en")
