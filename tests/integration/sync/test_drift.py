"""What a CRM says otherwise although nobody told is found, shown and mended; and everything can be compared anew."""

from dataclasses import replace
from uuid import UUID

import pytest

from portal.crm.answers import CallFailed
from portal.crm.port import ConsentStatus, Retry
from portal.sync.resync import begin_resync, resync
from portal.sync.steer import pause, resume
from portal.sync.sweep import sweep
from tests.builders import a_consent, a_customer
from tests.conftest import Stores
from tests.integration.sync.remote_crm import RemoteCrm
from tests.integration.sync_stage import Stage, a_stage

OPERATOR = "018f0000-0000-7000-8000-0000000000f1"


@pytest.fixture
def crm() -> RemoteCrm:
    return RemoteCrm(holds_consents=True)


@pytest.fixture
async def stage(own_stores: Stores, crm: RemoteCrm) -> Stage:
    made = await a_stage(own_stores, crm)
    # Others' contacts are in CRMs that are gone.
    await made.all("UPDATE portal.sync_state SET status = 'waiting', base = NULL, remote_id = NULL")
    return made


async def swept(stage: Stage) -> int:
    return await sweep(stage.line, size=100, grace=0)


async def drift(stage: Stage, customer: UUID) -> list[dict[str, object]]:
    rows = await stage.all(
        "SELECT facts FROM portal.sync_event WHERE customer_id = %s AND event = 'drift' ORDER BY id", customer
    )
    return [row["facts"] for row in rows]


async def test_what_nobody_told_is_found_shown_and_mended(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    crm.contacts[alice].fields["language"] = "fr"  # somebody with access to the CRM's database

    assert await swept(stage) == 1

    assert await drift(stage, alice) == [{"paths": ["profile/language"]}], "paths, and no values"
    await stage.settle()
    record = await stage.record(alice)
    assert crm.contacts[alice].fields["language"] == record.profile["language"]
    await stage.later(minutes=2)
    assert await swept(stage) == 0


async def test_a_crm_that_only_listens_is_not_asked(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    crm.caps = replace(crm.caps, reads=False)
    crm.contacts[alice].fields["language"] = "fr"
    assert await swept(stage) == 0
    assert await drift(stage, alice) == []


async def test_a_consent_that_got_looser_there_is_made_strict_again(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    await stage.says(alice, a_consent("offers", "phone", "opt_out"), action="consent:withdrawn")
    await stage.settle()
    crm.contacts[alice].consents["offers", "phone"] = ConsentStatus.OPT_IN

    assert await swept(stage) == 1
    await stage.settle()

    assert crm.contacts[alice].consents["offers", "phone"] is ConsentStatus.OPT_OUT
    consent = (await stage.record(alice)).consent("offers", "phone")
    assert consent is not None
    assert consent.status is ConsentStatus.OPT_OUT


async def test_a_backup_of_the_crm_is_brought_up_to_date(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    crm.contacts[alice].seq = 1
    crm.contacts[alice].fields["language"] = "en"

    assert await swept(stage) == 1
    assert (await drift(stage, alice))[0]["version"] == 1
    await stage.settle()

    assert crm.contacts[alice].fields["language"] == "de"
    assert (await stage.record(alice)).profile["language"] == "de"


async def test_a_contact_that_is_gone_is_drift_too(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    del crm.contacts[alice]
    assert await swept(stage) == 1
    await stage.settle()
    assert (await stage.state(alice))["status"] == "parked"


async def test_a_break_that_the_crm_asks_for_is_kept_by_whoever_delivers(
    stage: Stage, crm: RemoteCrm, alice: UUID
) -> None:
    crm.deaf = CallFailed(Retry("too many calls", 900.0))
    with pytest.raises(CallFailed):
        await swept(stage)
    await stage.says(alice, {"profile/language": "de"})
    assert await stage.drain() == 0
    await stage.later(minutes=16)
    crm.deaf = None
    assert await stage.drain() == 1


async def test_an_edit_that_the_feed_tells_in_time_is_no_drift(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    crm.edit(alice, {"language": "fr"})
    await stage.poller.poll()
    assert await swept(stage) == 0
    await stage.settle()
    assert await drift(stage, alice) == []


async def test_one_page_a_minute_in_turns_through_all(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    bob = (await a_customer(stage.stores.worker)).record.id
    await stage.settle()
    for customer in (alice, bob):
        crm.contacts[customer].fields["language"] = "es"

    assert await sweep(stage.line, size=1, grace=0) == 1
    assert await sweep(stage.line, size=1, grace=0) == 0, "not yet"
    await stage.later(seconds=61)
    assert await sweep(stage.line, size=1, grace=0) == 1
    assert len(await drift(stage, alice)) == len(await drift(stage, bob)) == 1


async def test_a_paused_crm_is_not_looked_at(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    crm.contacts[alice].fields["language"] = "fr"
    assert await pause(stage.stores.staff.database, stage.line.name, actor=OPERATOR)
    assert not await pause(stage.stores.staff.database, stage.line.name, actor=OPERATOR)
    await stage.says(alice, {"profile/call_me": "Al"})
    assert (await swept(stage), await stage.settle()) == (0, 0)
    assert await resume(stage.stores.staff.database, stage.line.name, actor=OPERATOR)
    await stage.settle()
    assert crm.contacts[alice].fields[stage.line.names["call_me"]] == "Al"


async def test_a_resync_compares_every_record_and_overwrites_nothing(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    customers = [alice, *[(await a_customer(stage.stores.worker)).record.id for _ in range(4)]]
    await stage.settle()
    for customer in customers:
        crm.contacts[customer].fields["account_tier"] = "business"  # edited in days for which the feed is lost
    await stage.says(alice, {"profile/language": "de"})

    assert await begin_resync(stage.line.store.database, stage.line.name, actor=OPERATOR)
    while await resync(stage.line):
        await stage.settle()

    for customer in customers:
        assert (await stage.record(customer)).profile["account_tier"] == "business"
    assert crm.contacts[alice].fields["language"] == "de"
    progress = await stage.one("SELECT * FROM portal.connector_gate WHERE connector = %s", stage.line.name)
    assert progress["resyncing_since"] is None
    assert progress["resynced_at"] is not None


async def test_what_customers_change_meanwhile_does_not_wait_behind_it(
    stage: Stage, crm: RemoteCrm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("portal.sync.resync.PAGE", 4)
    customers = [(await a_customer(stage.stores.worker)).record.id for _ in range(9)]
    await stage.settle()
    await begin_resync(stage.line.store.database, stage.line.name, actor=OPERATOR)

    assert await resync(stage.line) == 4
    assert await resync(stage.line) == 0, "a page is still to be read"
    await stage.says(customers[8], {"profile/language": "de"})
    await stage.drain()

    assert crm.contacts[customers[8]].fields["language"] == "de"


async def test_a_forgotten_cursor_starts_over_with_a_resync(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    await stage.poller.poll()
    crm.contacts[alice].fields["account_tier"] = "business"
    crm.forgetful = True

    assert await stage.poller.poll() == 0
    while await resync(stage.line):
        await stage.settle()

    assert (await stage.record(alice)).profile["account_tier"] == "business"
    happened = await stage.all("SELECT event FROM portal.sync_event ORDER BY id DESC LIMIT 1")
    assert happened == [{"event": "cursor_expired"}]
    assert await stage.poller.poll() >= 0
