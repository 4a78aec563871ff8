"""A real stack and a real Chromium for each test process. Whoever a browser test needs is a customer of its own; the
demo's people are there to be looked at, and the walk alone changes them."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from playwright.async_api import Browser, expect
from sqlalchemy import URL

from portal.catalogue import Catalogue
from portal.demo.load import load as load_demo
from portal.record.read import StoredRecord
from tests.browser.cast import SECONDS_TO_SHOW, Entrance, Remembered, Somebody, a_login, open_chromium
from tests.browser.stack import LOG_ORIGIN, Stack, running_stack
from tests.builders import a_consent, a_contact_point, a_customer, a_number, a_window
from tests.conftest import Stores, Template, connect_embedded_crm, make_settings, open_stores


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    here = Path(__file__).parent
    for item in items:
        if here in item.path.parents:
            item.add_marker(pytest.mark.browser)


@pytest.fixture(scope="session")
def stack_database(template: Template, worker_id: str) -> Iterator[URL]:
    """A database of this stack alone: its worker would do the work that other tests wait to see."""
    name = f"portal_browser_{worker_id}"
    url = template.clone(name)
    connect_embedded_crm(url)
    yield url
    template.drop(name)


@pytest.fixture(scope="session")
async def records(stack_database: URL, catalogue: Catalogue) -> AsyncIterator[Stores]:
    """The stack's records, with the demo's people in them."""
    settings = make_settings(stack_database, log_origin=LOG_ORIGIN)
    async with open_stores(settings, catalogue) as stores:
        await load_demo(settings, stores.worker)
        yield stores


@pytest.fixture(scope="session")
async def running(
    stack_database: URL, records: Stores, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Stack]:
    async with running_stack(stack_database, tmp_path_factory.mktemp("stack")) as stack:
        await stack.wait_until_delivered()
        yield stack


@pytest.fixture
def stack(running: Stack) -> Iterator[Stack]:
    """The running portal. A test fails if one of its processes complains meanwhile."""
    yield running
    complaints = running.complaints()
    assert not complaints, "\n".join(complaints)


# Two test processes, two stacks and two browsers share what may be two cores.
expect.set_options(timeout=SECONDS_TO_SHOW * 1000)


@pytest.fixture(scope="session")
async def chromium() -> AsyncIterator[Browser]:
    async with open_chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def remembered(chromium: Browser, running: Stack) -> Remembered:
    """Pages that several tests use, one after the other."""
    return {}


@pytest.fixture
async def enter(chromium: Browser, stack: Stack, remembered: Remembered) -> AsyncIterator[Entrance]:
    """Opens browsers. A test fails if one of them met a script error, a violated policy, or an answer of 500."""
    entrance = Entrance(chromium, stack, remembered)
    yield entrance
    problems = await entrance.leave()
    assert not problems, "\n".join(problems)


@pytest.fixture
async def alice_record(records: Stores) -> StoredRecord:
    """Alice as a customer of this test alone, whom one may call in the evening and send offers by e-mail."""
    number = a_number()
    return await a_customer(
        records.worker,
        number=number,
        values=a_contact_point("phone", "+442079460018", use="mobile", rank=1)
        | a_contact_point(value=f"alice.{number.lower()}@example.com", rank=2)
        | a_window()
        | a_consent(),
        language="en",
        time_zone="Europe/London",
        account_tier="home",
    )


@pytest.fixture
async def alice(stack: Stack, alice_record: StoredRecord) -> Somebody:
    """Her login."""
    return await introduced(stack, alice_record)


async def introduced(stack: Stack, record: StoredRecord) -> Somebody:
    """Make a customer known to the identity provider."""
    somebody, profile = a_login(record), record.record.profile
    name = f"{profile['given_name']} {profile['family_name']}"
    await stack.introduce(somebody.login, customer_number=somebody.number, name=name, email=somebody.email)
    return somebody
