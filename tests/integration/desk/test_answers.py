"""An agent answers what a customer told: in the record at once, in the CRM with the next push, and once."""

from uuid import UUID, uuid4

import httpx2
import pytest

from portal.audit.entry import ActorKind
from portal.record.models import Note, attributes
from portal.record.read import StoredRecord
from portal.sync import steer
from portal.sync.housekeeping import beat
from tests.integration.desk.conftest import htmx
from tests.integration.desk.reading import carried, part, text
from tests.integration.sync_stage import Stage

WORKER = UUID("018f0000-0000-7000-8000-00000000beef")
THANKS = "Thank you, I have put it on the order for Tuesday."


@pytest.fixture(autouse=True)
async def worker(stage: Stage) -> None:
    """Somebody who passes things on."""
    await beat(stage.stores.worker.database, WORKER, ["embedded"])


def card(stored: StoredRecord) -> str:
    return f"/desk/customers/{stored.record.id}"


def her_note(stored: StoredRecord) -> UUID:
    return stored.record.notes[0].id


def address(stored: StoredRecord, note: UUID | None = None) -> str:
    return f"{card(stored)}/notes/{note or her_note(stored)}/answer"


async def opened(browser: httpx2.AsyncClient, stored: StoredRecord) -> dict[str, str]:
    """What the form of an answer carries, once it is open."""
    response = await browser.get(address(stored), headers=htmx())
    assert response.status_code == 200, response.text
    return carried(response.text)


async def test_it_is_in_the_record_at_once_and_in_the_crm_with_the_next_push(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    form = await opened(as_grace, alice)

    response = await as_grace.post(address(alice), headers=htmx(), data=form | {"body": THANKS})

    assert response.status_code == 200
    notes = text(response.text)
    assert "Saved. On its way to the CRM." in notes
    assert f"{THANKS} Grace Okafor, customer care, today at" in notes
    assert len((await stage.sees(alice.record.id)).record.notes) == 1, "the CRM does not have it yet"
    entry = (await stage.stored(alice.record.id)).recent[0].entry
    assert (entry.action, entry.actor.kind, entry.actor.via) == ("note:answered", ActorKind.AGENT, "desk")
    assert entry.evidence.personal["name"] == "Grace Okafor"

    await stage.settle()

    answer = (await stage.sees(alice.record.id)).record.notes[1]
    assert (answer.kind, answer.about, answer.body) == ("answer", her_note(alice), THANKS)
    update = (await as_grace.get(f"{card(alice)}/now?shown=1", headers=htmx())).text
    assert f'<p id="saved-{entry.seq}" hx-swap-oob="innerHTML">' in update
    assert "Saved. In the CRM at" in text(update)


async def test_while_the_crm_gets_nothing_the_line_says_why(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    """With a script and without: what stands beside it says the same."""
    form = await opened(as_grace, alice)
    await steer.pause(stage.stores.staff.database, "embedded", actor="olivia")

    sent = await as_grace.post(address(alice), headers=htmx(), data=form | {"body": THANKS})
    seq = (await stage.stored(alice.record.id)).record.seq
    read = await as_grace.get(f"{card(alice)}?answered={seq}")
    await steer.resume(stage.stores.staff.database, "embedded", actor="olivia")

    for page in (text(sent.text), text(part(read.text, "notes"))):
        assert "Saved. Waiting for the CRM since" in page and "an operator paused it at" in page
        assert "On its way" not in page


async def test_the_customer_reads_it(
    as_grace: httpx2.AsyncClient, as_alice: httpx2.AsyncClient, alice: StoredRecord
) -> None:
    await as_grace.post(address(alice), data=await opened(as_grace, alice) | {"body": THANKS})

    page = (await as_alice.get("/record")).text

    assert f"{THANKS} Grace Okafor, customer care" in text(page)


async def test_without_a_script_the_page_says_where_it_is(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    form = carried(part((await as_grace.get(address(alice))).text, "notes"))

    response = await as_grace.post(address(alice), data=form | {"body": THANKS})

    assert response.status_code == 303
    assert response.headers["location"] == f"{card(alice)}?answered=2#notes"
    assert "Saved. On its way to the CRM." in text((await as_grace.get(response.headers["location"])).text)
    await stage.settle()
    page = text((await as_grace.get(response.headers["location"])).text)
    assert "Saved. In the CRM at" in page
    assert THANKS in page


async def test_an_address_cannot_make_the_page_say_what_is_not_so(
    as_grace: httpx2.AsyncClient, alice: StoredRecord
) -> None:
    for seq in ("99", "-1", "x", "9" * 40):
        assert "Saved" not in text((await as_grace.get(f"{card(alice)}?answered={seq}")).text)


async def test_sending_it_twice_answers_once(as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord) -> None:
    form = await opened(as_grace, alice) | {"body": THANKS}

    first, second = [await as_grace.post(address(alice), headers=htmx(), data=form) for _time in range(2)]

    assert (first.status_code, second.status_code) == (200, 200)
    assert text(second.text).count(THANKS) == 1
    assert len((await stage.record(alice.record.id)).notes) == 2


@pytest.mark.parametrize(
    ("body", "why"),
    [("  \n ", "Write something first."), ("x" * 4_001, "longer than 4000"), ("a\u0000b", "cannot be kept")],
    ids=["empty", "too long", "characters"],
)
async def test_what_cannot_be_kept_is_said_and_stays(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord, body: str, why: str
) -> None:
    response = await as_grace.post(address(alice), headers=htmx(), data=await opened(as_grace, alice) | {"body": body})

    assert response.status_code == 422
    assert why in text(response.text)
    assert len((await stage.record(alice.record.id)).notes) == 1


async def test_a_note_that_was_taken_back_meanwhile(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    form = await opened(as_grace, alice) | {"body": THANKS}
    gone = {f"notes/{her_note(alice)}/{name}": None for name in attributes(Note)}
    await stage.says(alice.record.id, gone, action="note:removed")

    response = await as_grace.post(address(alice), headers=htmx(), data=form)

    assert response.status_code == 404
    assert "The customer may have removed it." in text(response.text)
    assert (await stage.record(alice.record.id)).notes == ()


async def test_a_note_of_somebody_else_is_no_note(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord, bob: StoredRecord
) -> None:
    form = await opened(as_grace, alice) | {"body": THANKS}

    for note in (her_note(alice), uuid4()):
        response = await as_grace.post(address(bob, note), headers=htmx(), data=form)
        assert response.status_code == 404
    assert (await as_grace.get(address(bob, her_note(alice)))).status_code == 404
    assert (await stage.record(bob.record.id)).seq == 1


async def test_a_forged_token_is_refused(as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord) -> None:
    form = await opened(as_grace, alice) | {"body": THANKS, "form_token": "x"}

    assert (await as_grace.post(address(alice), headers=htmx(), data=form)).status_code == 403
    assert len((await stage.record(alice.record.id)).notes) == 1
