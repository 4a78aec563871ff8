"""Other sites cannot act in somebody's name."""

import httpx2
import pytest

from tests.integration.web.browsing import Served

LET_IN = [{"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "none"}, {"origin": "{origin}"}]
KEPT_OUT = [
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
    {"sec-fetch-site": "cross-site", "origin": "{origin}"},
    {"origin": "https://mallory.example"},
    {"origin": "null"},
    {"origin": "{origin}.mallory.example"},
    {"cookie": "portal_language=en"},
]


@pytest.mark.parametrize("headers", LET_IN)
async def test_our_own_pages_may_post(served: Served, headers: dict[str, str]) -> None:
    assert (await _post(served, headers)).status_code == 303


@pytest.mark.asvs("3.5.1", "3.5.2", "16.5.3")
@pytest.mark.parametrize("headers", KEPT_OUT)
async def test_nobody_else_may(served: Served, headers: dict[str, str]) -> None:
    response = await _post(served, headers)

    assert response.status_code == 403
    assert "Nothing was changed" in response.text


async def test_a_program_without_cookies_is_judged_by_other_means(served: Served) -> None:
    assert (await _post(served, {})).status_code == 303


async def test_looking_changes_nothing_and_is_free(served: Served) -> None:
    async with httpx2.AsyncClient(base_url=served.origin, trust_env=False) as client:
        assert (await client.get("/", headers={"sec-fetch-site": "cross-site"})).status_code == 200


async def _post(served: Served, headers: dict[str, str]) -> httpx2.Response:
    sent = {name: value.format(origin=served.origin) for name, value in headers.items()}
    async with httpx2.AsyncClient(base_url=served.origin, trust_env=False) as client:
        return await client.post("/language", data={"language": "de"}, headers=sent)
