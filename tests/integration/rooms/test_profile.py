"""Alice changes what her record says about her."""

import httpx2
import pytest

from portal.audit.entry import Actor, ActorKind
from tests.integration.rooms.conftest import Elsewhere
from tests.integration.rooms.forms_on_page import HTMX, form_to, open_form, send

THE_CRM = Actor(ActorKind.SYSTEM, "embedded", "crm:embedded")
ABOUT = "/record/profile/about"


async def test_she_saves_a_section_without_a_script(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given the form of a section as a page of its own
    form = await open_form(as_alice, ABOUT)
    assert form.fields["given_name"] == ["Alice"]

    # When she changes a field and sends it
    answer = await send(as_alice, form, language="fr", call_me=" Ali ")

    # Then she is led back to the card, which says so
    assert answer.status_code == 303
    assert answer.headers["location"].startswith("/record?card=profile-about&saved=2")
    assert answer.headers["location"].endswith("#profile-about")
    page = await as_alice.get(answer.headers["location"])
    assert "Saved. Waiting for the CRM since" in page.text
    assert (await alices.record()).profile["language"] == "fr"
    assert (await alices.record()).profile["call_me"] == "Ali"

    # And once it is delivered, the same address says when
    await alices.delivered()
    page = await as_alice.get(answer.headers["location"])
    assert "Saved. In the CRM at " in page.text


async def test_she_saves_a_section_with_a_script(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given the form in the place of its card
    opened = await as_alice.get(ABOUT, headers=HTMX)
    assert "<html" not in opened.text
    form = form_to(opened.text, ABOUT)

    # When she sends it
    answer = await send(as_alice, form, htmx=True, language="fr")

    # Then the card comes back, with where its change is and what it means for the first sentences
    assert answer.status_code == 200
    assert answer.text.lstrip().startswith("<section")
    assert 'id="saved-2"' in answer.text and "Saved. Waiting for the CRM since" in answer.text
    assert '<hx-partial hx-target="#delivery"' in answer.text and '<hx-partial hx-target="#lead"' in answer.text
    assert "<html" not in answer.text
    assert (await alices.record()).profile["language"] == "fr"

    # And who did it, through what, is in the change record
    entry = (await alices.stored()).recent[0].entry
    assert (entry.action, entry.actor) == ("profile:changed", Actor(ActorKind.CUSTOMER, str(alices.id), "portal"))
    assert entry.paths == ["profile/language"]


@pytest.mark.parametrize("htmx", [False, True])
async def test_the_portal_speaks_the_language_that_she_prefers_from_now_on(
    as_alice: httpx2.AsyncClient, htmx: bool
) -> None:
    # When she prefers German, the whole page follows at once
    answer = await send(as_alice, await open_form(as_alice, ABOUT), htmx=htmx, language="de")
    where = answer.headers["hx-redirect" if htmx else "location"]
    assert where.startswith("/record?card=profile-about&saved=2")
    assert '<html lang="de"' in (await as_alice.get(where)).text

    # When she uses the switch in the bar, that is her last word, until she prefers another one
    page = await as_alice.get("/record")
    await send(as_alice, form_to(page.text, "/language"), language="en")
    await send(as_alice, await open_form(as_alice, ABOUT), call_me="Ali")
    assert '<html lang="en"' in (await as_alice.get("/record")).text

    # And a language that the portal does not speak changes nothing here
    await send(as_alice, await open_form(as_alice, ABOUT), language="fr")
    assert '<html lang="en"' in (await as_alice.get("/record")).text


async def test_a_form_on_a_page_of_its_own_leads_to_the_page_that_tells_what_becomes_of_it(
    as_alice: httpx2.AsyncClient, alices: Elsewhere
) -> None:
    form = await open_form(as_alice, ABOUT)
    data = form.filled({"call_me": "Ali"})
    headers = {"hx-request": "true", "hx-current-url": f"{as_alice.base_url.join(ABOUT)}?now"}

    answer = await as_alice.post(form.action, data=data, headers=headers)

    where = answer.headers["hx-redirect"]
    assert where == "/record?card=profile-about&saved=2#profile-about"
    assert "Saved. Waiting for the CRM since" in (await as_alice.get(where)).text


async def test_saving_what_stands_there_changes_nothing(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, ABOUT)

    answer = await send(as_alice, form, htmx=True)

    assert "Nothing to save" in answer.text
    assert (await alices.record()).seq == 1


async def test_sending_twice_counts_once(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    form = await open_form(as_alice, ABOUT)

    first = await send(as_alice, form, call_me="Ali")
    second = await send(as_alice, form, call_me="Ali")

    assert first.headers["location"] == second.headers["location"]
    assert (await alices.record()).seq == 2


async def test_what_does_not_overlap_is_merged_and_said(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given an open form, and a change of another field meanwhile
    form = await open_form(as_alice, ABOUT)
    await alices.change({"profile/account_tier": "home_plus"})

    # When she saves hers
    answer = await send(as_alice, form, htmx=True, call_me="Ali")

    # Then both stand, and she is told
    assert "Something else in your record was changed meanwhile; both stand." in answer.text
    profile = (await alices.record()).profile
    assert (profile["call_me"], profile["account_tier"]) == ("Ali", "home_plus")


async def test_two_who_change_the_same_field(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given an open form, and somebody else's change of the same field
    form = await open_form(as_alice, ABOUT)
    await alices.change({"profile/language": "fr", "profile/time_zone": "Europe/Paris"}, by=THE_CRM)

    # When she saves
    answer = await send(as_alice, form, language="de", call_me="Ali")

    # Then nothing is saved, and three columns say in words what she saw, what it is, and what she typed
    assert answer.status_code == 409
    for words in ("Preferred language", "nothing", "French", "German", "The CRM", "Call me", "Ali"):
        assert words in answer.text, words
    assert (await alices.record()).seq == 2

    # When she keeps what she typed
    resolution = form_to(answer.text, ABOUT)
    assert resolution.fields["seq"] == ["2"] and resolution.fields["call_me"] == ["Ali"]
    settled = await send(as_alice, resolution)

    # Then her words stand, and so does what she did not touch
    assert settled.status_code == 303
    profile = (await alices.record()).profile
    assert (profile["language"], profile["time_zone"], profile["call_me"]) == ("de", "Europe/Paris", "Ali")


async def test_she_can_leave_the_others_value_and_keep_the_rest(
    as_alice: httpx2.AsyncClient, alices: Elsewhere
) -> None:
    form = await open_form(as_alice, ABOUT)
    await alices.change({"profile/language": "fr"})
    conflict = await send(as_alice, form, htmx=True, language="de", call_me="Ali")
    assert conflict.status_code == 409 and "<html" not in conflict.text

    await send(as_alice, form_to(conflict.text, ABOUT), {"choice.language": "now"})

    profile = (await alices.record()).profile
    assert (profile["language"], profile["call_me"]) == ("fr", "Ali")


async def test_who_emptied_a_field_long_ago_is_not_guessed_at(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    await alices.change({"profile/call_me": "Al"})
    form = await open_form(as_alice, ABOUT)
    await alices.change({"profile/call_me": None})
    for language in ("fr", "de", "en"):  # the page has the last three changes
        await alices.change({"profile/language": language})

    conflict = await send(as_alice, form, call_me="Ali")

    assert conflict.status_code == 409
    assert "Somebody changed this after you had opened it." in conflict.text


async def test_what_is_wrong_is_said_at_the_field_and_nothing_is_lost(
    as_alice: httpx2.AsyncClient, alices: Elsewhere
) -> None:
    form = await open_form(as_alice, ABOUT)

    answer = await send(as_alice, form, given_name="", call_me="x" * 81)

    assert answer.status_code == 422
    assert "<title>Error:" in answer.text and "There is a problem" in answer.text
    assert 'href="#given_name"' in answer.text and 'aria-invalid="true"' in answer.text
    assert "x" * 81 in answer.text
    assert (await alices.record()).seq == 1


async def test_a_mended_form_still_knows_what_she_saw(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given a form that came back because of a mistake, after somebody else had changed the record
    form = await open_form(as_alice, ABOUT)
    await alices.change({"profile/language": "fr"})
    answer = await send(as_alice, form, given_name="", language="de")

    # When she mends it
    mended = await send(as_alice, form_to(answer.text, ABOUT), given_name="Alice")

    # Then the other change is not overwritten unseen
    assert mended.status_code == 409


@pytest.mark.asvs("8.2.3", "15.3.1", "15.3.3")
async def test_hidden_and_foreign_fields_are_out_of_reach(as_alice: httpx2.AsyncClient, alices: Elsewhere) -> None:
    # Given a remark that is for agents only
    await alices.change({"profile/internal_remark": "difficult", "profile/account_tier": "home"})

    # Then it is on no page of hers
    for address in ("/record", "/record/changes", "/record/delivery"):
        page = await as_alice.get(address)
        assert page.status_code == 200 and "difficult" not in page.text and "Internal remark" not in page.text

    # And neither it nor what agents own can be forged into a form, or has a form
    form = await open_form(as_alice, ABOUT)
    for forged in ({"internal_remark": "nice"}, {"account_tier": "business"}, {"customer_number": "1"}):
        assert (await as_alice.post(ABOUT, data=form.fields | forged)).status_code == 422
    assert (await as_alice.get("/record/profile/account")).status_code == 403
    assert (await as_alice.get("/record/profile/nothing")).status_code == 404
    assert (await alices.record()).profile["account_tier"] == "home"
