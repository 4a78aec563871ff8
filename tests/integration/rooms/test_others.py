"""What Bob, an agent and Mallory can do with Alice's record here: nothing."""

from uuid import uuid4

import httpx2
import pytest

from tests.builders import a_note, a_window
from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import HTMX, forms_of

MINE = {
    "seq": "1", "value": "+44 20 7946 0991", "use": "work", "body": "Mine.", "kind": "do", "weekdays": "1",
    "all_day": "y", "channel": "-", "time_zone": "Europe/London",
}  # fmt: skip
"""What Bob would write into whatever he finds."""

PAGES = [
    "/record",
    "/record/profile/about",
    "/record/contact-points",
    "/record/contact-windows",
    "/record/consents",
    "/record/notes",
    "/record/delivery",
    "/record/live",
    "/record/changes",
]


@pytest.mark.asvs("8.2.2", "8.4.1")
async def test_bob_cannot_reach_her_items(
    as_bob: httpx2.AsyncClient, as_alice: httpx2.AsyncClient, alices: Elsewhere
) -> None:
    # Given things of hers, whose ids Bob knows
    note, window = uuid4(), uuid4()
    await alices.change(a_note("The key is below the mat.", id=note) | a_window(id=window))
    point = (await alices.record()).contact_points[0].id
    before = await alices.record()
    token = forms_of((await as_bob.get("/record")).text)[-1].fields["form_token"][0]

    for item in (f"contact-points/{point}", f"contact-windows/{window}", f"notes/{note}"):
        # When he opens them, then there is nothing, as where nothing ever was
        theirs, nobodys = [await as_bob.get(f"/record/{item[:-36]}{id}") for id in (item[-36:], uuid4())]
        assert (theirs.status_code, nobodys.status_code) == (404, 404)
        assert [t.status_code for t in [await as_alice.get(f"/record/{item}")]] == [200]

        # When he posts to them, then nothing happens
        for typed in ({"action": "save"}, {"action": "remove"}, {"action": "up"}):
            data = MINE | {"form_token": token, "request_id": str(uuid4()), **typed}
            answer = await as_bob.post(f"/record/{item}", data=data)
            assert answer.status_code in (400, 404, 422), (item, typed)
    assert await alices.record() == before


async def test_bob_sees_his_own_record(as_bob: httpx2.AsyncClient, alices: Elsewhere) -> None:
    await alices.change({"profile/good_to_know": "The key is below the mat."})

    for address in PAGES[:-2]:
        page = await as_bob.get(address)
        assert page.status_code == 200 and "below the mat" not in page.text and "Alice" not in page.text


@pytest.mark.parametrize("address", PAGES)
async def test_a_stranger_is_asked_to_log_in(stranger: httpx2.AsyncClient, address: str) -> None:
    page = await stranger.get(address)
    assert page.status_code == 303 and page.headers["location"].startswith("/login?next=%2Frecord")

    piece = await stranger.get(address, headers=HTMX)
    assert piece.status_code == 401 and 'href="/login' in piece.text


@pytest.mark.parametrize("address", PAGES)
async def test_staff_have_no_customers_rooms(as_grace: httpx2.AsyncClient, address: str) -> None:
    assert (await as_grace.get(address)).status_code == 303


async def test_mallory_cannot_post_in_her_name(
    as_alice: httpx2.AsyncClient, as_bob: httpx2.AsyncClient, alices: Elsewhere
) -> None:
    # Given a form whose token is missing, made up, or of Mallory's own session
    stolen = forms_of((await as_bob.get("/record")).text)[-1].fields["form_token"][0]
    for token in (None, "", "x", "A" * 86, stolen):
        data = {"body": "Send the money to Mallory.", "request_id": str(uuid4()), "seq": "1"}
        answer = await as_alice.post("/record/notes", data=data if token is None else data | {"form_token": token})

        # Then it is refused in words, with what was typed, and nothing is saved
        assert answer.status_code == 403 and "Nothing was saved." in answer.text
        assert "Send the money to Mallory." in answer.text

    # And no other site can send it
    form = forms_of((await as_alice.get("/record/notes")).text)[-1]
    crossing = form.filled({"body": "Hello."})
    answer = await as_alice.post("/record/notes", data=crossing, headers={"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert (await alices.record()).notes == ()
