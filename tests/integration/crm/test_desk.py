"""What agents do in the built-in CRM: find, see, edit; and that whoever sees is seen."""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID, uuid4

import psycopg
import pytest

from portal.audit.values import Value
from portal.crm.embedded.card import VISIT, Viewer, card, find
from portal.crm.embedded.edit import EditConflict, Edited, EditOutcome, NothingToEdit, edit
from portal.errors import Forbidden, Invalid, NotFound
from portal.i18n import using
from tests.builders import a_contact_point, a_customer, a_window
from tests.integration.sync_stage import GRACE_AT_THE_DESK, Stage

OMAR = Viewer(UUID("018f0000-0000-7000-8000-0000000000aa"), "Omar Haddad")


class TestFind:
    async def test_by_any_of_what_she_is_known_by(self, stage: Stage) -> None:
        word = f"Q{uuid4().hex[:10]}"
        values = a_contact_point(value=f"{word}@example.com") | a_contact_point("phone", "+442079460555", rank=2)
        stored = await a_customer(stage.stores.worker, given_name="Alice", family_name=word, values=values)
        await stage.settle()
        staff = stage.stores.staff.database
        for query in (f"alice {word[:6]}", word.upper(), f"{word}@ex", stored.record.number, f"{word[:5]} ali"):
            found = await find(staff, query)
            assert [hit.customer_id for hit in found] == [stored.record.id], query
        assert stored.record.id in [hit.customer_id for hit in await find(staff, "020 7946 0555")]
        assert await find(staff, f"bob {word}") == []
        assert await find(staff, "  ") == []

    async def test_a_changed_name_is_found_and_the_old_one_is_not(self, stage: Stage, alice: UUID) -> None:
        old, new = f"Old{uuid4().hex[:8]}", f"New{uuid4().hex[:8]}"
        await stage.says(alice, {"profile/family_name": old})
        await stage.settle()
        await stage.says(alice, {"profile/family_name": new})
        await stage.settle()
        staff = stage.stores.staff.database
        assert await find(staff, old) == []
        assert [hit.name for hit in await find(staff, new)] == [f"Alice {new}"]

    async def test_the_best_match_comes_first_and_no_more_than_asked_for(self, stage: Stage) -> None:
        word = f"z{uuid4().hex[:8]}"
        for suffix in ("son", "", "smith", "by"):
            await a_customer(stage.stores.worker, family_name=word + suffix)
        await stage.settle()
        found = await find(stage.stores.staff.database, word, limit=3)
        assert [hit.name for hit in found] == [f"Alice {word}", f"Alice {word}by", f"Alice {word}smith"]


class TestCard:
    async def test_it_is_the_record_as_the_crm_has_it(self, stage: Stage, alice: UUID) -> None:
        await stage.says(alice, a_window(), action="contact_window:added")
        assert (await stage.sees(alice)).record.contact_windows == ()
        await stage.settle()
        assert (await stage.sees(alice)).record == await stage.record(alice)

    async def test_it_is_found_by_the_contacts_id_and_by_the_customers(self, stage: Stage, alice: UUID) -> None:
        seen = await stage.sees(alice)
        assert seen.customer_id == alice
        assert (await stage.sees(seen.contact_id)).customer_id == alice

    async def test_a_stranger_has_no_card(self, stage: Stage) -> None:
        staff = stage.stores.staff
        assert await card(staff.database, staff.catalogue, uuid4(), GRACE_AT_THE_DESK) is None

    async def test_whoever_reads_is_written_down_by_the_reading(self, stage: Stage, alice: UUID) -> None:
        staff = stage.stores.staff
        await card(staff.database, staff.catalogue, alice, OMAR)
        reads = (await stage.stored(alice)).reads
        assert [(read.actor_kind, read.actor_name, read.via) for read in reads] == [("agent", "Omar Haddad", "desk")]

    async def test_what_is_new_since_the_last_visit_is_new_until_the_next(self, stage: Stage, alice: UUID) -> None:
        first = await stage.sees(alice)
        assert (first.since_at, first.since_seq) == (None, 1)
        await stage.says(alice, {"profile/language": "de"})
        await stage.settle()
        assert (await stage.sees(alice)).since_seq == 1, "the same visit: what came meanwhile is new"

        await self.half_an_hour_passes(stage, alice)
        await stage.says(alice, {"profile/language": "fr"})
        await stage.settle()
        for _ in range(2):
            second = await stage.sees(alice)
            assert second.since_at is not None
            assert [entry.seq for entry in second.activity if entry.seq > second.since_seq] == [3]

    async def half_an_hour_passes(self, stage: Stage, alice: UUID) -> None:
        await stage.all("UPDATE crm.view SET seen_at = seen_at - %s", VISIT + timedelta(seconds=1))

    async def test_it_tells_how_far_each_connector_is(self, stage: Stage, alice: UUID) -> None:
        await stage.says(alice, {"profile/language": "de"})
        seen = await stage.sees(alice)
        waiting = seen.deliveries[0]
        assert (waiting.label, waiting.behind, waiting.synced_seq, waiting.desired_seq) == ("CRM", True, 1, 2)
        assert waiting.since is not None and not seen.delivered
        await stage.settle()
        seen = await stage.sees(alice)
        there = seen.deliveries[0]
        assert (there.behind, there.status, there.since) == (False, "synced", None)
        assert seen.delivered["embedded"] > waiting.since
        assert [entry.delivered.keys() for entry in seen.activity] == [{"embedded"}] * 2


class TestEdit:
    async def test_it_stands_in_the_contact_at_once_with_who_said_so(self, stage: Stage, alice: UUID) -> None:
        await stage.edits(alice, {"account_tier": "business"})
        seen = await stage.sees(alice)
        assert seen.record.profile["account_tier"] == "business"
        assert (seen.edited_by["account_tier"].id, seen.edited_by["account_tier"].name) == (
            str(GRACE_AT_THE_DESK.id),
            "Grace Okafor",
        )
        assert seen.record.said["account_tier"].actor_kind == "agent"

    async def test_who_has_not_seen_the_newest_value_decides_anew(self, stage: Stage, alice: UUID) -> None:
        version = (await stage.sees(alice)).version
        assert isinstance(await self.edit(stage, alice, version, {"account_tier": "business"}, user=OMAR), Edited)

        outcome = await self.edit(stage, alice, version, {"account_tier": "home_plus", "language": "fr"})

        assert isinstance(outcome, EditConflict)
        assert [(f.key, f.current, f.by and f.by.name) for f in outcome.fields] == [
            ("account_tier", "business", "Omar Haddad")
        ]
        seen = await stage.sees(alice)
        assert (seen.record.profile["account_tier"], seen.record.profile["language"]) == ("business", "en")
        assert isinstance(await self.edit(stage, alice, outcome.version, {"account_tier": "home_plus"}), Edited)

    async def test_a_value_that_the_customer_changed_meanwhile_is_a_conflict_too(
        self, stage: Stage, alice: UUID
    ) -> None:
        version = (await stage.sees(alice)).version
        await stage.says(alice, {"profile/language": "de"})
        await stage.settle()
        outcome = await self.edit(stage, alice, version, {"language": "fr"})
        assert isinstance(outcome, EditConflict)
        assert [(f.key, f.current, f.by) for f in outcome.fields] == [("language", "de", None)]

    async def test_other_fields_do_not_get_in_the_way(self, stage: Stage, alice: UUID) -> None:
        version = (await stage.sees(alice)).version
        await stage.says(alice, {"profile/language": "de"})
        await stage.settle()
        assert isinstance(await self.edit(stage, alice, version, {"account_tier": "business"}), Edited)

    async def test_the_same_value_writes_nothing(self, stage: Stage, alice: UUID) -> None:
        version = (await stage.sees(alice)).version
        assert await self.edit(stage, alice, version, {"account_tier": "home"}) == NothingToEdit(version)
        assert await self.edit(stage, alice, version, {}) == NothingToEdit(version)
        assert await stage.poller.poll() == 0

    async def test_what_cannot_be_kept_is_told_in_the_agents_language(self, stage: Stage, alice: UUID) -> None:
        with using("de"), pytest.raises(Invalid) as refused:
            await self.edit(stage, alice, 1, {"language": "tlh-nonsense"})
        assert refused.value.errors == {"language": ["ist keine Sprache"]}

    async def test_only_what_the_catalogue_lets_agents_edit(self, stage: Stage, alice: UUID) -> None:
        for key in ("call_me", "no_such_field"):
            with pytest.raises(Forbidden):
                await self.edit(stage, alice, 1, {key: "x"})

    async def test_only_values_that_the_catalogue_knows(self, stage: Stage, alice: UUID) -> None:
        with pytest.raises(Invalid) as refused:
            await self.edit(stage, alice, 1, {"account_tier": "gold", "given_name": None})
        assert refused.value.errors == {"account_tier": ["is none of the choices"], "given_name": ["is required"]}

    async def test_nobody_is_not_found(self, stage: Stage) -> None:
        with pytest.raises(NotFound):
            await self.edit(stage, uuid4(), 1, {"account_tier": "home"})

    async def edit(
        self,
        stage: Stage,
        customer: UUID,
        version: int,
        changes: Mapping[str, Value],
        user: Viewer = GRACE_AT_THE_DESK,
    ) -> EditOutcome:
        staff = stage.stores.staff
        return await edit(staff.database, staff.catalogue, customer, version, changes, user)


class TestRoles:
    @pytest.mark.parametrize(
        "statement",
        [
            "SELECT * FROM crm.contact",
            "SELECT * FROM crm.search_v3(ARRAY['a'], 1)",
            "SELECT * FROM portal.sync_read_v1(ARRAY[gen_random_uuid()], ARRAY[0]::bigint[], 1)",
            "SELECT * FROM portal.announced_v1(NULL)",
            "SELECT * FROM portal.worker",
        ],
    )
    async def test_customers_reach_nothing_of_it(self, stage: Stage, alice: UUID, statement: str) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await stage.stores.customer.database.fetch_all(statement)

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE crm.contact SET portal_seq = 99",
            "UPDATE crm.contact SET contact_points = '[]'",
            "DELETE FROM crm.contact",
            "DELETE FROM crm.activity",
            "INSERT INTO crm.activity SELECT * FROM crm.activity",
            "UPDATE crm.contact_edit SET user_name = 'Mallory'",
            "INSERT INTO portal.announcement (customer_id) VALUES (gen_random_uuid())",
            "UPDATE portal.sync_state SET synced_seq = 9",
        ],
    )
    async def test_staff_edit_fields_and_nothing_else(self, stage: Stage, alice: UUID, statement: str) -> None:
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await stage.stores.staff.database.fetch_all(statement)
