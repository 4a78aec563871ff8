"""Trying codes is limited for each address and for each code, and whoever is held off is told nothing else."""

from collections.abc import AsyncIterator

import httpx2
import pytest
from sqlalchemy import URL

from portal.app import create_app
from portal.identity import codes
from tests.conftest import make_settings
from tests.integration.linking.conftest import fields
from tests.integration.web.browsing import Served, a_browser, listening, serving

pytestmark = pytest.mark.asvs("2.4.1", "6.6.3")

MOST = 4


@pytest.fixture(scope="module")
async def strict(database_url: URL) -> AsyncIterator[Served]:
    """A portal that takes a few codes from an address and from nobody else."""
    with listening() as bound:
        origin = f"http://localhost:{bound.getsockname()[1]}"
        settings = make_settings(
            database_url,
            public_url=origin,
            trusted_proxies="127.0.0.1",
            limit_minutes=60,
            limit_codes_per_address=MOST,
            limit_codes_per_target=2,
        )
        async with serving(app := create_app(settings), bound):
            yield Served(origin, app)


async def say(browser: httpx2.AsyncClient, code: str, address: str) -> httpx2.Response:
    page = await browser.get("/invitation")
    return await browser.post(
        "/invitation", data={**fields(page.text, "/invitation"), "code": code}, headers={"x-forwarded-for": address}
    )


async def test_an_address_may_try_a_few(strict: Served) -> None:
    async with a_browser(strict.origin) as browser:
        answers = [await say(browser, codes.new(), "192.0.2.11") for _ in range(MOST + 2)]

        assert [answer.status_code for answer in answers] == [422] * MOST + [429] * 2
        assert int(answers[-1].headers["retry-after"]) > 0
        assert "too many attempts" in answers[-1].text
        assert (await say(browser, codes.new(), "192.0.2.12")).status_code == 422, "another address is not held off"


async def test_what_is_no_code_counts_as_well(strict: Served) -> None:
    async with a_browser(strict.origin) as browser:
        answers = [await say(browser, "nonsense", "192.0.2.21") for _ in range(MOST + 1)]

    assert [answer.status_code for answer in answers] == [422] * MOST + [429]


async def test_one_code_may_be_tried_a_few_times_from_everywhere(strict: Served) -> None:
    code = codes.new()
    async with a_browser(strict.origin) as browser:
        answers = [await say(browser, code, f"192.0.2.{number}") for number in range(31, 35)]

    assert [answer.status_code for answer in answers] == [422, 422, 429, 429]
