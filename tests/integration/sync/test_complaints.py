"""What people complain about in other portals, one test for each complaint about sync."""

from uuid import UUID

import psycopg
import pytest

from portal import clock
from portal.contact.may_contact import may_contact
from portal.crm.port import ConsentStatus
from portal.record.models import Record
from portal.sync.resync import begin_resync, resync
from portal.sync.state import Wanted
from portal.sync.want import want
from tests.builders import a_consent, a_customer, a_login, a_window
from tests.conftest import Stores
from tests.integration.sync.remote_crm import Contact, Fault, RemoteCrm
from tests.integration.sync_stage import Stage, a_stage


@pytest.fixture
def crm() -> RemoteCrm:
    return RemoteCrm(holds_consents=True)


@pytest.fixture
async def stage(own_stores: Stores, crm: RemoteCrm) -> Stage:
    return await a_stage(own_stores, crm)


async def wanted(stage: Stage, customer: UUID, purpose: str, channel: str) -> ConsentStatus | None:
    consent = (await stage.record(customer)).consent(purpose, channel)
    return consent.status if consent else None


def permitted(stage: Stage, record: Record, channel: str, purpose: str) -> bool:
    return may_contact(record, channel, purpose, clock.now(), catalogue=stage.line.store.catalogue).allowed


async def opts_out(stage: Stage, customer: UUID, purpose: str = "offers", channel: str = "phone") -> None:
    values = a_consent(purpose, channel, "opt_out")
    await stage.says(customer, values, action="consent:withdrawn")
    await stage.settle()


async def test_1_an_edit_lands_on_the_contact_itself_and_the_two_do_not_drift(
    stage: Stage, crm: RemoteCrm, alice: UUID
) -> None:
    contacts = len(crm.contacts)
    await stage.says(alice, {"profile/language": "de"})
    await stage.settle()
    crm.edit(alice, {"account_tier": "business"})
    await stage.settle()

    record = await stage.record(alice)
    assert len(crm.contacts) == contacts, "no second contact"
    ours = {name: record.profile.get(key) for key, name in stage.line.names.items()}
    assert {name: crm.contacts[alice].fields.get(name) for name in ours} == ours


async def test_2_what_is_decided_in_the_portal_changes_the_contacts_own_flags(
    stage: Stage, crm: RemoteCrm, alice: UUID
) -> None:
    await stage.says(alice, a_consent("offers", "phone"), action="consent:given")
    await stage.settle()
    assert crm.contacts[alice].consents["offers", "phone"] is ConsentStatus.OPT_IN
    await opts_out(stage, alice)
    assert crm.contacts[alice].consents["offers", "phone"] is ConsentStatus.OPT_OUT


@pytest.mark.parametrize("knows", [True, False], ids=["with what was agreed on", "with nothing agreed on"])
async def test_3_a_resync_re_subscribes_nobody(stage: Stage, crm: RemoteCrm, knows: bool) -> None:
    customers = [(await a_customer(stage.stores.worker)).record.id for _ in range(5)]
    await stage.settle()
    for customer in customers:
        await opts_out(stage, customer)
        # Their backup is from before; or somebody ran a script over it.
        crm.contacts[customer].consents["offers", "phone"] = ConsentStatus.OPT_IN
    if not knows:
        await stage.all("UPDATE portal.sync_state SET base = NULL WHERE customer_id = ANY(%s)", customers)

    await begin_resync(stage.line.store.database, stage.line.name, actor="operator")
    while await resync(stage.line):
        await stage.settle()

    for customer in customers:
        assert await wanted(stage, customer, "offers", "phone") is ConsentStatus.OPT_OUT
        assert crm.contacts[customer].consents["offers", "phone"] is ConsentStatus.OPT_OUT


async def test_4_there_is_no_list_that_one_cannot_leave(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    catalogue = stage.line.store.catalogue
    every = [(purpose.key, channel) for purpose in catalogue.purposes.values() for channel in purpose.channels]
    open_ones = [(p, c) for p, c in every if c not in catalogue.purposes[p].locked]
    for purpose, channel in open_ones:
        values = a_consent(purpose, channel, "opt_out") | {
            f"consents/{purpose}/{channel}/notice": catalogue.purposes[purpose].notice,
            f"consents/{purpose}/{channel}/lawful_basis": catalogue.purposes[purpose].lawful_basis.value,
        }
        await stage.says(alice, values, action="consent:withdrawn")
    await stage.settle()

    record = await stage.record(alice)
    for purpose, channel in open_ones:
        assert crm.contacts[alice].consents[purpose, channel] is ConsentStatus.OPT_OUT
        assert not permitted(stage, record, channel, purpose)


async def test_5_a_time_in_which_nobody_is_to_call_is_kept(stage: Stage, alice: UUID) -> None:
    await stage.says(alice, a_consent("service", "phone"), action="consent:given")
    assert permitted(stage, await stage.record(alice), "phone", "service")
    always = a_window("do_not", (1, 2, 3, 4, 5, 6, 7), "00:00", "00:00", channel="phone")
    await stage.says(alice, always, action="contact_window:added")
    assert not permitted(stage, await stage.record(alice), "phone", "service")


async def test_6_an_opt_out_has_a_date_and_a_source_and_the_earlier_opt_in_is_known(
    stage: Stage, crm: RemoteCrm, alice: UUID
) -> None:
    await stage.says(alice, a_consent("offers", "phone"), action="consent:given")
    await stage.settle()
    crm.says(alice, "offers", "phone", ConsentStatus.OPT_OUT)
    await stage.settle()

    stored = await stage.stored(alice)
    consent = stored.record.consent("offers", "phone")
    assert consent is not None
    assert (consent.status, consent.capture_source) == (ConsentStatus.OPT_OUT, "crm:embedded")
    assert (clock.now() - consent.capture_date).total_seconds() < 60
    diffs = {diff.path: diff.old for diff in stored.recent[0].entry.diffs}
    assert diffs["consents/offers/phone/status"] == "opt_in"


async def test_7_becoming_a_customer_of_the_portal_clears_no_opt_out(own_stores: Stores) -> None:
    crm = RemoteCrm(holds_consents=True, conditional=False)
    stage = await a_stage(own_stores, crm)
    alice = (await a_customer(stage.stores.worker, language="en")).record.id
    # The CRM has known her for years, and that she wants no calls.
    crm.contacts[alice] = Contact("003A", consents={("offers", "phone"): ConsentStatus.OPT_OUT})

    await stage.settle()
    await stage.imports(alice, a_login())
    await stage.settle()

    assert crm.contacts[alice].consents["offers", "phone"] is ConsentStatus.OPT_OUT
    assert await wanted(stage, alice, "offers", "phone") is ConsentStatus.OPT_OUT
    assert crm.contacts[alice].fields["language"] == "en"


async def test_20_what_does_not_stand_is_kept_and_shown(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    await stage.says(alice, {"profile/language": "de"})
    crm.edit(alice, {"language": "fr"})
    await stage.settle()

    assert crm.contacts[alice].fields["language"] == "de"
    entries = [change.entry for change in (await stage.stored(alice)).recent]
    lost = [entry.evidence.personal.get("not_kept/profile/language") for entry in entries]
    assert "fr" in lost
    assert any("“French” was put into the CRM and does not stand" in note for note in crm.notes[alice])


@pytest.mark.parametrize("table", ["change_record", "delivery", "sync_event", "access_record"])
@pytest.mark.parametrize("how", ["DELETE FROM portal.{}", "UPDATE portal.{} SET at = now()", "TRUNCATE portal.{}"])
async def test_20_nobody_who_serves_can_delete_or_alter_what_happened(stage: Stage, table: str, how: str) -> None:
    stores = stage.stores
    for store in (stores.customer, stores.staff, stores.worker):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            await store.database.fetch_all(how.format(table))


async def test_20_an_erasure_leaves_its_own_event(stage: Stage, crm: RemoteCrm, alice: UUID) -> None:
    crm.fail(alice, Fault.LOST)
    await want(stage.stores.staff.database, alice, Wanted.ERASED, actor=str(alice))
    await stage.settle()
    rows = await stage.all("SELECT event, actor FROM portal.sync_event WHERE customer_id = %s ORDER BY id", alice)
    assert [(row["event"], row["actor"]) for row in rows] == [
        ("erased_wanted", str(alice)),
        ("erased_confirmed", "engine"),
    ]
