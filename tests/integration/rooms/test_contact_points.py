"""How to reach Alice."""

import httpx2
import pytest

from portal.record.models import System, Use
from tests.builders import a_contact_point
from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import HTMX, form_to, forms_of, open_form, send

POINTS = "/record/contact-points"


async def test_she_adds_a_number_as_one_writes_it_at_home(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given a record with a British number
    form = await open_form(as_alice, f"{POINTS}?system=phone")

    # When she types a number without a country code
    answer = await send(as_alice, form, value=" 020 7946 0991 ", use="work")

    # Then it is kept as the world dials it, and tried last
    assert answer.status_code == 303 and answer.headers["location"].endswith("#points")
    added = (await alices.record()).contact_points[-1]
    assert (added.system, added.value, added.use, added.rank) == (System.PHONE, "+442079460991", Use.WORK, 3)
    assert "+44 20 7946 0991" in (await as_alice.get("/record")).text
    assert (await alices.stored()).recent[0].entry.action == "contact_point:added"


@pytest.mark.parametrize(
    ("system", "typed", "kept"),
    [
        ("email", "Alice.Marsh@EXAMPLE.com", "Alice.Marsh@example.com"),
        ("phone", "+49 (30) 1234-5678", "+493012345678"),
        ("postal", "14 Mill Lane  \r\nBath\r\nBA1 1AB\r\n", "14 Mill Lane\nBath\nBA1 1AB"),
        ("messaging", "Signal: alice.04", "Signal: alice.04"),
    ],
)
async def test_each_kind_is_kept_in_its_normal_form(
    as_alice: httpx2.AsyncClient, alices: Elsewhere, system: str, typed: str, kept: str
) -> None:
    form = await open_form(as_alice, f"{POINTS}?system={system}")

    answer = await send(as_alice, form, htmx=True, value=typed)

    assert answer.status_code == 200
    added = (await alices.record()).contact_points[-1]
    assert (added.system, added.value) == (system, kept)


async def test_sending_twice_makes_one(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, f"{POINTS}?system=messaging")

    first = await send(as_alice, form, value="Signal: alice.04")
    second = await send(as_alice, form, value="Signal: alice.04")

    assert first.headers["location"] == second.headers["location"]
    assert len((await alices.record()).contact_points) == 3


async def test_a_form_that_the_browser_kept_adds_a_second_one(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, f"{POINTS}?system=messaging")
    await send(as_alice, form, value="Signal: alice.04")

    # Back, and another one typed over the first: the form has the id and the version of then.
    answer = await send(as_alice, form, value="Threema: ALICE004")

    assert answer.status_code == 303
    added = [point.value for point in (await alices.record()).contact_points if point.system is System.MESSAGING]
    assert added == ["Signal: alice.04", "Threema: ALICE004"]


async def test_the_same_address_twice_is_refused(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, f"{POINTS}?system=email")

    answer = await send(as_alice, form, value="alice@example.com")

    assert answer.status_code == 422 and "This is in your record already." in answer.text
    assert len((await alices.record()).contact_points) == 2


async def test_she_changes_one(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    phone = (await alices.record()).contact_points[0]
    form = await open_form(as_alice, f"{POINTS}/{phone.id}")
    assert form.fields["value"] == ["+44 20 7946 0018"]

    answer = await send(as_alice, form, htmx=True, action="save", value="+44 20 7946 0019")

    assert answer.status_code == 200 and "+44 20 7946 0019" in answer.text
    changed = (await alices.record()).contact_points[0]
    assert (changed.id, changed.value, changed.use) == (phone.id, "+442079460019", Use.MOBILE)


async def test_she_changes_the_order(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    phone, mail = (await alices.record()).contact_points
    form = await open_form(as_alice, f"{POINTS}/{mail.id}")

    for _twice in range(2):
        answer = await send(as_alice, form, action="up")
        assert answer.status_code == 303

    assert [point.id for point in (await alices.record()).contact_points] == [mail.id, phone.id]
    assert (await alices.stored()).recent[0].entry.action == "contact_point:ranked"


async def test_the_first_stays_first(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    first = (await alices.record()).contact_points[0]
    form = await open_form(as_alice, f"{POINTS}/{first.id}")

    answer = await send(as_alice, form, htmx=True, action="up")

    assert "Nothing to save" in answer.text
    assert (await alices.record()).seq == 1


async def test_she_removes_one_once(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    mail = (await alices.record()).contact_points[1]
    form = await open_form(as_alice, f"{POINTS}/{mail.id}")

    first = await send(as_alice, form, action="remove")
    second = await send(as_alice, form, action="remove")

    # Sent twice, it counts once; and what is gone has no page any more
    assert first.headers["location"] == second.headers["location"]
    assert [point.system for point in (await alices.record()).contact_points] == [System.PHONE]
    assert (await as_alice.get(f"{POINTS}/{mail.id}")).status_code == 404


async def test_removing_what_changed_meanwhile_asks_first(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    mail = (await alices.record()).contact_points[1]
    form = await open_form(as_alice, f"{POINTS}/{mail.id}")
    await alices.change({f"contact_points/{mail.id}/value": "alice@example.org"})

    asked = await send(as_alice, form, action="remove")

    assert asked.status_code == 409
    assert "alice@example.com" in asked.text and "alice@example.org" in asked.text and "removed" in asked.text
    kept = await send(as_alice, form_to(asked.text, f"{POINTS}/{mail.id}"), {"choice.value": "now"})
    assert kept.status_code == 303
    assert len((await alices.record()).contact_points) == 2

    await send(as_alice, form_to(asked.text, f"{POINTS}/{mail.id}"))
    assert len((await alices.record()).contact_points) == 1


async def test_two_who_change_the_same_one(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    mail = (await alices.record()).contact_points[1]
    form = await open_form(as_alice, f"{POINTS}/{mail.id}")
    await alices.change({f"contact_points/{mail.id}/value": "alice@example.org"})

    asked = await send(as_alice, form, htmx=True, action="save", value="alice@example.net", use="work")

    assert asked.status_code == 409 and "E-mail address" in asked.text and "at work" in asked.text
    await send(as_alice, form_to(asked.text, f"{POINTS}/{mail.id}"), htmx=True)
    changed = (await alices.record()).contact_points[1]
    assert (changed.value, changed.use) == ("alice@example.net", Use.WORK)


@pytest.mark.parametrize(
    ("system", "typed", "words"),
    [
        ("email", "alice@", "Enter an e-mail address"),
        ("email", "", "Fill this in."),
        ("phone", "020 79", "too short or too long"),
        ("phone", "call me", "Enter a phone number"),
        ("phone", "+44 20 7946 0018 ext. 12", "Enter a phone number"),
        ("phone", "020 7946 0018 or 0019", "Enter a phone number"),
        ("postal", "   ", "Fill this in."),
        ("messaging", "x" * 301, "longer than 300"),
        ("messaging", "bell\x07", "characters that cannot be kept"),
    ],
)
async def test_what_is_no_address_is_said_at_the_field(
    as_alice: httpx2.AsyncClient, alices: Elsewhere, system: str, typed: str, words: str
) -> None:
    form = await open_form(as_alice, f"{POINTS}?system={system}")

    for htmx in (False, True):
        answer = await send(as_alice, form, htmx=htmx, value=typed)
        assert answer.status_code == 422 and answer.text.count(words) >= 2
    assert (await alices.record()).seq == 1


@pytest.mark.asvs("2.3.2")
async def test_there_is_a_limit(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, f"{POINTS}?system=messaging")
    points = [a_contact_point("messaging", f"Signal: alice.{rank}", rank=rank) for rank in range(3, 13)]
    await alices.change({path: value for point in points for path, value in point.items()})

    answer = await send(as_alice, form, value="Signal: one too many")

    assert answer.status_code == 422 and "You can keep 12 ways to reach you." in answer.text
    assert "Signal: one too many" in answer.text


async def test_the_form_in_its_place_shows_the_others(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    mail = (await alices.record()).contact_points[1]

    opened = await as_alice.get(f"{POINTS}/{mail.id}", headers=HTMX)

    assert "+44 20 7946 0018" in opened.text and len(forms_of(opened.text)) == 1
