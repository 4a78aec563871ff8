"""What was changed in Alice's record, and taking it back."""

import httpx2
import pytest

from portal.audit.entry import Actor, ActorKind, Evidence
from portal.record.change import Changed, Intention, change
from tests.builders import a_contact_point, an_intention
from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import FoundForm, form_to, forms_of, open_form, send

CHANGES = "/record/changes"


async def test_each_change_says_who_what_and_how_far(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given changes by her, by an agent whose name is known, and by the CRM
    form = await open_form(as_alice, "/record/profile/about")
    await send(as_alice, form, language="fr")
    await alices.delivered()
    grace = an_intention("profile:changed", Actor(ActorKind.AGENT, "g", "desk"))
    named = Intention(grace.action, grace.actor, grace.request, None, Evidence(personal={"name": "Grace Okafor"}))
    outcome = await change(alices.stores.worker, alices.id, named, {"profile/account_tier": "home"})
    assert isinstance(outcome, Changed)
    crm = Actor(ActorKind.SYSTEM, "embedded", "crm:embedded")
    await alices.change({"profile/customer_since": "2020-02-01"}, by=crm)

    # When she opens her history
    page = await as_alice.get(CHANGES)

    # Then it is told in words, the newest first
    assert page.status_code == 200
    told = [page.text.index(words) for words in ("Customer since", "Plan", "Preferred language", "Customer number")]
    assert told == sorted(told)
    for words in ("1 Feb 2020", "The CRM", "Grace Okafor, customer care", "French", "Waiting for the CRM since", "#2 "):
        assert words in page.text, words


async def test_long_histories_come_in_pages(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    for number in range(60):
        await alices.change({"profile/call_me": f"Name {number:02}"})

    first = await as_alice.get(CHANGES)
    assert "Name 59" in first.text and "Name 33" not in first.text and f"{CHANGES}?before=37" in first.text
    second = await as_alice.get(f"{CHANGES}?before=37")
    assert "Name 34" in second.text and f'rel="prev" href="{CHANGES}"' in second.text
    third = await as_alice.get(f"{CHANGES}?before=12")
    assert "Name 09" in third.text and f"{CHANGES}?before=37" in third.text and 'rel="next"' not in third.text
    nothing = await as_alice.get(f"{CHANGES}?before=1")
    assert nothing.status_code == 200


@pytest.mark.parametrize("damaged", ["x", "-1", "1.5", "9" * 30, "²"])
async def test_a_damaged_address_is_refused(as_alice: httpx2.AsyncClient, damaged: str) -> None:
    page = await as_alice.get(CHANGES, params={"before": damaged})

    assert page.status_code == 400 and "damaged" in page.text


def undo_form(html: str) -> FoundForm:
    return form_to(html, "/record/undo")


async def test_she_takes_her_last_change_back(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    await send(as_alice, await open_form(as_alice, "/record/profile/about"), language="de", call_me="Ali")
    form = undo_form((await as_alice.get("/record")).text)

    answers = [await send(as_alice, form) for _twice in range(2)]

    # Then it is a change like any other, made once
    assert [answer.headers["location"] for answer in answers] == ["/record?card=delivery&saved=3#delivery"] * 2
    record = await alices.record()
    assert record.seq == 3 and "language" not in record.profile and "call_me" not in record.profile
    assert (await alices.stored()).recent[0].entry.action == "profile:changed"


async def test_a_removed_contact_point_comes_back(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given one removed, and another one added that now has its place
    await alices.change(a_contact_point("phone", "+442079460991", use="work", rank=3))
    work = (await alices.record()).contact_points[2]
    await send(as_alice, await open_form(as_alice, f"/record/contact-points/{work.id}"), action="remove")
    form = undo_form((await as_alice.get("/record")).text)
    new = await open_form(as_alice, "/record/contact-points?system=messaging")
    await send(as_alice, new, value="Signal: alice.04")

    # When she takes the removal back
    await send(as_alice, form)

    # Then all are there, it comes last, and nothing is lost
    points = (await alices.record()).contact_points
    values = ["+442079460018", "alice@example.com", "Signal: alice.04", "+442079460991"]
    assert [point.value for point in points] == values


async def test_what_was_changed_again_stays(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    await send(as_alice, await open_form(as_alice, "/record/profile/about"), language="it")
    form = undo_form((await as_alice.get("/record")).text)
    await alices.change({"profile/language": "fr"})

    answer = await send(as_alice, form)

    assert answer.status_code == 409 and "stays as it is" in answer.text
    assert (await alices.record()).profile["language"] == "fr"


async def test_only_her_own_changes_can_be_taken_back(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = (await open_form(as_alice, "/record", "/record/notes")).filled({"body": None})
    await alices.change({"profile/account_tier": "home"})
    page = await as_alice.get("/record")
    assert all(found.action != "/record/undo" for found in forms_of(page.text))

    for seq in ("1", "2", "99", "x"):
        answer = await as_alice.post("/record/undo", data=form | {"seq": [seq]})
        assert answer.status_code in (400, 404)
    assert (await alices.record()).seq == 2
