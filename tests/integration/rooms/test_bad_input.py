"""Whatever is sent to the customer's rooms: a clear 4xx, never a 500, nothing half-saved."""

from uuid import uuid4

import httpx2
import pytest

from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import HTMX, forms_of

FORMS = {
    "/record/profile/about": {"given_name": "Alice", "family_name": "Marsh"},
    "/record/contact-points?system=phone": {"value": "+44 20 7946 0991", "use": "work"},
    "/record/contact-windows": {
        "kind": "do", "weekdays": "1", "start": "17:00", "end": "20:00", "channel": "-", "time_zone": "Europe/London",
    },
    "/record/consents": {"agreed": "offers/email", "notice": "offers@2026-03"},
    "/record/notes": {"body": "Please knock."},
}  # fmt: skip


async def _carried(browser: httpx2.AsyncClient) -> dict[str, str]:
    fields = forms_of((await browser.get("/record")).text)[-1].fields
    return {"form_token": fields["form_token"][0], "request_id": str(uuid4()), "seq": "1"}


@pytest.mark.asvs("2.2.1", "2.2.2")
@pytest.mark.parametrize("address", FORMS)
@pytest.mark.parametrize(
    ("bad", "status"),
    [
        ({"nickname": "Al"}, 422),
        ({"seq": "abc"}, 422),
        ({"seq": "-1"}, 422),
        ({"seq": "9" * 30}, 422),
        ({"seq": "²"}, 422),
        ({"seq": "0" * 20 + "9" * 20}, 422),
        ({"seq": ""}, 422),
        ({"seq": None}, 422),
        ({"seq": ["1", "2"]}, 422),
        ({"request_id": None}, 422),
        ({"request_id": "not-a-uuid"}, 422),
        ({"request_id": "0" * 36}, 422),
        ({"choice.nothing": "now"}, 422),
    ],
)
async def test_what_a_form_carries_along_is_checked(
    as_alice: httpx2.AsyncClient, alices: Elsewhere, address: str, bad: dict[str, str | list[str] | None], status: int
) -> None:
    for headers in ({}, HTMX):
        data = {k: v for k, v in (FORMS[address] | await _carried(as_alice) | bad).items() if v is not None}
        answer = await as_alice.post(address, data=data, headers=headers)
        assert answer.status_code == status
        assert "There is a problem" in answer.text
    assert (await alices.record()).seq == 1


@pytest.mark.parametrize("address", FORMS)
async def test_what_is_no_form_is_refused(as_alice: httpx2.AsyncClient, alices: Elsewhere, address: str) -> None:
    form = "application/x-www-form-urlencoded"
    for body, kind, status in (
        (b"body=%FF%FE", form, 400),
        (b"{}", "application/json", 415),
        (b"x" * 100_000, form, 413),
        (b"&".join(b"f%d=1" % n for n in range(2_000)), form, 400),
        (b"", form, 403),
    ):
        answer = await as_alice.post(address, content=body, headers={"content-type": kind})
        assert answer.status_code == status, (address, body[:20])
    assert (await alices.record()).seq == 1


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/record/profile/%00", 400),
        ("/record/profile/account", 403),
        ("/record/contact-points?system=pigeon", 404),
        ("/record/contact-points/not-a-uuid", 404),
        ("/record/contact-windows/1", 404),
        ("/record/notes/%27%3B--", 404),
        ("/record/notes/018f0000-0000-7000-8000-000000000000", 404),
        ("/record/changes?before=abc", 400),
    ],
)
async def test_addresses_that_lead_nowhere(as_alice: httpx2.AsyncClient, address: str, status: int) -> None:
    page = await as_alice.get(address)
    piece = await as_alice.get(address, headers=HTMX)

    assert (page.status_code, piece.status_code) == (status, status)
    assert "<html" in page.text and "<html" not in piece.text


@pytest.mark.parametrize("address", ["/record/contact-points/{}", "/record/contact-windows/{}", "/record/notes/{}"])
async def test_a_button_that_is_not_there(as_alice: httpx2.AsyncClient, address: str) -> None:
    for action in ("", "explode"):
        data = await _carried(as_alice) | {"action": action}
        assert (await as_alice.post(address.format(uuid4()), data=data)).status_code == 400


async def test_a_version_from_the_future_saves_nothing_and_keeps_what_was_typed(
    as_alice: httpx2.AsyncClient, alices: Elsewhere
) -> None:
    """After a backup was restored, an open page may know more than the record does."""
    data = FORMS["/record/notes"] | await _carried(as_alice) | {"seq": "1000000"}

    refused = await as_alice.post("/record/notes", data=data)

    assert refused.status_code == 409
    assert data["body"] in refused.text
    assert (await alices.record()).notes == ()
