"""Alice's e-mail addresses: invitations and warnings go there, so that changing one wants a fresh login, and the
address that was there before is told."""

from uuid import UUID

import httpx2
import pytest

from portal.record.models import ContactPoint, System
from tests.conftest import Stores
from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import HTMX, FoundForm, form_to, forms_of, open_form, send
from tests.integration.web.browsing import Served, a_browser, a_session

POINTS = "/record/contact-points"
ADDING = f"{POINTS}?system=email"


async def an_hour_passes(stores: Stores, customer_id: UUID) -> None:
    await stores.staff.database.fetch_all(
        "UPDATE portal.session SET authenticated_at = authenticated_at - interval '1 hour' WHERE customer_id = %s",
        [customer_id],
    )


async def letters(stores: Stores, customer_id: UUID) -> list[tuple[str, str]]:
    """Kind and contact point of each letter that was put off."""
    rows = await stores.worker.database.fetch_all(
        "SELECT args->>'kind' AS kind, args->>'point' AS point FROM jobs.procrastinate_jobs"
        " WHERE args->>'customer' = %s ORDER BY id",
        [str(customer_id)],
    )
    return [(row["kind"], row["point"]) for row in rows]


async def one_of(alices: Elsewhere, system: System) -> ContactPoint:
    return next(point for point in (await alices.record()).contact_points if point.system is system)


def undoing(form: FoundForm, seq: int) -> dict[str, list[str]]:
    """What the button that undoes a change would send, made from another form of the page."""
    return {name: form.fields[name] for name in ("form_token", "request_id")} | {"seq": [str(seq)]}


@pytest.mark.asvs("7.5.1", "7.5.3")
async def test_no_address_is_shown_to_be_changed_without_a_fresh_login(
    as_alice: httpx2.AsyncClient, stores: Stores, alices: Elsewhere
) -> None:
    mail = await one_of(alices, System.EMAIL)
    await an_hour_passes(stores, alices.id)

    for path, asked in (
        (ADDING, "%2Frecord%2Fcontact-points%3Fsystem%3Demail"),
        (f"{POINTS}/{mail.id}", f"%2Frecord%2Fcontact-points%2F{mail.id}"),
    ):
        opened = await as_alice.get(path)
        assert (opened.status_code, opened.headers["location"]) == (303, f"/login/fresh?next={asked}")
        clicked = await as_alice.get(path, headers=HTMX)
        assert (clicked.status_code, clicked.headers["hx-redirect"]) == (401, f"/login/fresh?next={asked}")


@pytest.mark.asvs("7.5.1", "7.5.3")
@pytest.mark.parametrize("htmx", [False, True], ids=["page", "htmx"])
async def test_a_form_that_was_opened_before_changes_none_and_keeps_what_was_typed(
    as_alice: httpx2.AsyncClient, stores: Stores, alices: Elsewhere, htmx: bool
) -> None:
    mail = await one_of(alices, System.EMAIL)
    adding, changing = await open_form(as_alice, ADDING), await open_form(as_alice, f"{POINTS}/{mail.id}")
    await an_hour_passes(stores, alices.id)

    removed = await send(as_alice, changing, htmx=htmx, action="remove")
    added = await send(as_alice, adding, htmx=htmx, value="mallory@example.com")
    changed = await send(as_alice, changing, htmx=htmx, action="save", value="mallory@example.com")

    for answer in (removed, added, changed):
        assert answer.status_code == 401
        assert "/login/fresh?next=" in (answer.headers.get("hx-redirect") or answer.text)
    assert "portal_draft" in as_alice.cookies
    assert (await alices.record()).seq == 1
    assert await letters(stores, alices.id) == []


async def test_what_was_typed_stands_there_again_after_the_fresh_login(
    served: Served, as_alice: httpx2.AsyncClient, stores: Stores, alices: Elsewhere
) -> None:
    adding = await open_form(as_alice, ADDING)
    await an_hour_passes(stores, alices.id)
    await send(as_alice, adding, value="alice@example.org")

    renewed = await a_session(stores.staff, customer_id=alices.id)
    async with a_browser(served.origin, **renewed, portal_draft=as_alice.cookies["portal_draft"]) as browser:
        form = await open_form(browser, ADDING)
        assert form.fields["value"] == ["alice@example.org"]
        assert (await alices.record()).seq == 1, "not saved yet"
        await send(browser, form)

    assert [point.value for point in (await alices.record()).contact_points][2:] == ["alice@example.org"]


async def test_everything_else_of_the_card_needs_none(
    as_alice: httpx2.AsyncClient, stores: Stores, alices: Elsewhere
) -> None:
    phone, mail = await one_of(alices, System.PHONE), await one_of(alices, System.EMAIL)
    ordering = await open_form(as_alice, f"{POINTS}/{mail.id}")
    await an_hour_passes(stores, alices.id)

    changing = await open_form(as_alice, f"{POINTS}/{phone.id}")
    assert (await send(as_alice, changing, action="save", value="+44 20 7946 0019")).status_code == 303
    assert (await send(as_alice, ordering, action="up")).status_code == 303
    for system in ("phone", "postal", "messaging"):
        await open_form(as_alice, f"{POINTS}?system={system}")
    removing = await open_form(as_alice, f"{POINTS}/{phone.id}")
    for _twice in range(2):
        assert (await send(as_alice, removing, action="remove")).status_code == 303

    assert [point.value for point in (await alices.record()).contact_points] == [mail.value]
    assert await letters(stores, alices.id) == []


@pytest.mark.asvs("6.3.7")
async def test_the_address_that_was_there_is_told_in_the_same_commit(
    as_alice: httpx2.AsyncClient, stores: Stores, alices: Elsewhere
) -> None:
    mail = await one_of(alices, System.EMAIL)
    told = ("address_changed", str(mail.id))

    await send(as_alice, await open_form(as_alice, f"{POINTS}/{mail.id}"), action="save", use="work")
    await send(as_alice, await open_form(as_alice, ADDING), value="alice@example.org")
    assert await letters(stores, alices.id) == [], "nothing was taken out"

    await send(as_alice, await open_form(as_alice, f"{POINTS}/{mail.id}"), action="save", value="alice@example.net")
    assert await letters(stores, alices.id) == [told]

    await send(as_alice, await open_form(as_alice, f"{POINTS}/{mail.id}"), action="remove")
    assert await letters(stores, alices.id) == [told, told]


@pytest.mark.asvs("7.5.1", "7.5.3")
@pytest.mark.parametrize("typed", [{"action": "save", "value": "alice@example.net"}, {"action": "remove"}, {}])
async def test_undoing_is_no_way_around_it(
    as_alice: httpx2.AsyncClient, stores: Stores, alices: Elsewhere, typed: dict[str, str]
) -> None:
    mail = await one_of(alices, System.EMAIL)
    if typed:
        await send(as_alice, await open_form(as_alice, f"{POINTS}/{mail.id}"), typed)
    else:
        await send(as_alice, await open_form(as_alice, ADDING), value="alice@example.net")
    before = await alices.record()
    assert before.seq == 2
    await an_hour_passes(stores, alices.id)

    page = await as_alice.get("/record")
    assert all(form.action != "/record/undo" for form in forms_of(page.text))
    notes = form_to(page.text, "/record/notes")
    answer = await as_alice.post("/record/undo", data=undoing(notes, 2))

    assert answer.status_code == 404 and "Change the field itself" in answer.text
    assert (await alices.record()).contact_points == before.contact_points


async def test_the_use_of_an_address_can_be_taken_back(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    mail = await one_of(alices, System.EMAIL)
    await send(as_alice, await open_form(as_alice, f"{POINTS}/{mail.id}"), action="save", use="work")

    await send(as_alice, form_to((await as_alice.get("/record")).text, "/record/undo"))

    assert (await one_of(alices, System.EMAIL)).use == mail.use
