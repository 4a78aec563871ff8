"""What Alice tells the company."""

import httpx2
import pytest

from tests.builders import GRACE, a_note
from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import form_to, open_form, send

NOTES = "/record/notes"


async def test_she_adds_one(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, "/record", NOTES)

    answer = await send(as_alice, form, body="The bell is <quiet>.\r\nPlease knock.  ")

    assert answer.status_code == 303 and answer.headers["location"].endswith("#notes")
    (note,) = (await alices.record()).notes
    assert (note.body, note.author_kind, note.author) == (
        "The bell is <quiet>.\nPlease knock.",
        "customer",
        "Alice Marsh",
    )
    page = await as_alice.get("/record")
    assert "The bell is &lt;quiet&gt;." in page.text
    assert (await alices.stored()).recent[0].entry.action == "note:added"


async def test_sending_twice_makes_one(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, "/record", NOTES)

    answers = [await send(as_alice, form, htmx=True, body="Please knock.") for _twice in range(2)]

    assert [answer.status_code for answer in answers] == [200, 200]
    assert len((await alices.record()).notes) == 1


async def test_a_form_that_the_browser_kept_takes_a_second_note(
    as_alice: httpx2.AsyncClient, alices: Elsewhere
) -> None:
    form = await open_form(as_alice, "/record", NOTES)
    await send(as_alice, form, body="Please knock.")

    # Back, and other words typed over the first ones: the form has the id and the version of then.
    answer = await send(as_alice, form, body="The gate sticks.")

    assert answer.status_code == 303
    assert {note.body for note in (await alices.record()).notes} == {"Please knock.", "The gate sticks."}


async def test_she_changes_it_and_takes_it_back(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    await send(as_alice, await open_form(as_alice, "/record", NOTES), body="Please knock.")
    (note,) = (await alices.record()).notes

    form = await open_form(as_alice, f"{NOTES}/{note.id}")
    assert form.fields["body"] == ["Please knock."]
    answer = await send(as_alice, form, htmx=True, action="save", body="Please knock twice.")
    assert answer.status_code == 200 and "Please knock twice." in answer.text
    revisions = await alices.stores.worker.database.fetch_all(
        "SELECT body FROM portal.note_revision WHERE customer_id = %s ORDER BY revision", [alices.id]
    )
    assert [row["body"] for row in revisions] == ["Please knock.", "Please knock twice."]

    form = await open_form(as_alice, f"{NOTES}/{note.id}")
    for _twice in range(2):
        assert (await send(as_alice, form, action="remove")).status_code == 303
    assert (await alices.record()).notes == ()
    assert (await as_alice.get(f"{NOTES}/{note.id}")).status_code == 404


async def test_she_reads_what_an_agent_answers_and_cannot_touch_it(
    as_alice: httpx2.AsyncClient, alices: Elsewhere
) -> None:
    # Given her note and Grace's answer
    await send(as_alice, await open_form(as_alice, "/record", NOTES), body="Please knock.")
    (note,) = (await alices.record()).notes
    answer = a_note("It is on the order.", author_kind="agent", author="Grace Okafor", about=note.id)
    await alices.change(answer, by=GRACE, action="note:answered")
    reply = (await alices.record()).notes[1]

    # Then she reads it below her note
    page = await as_alice.get("/record")
    assert page.text.index("Please knock.") < page.text.index("It is on the order.")
    assert "Grace Okafor, customer care" in page.text

    # And it has no form, neither to change nor to remove
    form = await open_form(as_alice, f"{NOTES}/{note.id}")
    assert (await as_alice.get(f"{NOTES}/{reply.id}")).status_code == 404
    for action in ("save", "remove"):
        forged = await as_alice.post(f"{NOTES}/{reply.id}", data=form.filled({"action": action, "body": "All lies."}))
        assert forged.status_code == 404
    assert (await alices.record()).notes[1].body == "It is on the order."

    # When she takes her note back, the answer stays: it is not hers
    await send(as_alice, form, action="remove")
    assert "It is on the order." in (await as_alice.get("/record")).text


async def test_two_who_change_the_same_note(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    await send(as_alice, await open_form(as_alice, "/record", NOTES), body="Please knock.")
    (note,) = (await alices.record()).notes
    older, newer = [await open_form(as_alice, f"{NOTES}/{note.id}") for _twice in range(2)]
    await send(as_alice, newer, action="save", body="Please ring.")

    asked = await send(as_alice, older, action="save", body="Please shout.")

    assert asked.status_code == 409
    for words in ("You", "Please knock.", "Please ring.", "Please shout."):
        assert words in asked.text
    await send(as_alice, form_to(asked.text, f"{NOTES}/{note.id}"), {"choice.body": "now"})
    assert (await alices.record()).notes[0].body == "Please ring."
    await send(as_alice, form_to(asked.text, f"{NOTES}/{note.id}"))
    assert (await alices.record()).notes[0].body == "Please shout."


async def test_what_cannot_be_kept_comes_back_as_it_was_typed(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, "/record", NOTES)

    for htmx in (False, True):
        empty = await send(as_alice, form, htmx=htmx, body="  \n ")
        assert empty.status_code == 422 and "Write something first." in empty.text
        long = await send(as_alice, form, htmx=htmx, body="x" * 4001)
        assert long.status_code == 422 and "longer than 4000" in long.text and "x" * 4001 in long.text
        bell = await send(as_alice, form, htmx=htmx, body="bell\x07")
        assert bell.status_code == 422 and "characters that cannot be kept" in bell.text
    assert (await alices.record()).notes == ()


@pytest.mark.asvs("2.3.2")
async def test_there_is_a_limit(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given as many notes as are kept
    many = {path: value for n in range(200) for path, value in a_note(f"Note {n}").items()}
    await alices.change(many, action="note:added")
    form = await open_form(as_alice, "/record", NOTES)

    answer = await send(as_alice, form, body="One more.")

    assert answer.status_code == 422 and "You can keep 200 notes." in answer.text and "One more." in answer.text
    page = await as_alice.get("/record")
    assert "195 older notes" in page.text
