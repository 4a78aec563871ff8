"""An agent corrects what agents own or share: the CRM has it at once, the record by pull, and the page says so."""

from typing import Any

import httpx2
import pytest
from sqlalchemy import URL

from portal.audit.entry import ActorKind
from portal.record.read import StoredRecord
from tests.integration.desk.conftest import htmx
from tests.integration.desk.reading import carried, part, text
from tests.integration.sync_stage import Stage, as_administrator

ABOUT = {"given_name": "Alice", "family_name": "Marsh", "language": "en", "time_zone": "Europe/London"}
"""What the section says, as its form would send it."""

ON_ITS_WAY = "Saved in the CRM. On its way to the customer’s page."


def card(stored: StoredRecord) -> str:
    return f"/desk/customers/{stored.record.id}"


async def opened(browser: httpx2.AsyncClient, stored: StoredRecord, section: str = "account") -> dict[str, str]:
    """What the form of a section carries, once it is open."""
    response = await browser.get(f"{card(stored)}/fields/{section}", headers=htmx())
    assert response.status_code == 200, response.text
    return carried(response.text)


async def sent(
    browser: httpx2.AsyncClient, stored: StoredRecord, form: dict[str, str], section: str = "account", **typed: Any
) -> httpx2.Response:
    """The answer to the form, sent as htmx sends it."""
    data = form | {key: value for key, value in typed.items() if value is not None}
    return await browser.post(f"{card(stored)}/fields/{section}", headers=htmx(), data=data)


async def test_it_is_in_the_crm_at_once_and_in_the_record_by_pull(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    form = await opened(as_grace, alice)

    response = await sent(as_grace, alice, form, account_tier="business", customer_since="", internal_remark="")

    assert response.status_code == 200
    section = text(part(response.text, "section-account"))
    assert ON_ITS_WAY in section
    assert "Plan Business You, today at" in section
    assert "On its way to the customer’s page" in text(part(response.text, "delivery"))
    assert (await stage.sees(alice.record.id)).record.profile["account_tier"] == "business"
    assert (await stage.record(alice.record.id)).profile["account_tier"] == "home", "not yet"

    await stage.settle()

    entry = (await stage.stored(alice.record.id)).recent[0].entry
    assert [(diff.path, diff.old, diff.new) for diff in entry.diffs] == [("profile/account_tier", "home", "business")]
    assert (entry.actor.kind, entry.actor.via) == (ActorKind.AGENT, "crm:embedded")
    page = (await as_grace.get(card(alice))).text
    assert f"Shown to the customer since {entry.at:%H:%M}" in text(part(page, "section-account"))
    assert "customer’s page" not in text(part(page, "delivery"))


async def test_an_open_page_is_told_when_the_customer_sees_it(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await sent(as_grace, alice, await opened(as_grace, alice), account_tier="business")
    await stage.settle()

    update = (await as_grace.get(f"{card(alice)}/now?shown=1", headers=htmx())).text

    assert '<p id="saved-account" hx-swap-oob="innerHTML">' in update
    assert "Saved in the CRM. Shown to the customer since" in text(update)
    assert "just now" not in update, "it was the agent's own doing"


async def test_without_a_script_the_page_says_the_same(as_grace: httpx2.AsyncClient, alice: StoredRecord) -> None:
    page = (await as_grace.get(f"{card(alice)}/fields/account")).text
    assert "<html" in page

    form = carried(part(page, "section-account")) | {"account_tier": "business"}
    response = await as_grace.post(f"{card(alice)}/fields/account", data=form)

    assert response.status_code == 303
    assert response.headers["location"] == f"{card(alice)}#section-account"
    assert ON_ITS_WAY in text((await as_grace.get(response.headers["location"])).text)


async def test_a_shared_field_reaches_the_record_too(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    form = await opened(as_grace, alice, "about")

    await sent(as_grace, alice, form, "about", **ABOUT | {"language": "de"})
    await stage.settle()

    record = await stage.record(alice.record.id)
    assert record.profile["language"] == "de"
    assert record.said["language"].actor_kind == "agent"


async def test_what_the_customer_does_not_see_is_not_said_to_be_shown(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    response = await sent(as_grace, alice, await opened(as_grace, alice), account_tier="home", internal_remark="VIP")
    assert "Saved in the CRM. " in text(part(response.text, "section-account"))
    assert "customer’s page" not in text(part(response.text, "section-account"))
    await stage.settle()

    page = (await as_grace.get(card(alice))).text

    assert "Saved in the CRM, and kept in the record. The customer does not see it." in text(page)


async def test_sending_what_is_there_saves_nothing(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    before = (await stage.sees(alice.record.id)).version

    response = await sent(as_grace, alice, await opened(as_grace, alice), account_tier="home")

    assert "Nothing to save" in text(response.text)
    assert (await stage.sees(alice.record.id)).version == before


async def test_sending_it_twice_edits_once(as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord) -> None:
    form = await opened(as_grace, alice)

    for _time in range(2):
        assert (await sent(as_grace, alice, form, account_tier="business")).status_code == 200

    edits = await stage.all("SELECT e.version FROM crm.contact_edit e JOIN crm.contact c ON c.id = e.contact_id "
                            "WHERE c.portal_id = %s", alice.record.id)  # fmt: skip
    assert len(edits) == 1


async def test_an_emptied_field_is_told_as_truly(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    response = await sent(as_grace, alice, await opened(as_grace, alice), account_tier="")
    assert ON_ITS_WAY in text(response.text)
    assert "Plan not said You, today at" in text(response.text)

    await stage.settle()

    section = text(part((await as_grace.get(card(alice))).text, "section-account"))
    assert "Saved in the CRM. Shown to the customer since" in section
    assert "on its way" not in section


async def test_it_says_so_when_the_customers_word_goes_first(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    form = await opened(as_grace, alice, "about")
    await stage.says(alice.record.id, {"profile/language": "fr"})
    response = await sent(as_grace, alice, form, "about", **ABOUT | {"language": "de"})
    assert ON_ITS_WAY in text(response.text), "nobody knows better yet"

    await stage.settle()

    assert (await stage.sees(alice.record.id)).record.profile["language"] == "fr"
    update = text((await as_grace.get(f"{card(alice)}/now?shown=1", headers=htmx())).text)
    assert "Saved, and then overtaken: The customer changed this too, and that stands." in update
    assert "Shown to the customer" not in update


async def test_words_that_did_not_stand_are_shown_in_the_timeline(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await stage.edits(alice.record.id, {"language": "de", "account_tier": "business"})
    await stage.says(alice.record.id, {"profile/language": "fr"})
    await stage.settle()

    changes = text(part((await as_grace.get(card(alice))).text, "changes"))

    assert "Plan before: Home now: Business" in changes
    assert "Preferred language “German” did not stand: the customer’s own word goes first." in changes


async def test_what_was_emptied_and_did_not_stand_is_shown_too(
    as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
) -> None:
    await stage.edits(alice.record.id, {"language": None})
    await stage.says(alice.record.id, {"profile/language": "fr"})
    await stage.settle()

    changes = text(part((await as_grace.get(card(alice))).text, "changes"))

    assert "Preferred language emptied in the CRM, which did not stand" in changes


class TestMeanwhile:
    async def test_a_change_of_another_field_is_no_conflict(
        self, as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
    ) -> None:
        form = await opened(as_grace, alice, "about")
        await stage.says(alice.record.id, {"profile/family_name": "Marsh-Keller"})
        await stage.settle()

        response = await sent(as_grace, alice, form, "about", **ABOUT | {"language": "de"})

        assert response.status_code == 200
        seen = (await stage.sees(alice.record.id)).record.profile
        assert (seen["family_name"], seen["language"]) == ("Marsh-Keller", "de"), "only what was changed is sent"

    async def test_a_change_of_the_same_field_is_shown_in_three_columns(
        self, as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
    ) -> None:
        form = await opened(as_grace, alice, "about")
        await stage.says(alice.record.id, {"profile/language": "fr"})
        await stage.settle()

        response = await sent(as_grace, alice, form, "about", **ABOUT | {"given_name": "Al", "language": "de"})

        assert response.status_code == 409
        said = text(response.text)
        assert "The customer changed this today at" in said
        assert "What you saw English What it is now French What you typed German" in said
        assert "First name: Al" in said, "what overlaps with nothing is told, and kept"
        assert (await stage.sees(alice.record.id)).record.profile["given_name"] == "Alice", "nothing is half saved"

    @pytest.mark.parametrize(("choice", "language"), [("typed", "de"), ("now", "fr")])
    async def test_the_agent_chooses_and_nothing_typed_is_lost(
        self, as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord, choice: str, language: str
    ) -> None:
        form = await opened(as_grace, alice, "about")
        await stage.says(alice.record.id, {"profile/language": "fr"})
        await stage.settle()
        conflict = await sent(as_grace, alice, form, "about", **ABOUT | {"given_name": "Al", "language": "de"})

        response = await sent(as_grace, alice, carried(conflict.text), "about", **{"choice.language": choice})

        assert response.status_code == 200, text(response.text)
        await stage.settle()
        profile = (await stage.record(alice.record.id)).profile
        assert (profile["given_name"], profile["language"]) == ("Al", language)

    async def test_who_was_faster_is_not_guessed_at(
        self, as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord, own_url: URL
    ) -> None:
        """A contact of which the CRM has no word of who said what, and whose timeline is empty."""
        form = await opened(as_grace, alice)
        await stage.edits(alice.record.id, {"account_tier": "business"})
        here = "WHERE portal_id = %s"
        id = alice.record.id
        as_administrator(own_url, f"UPDATE crm.contact SET provenance = '{{}}', edited_by = '{{}}' {here}", id)
        as_administrator(own_url, f"DELETE FROM crm.activity USING crm.contact {here} AND contact_id = contact.id", id)

        response = await sent(as_grace, alice, form, account_tier="home_plus")

        assert response.status_code == 409, text(response.text)
        assert "Somebody changed this after you had opened it." in text(response.text)

    async def test_two_agents_meet_too(self, as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord) -> None:
        form = await opened(as_grace, alice)
        await stage.edits(alice.record.id, {"account_tier": "business"})

        response = await sent(as_grace, alice, form, account_tier="home_plus")

        assert response.status_code == 409
        assert "Grace Okafor, customer care changed this" in text(response.text)


class TestBadInput:
    @pytest.mark.parametrize(
        ("typed", "why"),
        [
            (ABOUT | {"given_name": "  "}, "Fill this in."),
            ({"account_tier": "platinum"}, "Not a valid choice"),
            ({"customer_since": "yesterday"}, "Not a valid date"),
            ({"internal_remark": "x" * 501}, "longer than 500"),
            ({"internal_remark": "a\u0007b"}, "characters that cannot be kept"),
            ({"call_me": "Al"}, "has no field call_me"),
            ({"seq": "1; DROP TABLE"}, "damaged"),
            ({"seq": ""}, "does not say what it was made from"),
            ({"request_id": ""}, "does not say what it was made from"),
        ],
        ids=["nothing", "choice", "date", "length", "characters", "not an agent's", "version", "no version", "no id"],
    )
    async def test_it_says_what_is_wrong_and_keeps_what_was_typed(
        self, as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord, typed: dict[str, str], why: str
    ) -> None:
        before = (await stage.sees(alice.record.id)).version

        section = "about" if "given_name" in typed else "account"

        response = await sent(as_grace, alice, await opened(as_grace, alice, section) | typed, section)

        assert response.status_code == 422
        assert "There is a problem" in text(response.text)
        assert why in text(response.text)
        assert (await stage.sees(alice.record.id)).version == before

    async def test_a_forged_version_cannot_overwrite(
        self, as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
    ) -> None:
        form = await opened(as_grace, alice)
        await stage.edits(alice.record.id, {"account_tier": "business"})

        response = await sent(as_grace, alice, form | {"seq": "0"}, account_tier="home_plus")

        assert response.status_code == 409, "of version 0, nothing was seen"

    @pytest.mark.parametrize("before", ["", "nonsense", "[1, 2]", '{"account_tier": {"a": 1}}', '{"no_such": 1}'])
    async def test_a_damaged_memory_of_what_was_seen_does_no_harm(
        self, as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord, before: str
    ) -> None:
        form = await opened(as_grace, alice)

        assert (await sent(as_grace, alice, form | {"before": before}, account_tier="business")).status_code == 200

    async def test_a_form_without_its_token_is_refused(
        self, as_grace: httpx2.AsyncClient, stage: Stage, alice: StoredRecord
    ) -> None:
        form = await opened(as_grace, alice)

        response = await sent(as_grace, alice, form | {"form_token": "forged"}, account_tier="business")

        assert response.status_code == 403
        assert (await stage.sees(alice.record.id)).record.profile["account_tier"] == "home"

    @pytest.mark.parametrize(("section", "status"), [("nowhere", 404), ("service", 403)])
    async def test_a_section_that_is_not_there_or_not_theirs(
        self, as_grace: httpx2.AsyncClient, alice: StoredRecord, section: str, status: int
    ) -> None:
        assert (await as_grace.get(f"{card(alice)}/fields/{section}")).status_code == status


async def test_an_edit_takes_three_statements(
    as_grace: httpx2.AsyncClient, alice: StoredRecord, statements: list[str]
) -> None:
    form = await opened(as_grace, alice)
    statements.clear()

    await sent(as_grace, alice, form, account_tier="business")

    assert len(statements) == 3, "the session, the edit, and the card"
