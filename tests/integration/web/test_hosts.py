"""The portal answers under its own name only."""

import httpx2
import pytest

from tests.integration.web.browsing import Served


async def test_another_name_of_this_machine_leads_to_the_public_url(served: Served) -> None:
    detour = served.origin.replace("localhost", "127.0.0.1")
    async with httpx2.AsyncClient(base_url=detour, trust_env=False) as client:
        response = await client.get("/record/profile/about?x=%2F&y=1")

    assert response.status_code == 307
    assert response.headers["location"] == f"{served.origin}/record/profile/about?x=%2F&y=1"


async def test_nothing_is_posted_to_another_name(served: Served) -> None:
    detour = served.origin.replace("localhost", "127.0.0.1")
    async with httpx2.AsyncClient(base_url=detour, trust_env=False) as client:
        response = await client.post("/language", data={"language": "de"})

    assert response.status_code == 400


@pytest.mark.parametrize(
    "host",
    ["mallory.example", "localhost.mallory.example", "localhost@mallory.example", "[::1", "", "a b", "localhost/x"],
)
async def test_a_made_up_host_is_refused(stranger: httpx2.AsyncClient, host: str) -> None:
    assert (await stranger.get("/", headers={"host": host})).status_code == 400


async def test_probes_come_without_a_name(served: Served) -> None:
    address = served.origin.replace("localhost", "127.0.0.1")
    async with httpx2.AsyncClient(base_url=address, trust_env=False) as client:
        assert (await client.get("/health/live")).status_code == 200


@pytest.mark.asvs("3.7.2")
async def test_a_detour_never_leaves_for_another_site(served: Served) -> None:
    detour = served.origin.replace("localhost", "127.0.0.1")
    async with httpx2.AsyncClient(trust_env=False) as client:
        response = await client.get(f"{detour}//mallory.example/%0d%0aSet-Cookie:%20a=b")

    assert response.headers["location"].startswith(f"{served.origin}/mallory.example/%0")
    assert "set-cookie" not in response.headers
