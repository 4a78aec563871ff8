"""What becomes of a CRM's contacts on the first day: new customers, customers who were there, and nothing lost."""

import asyncio
from pathlib import Path

import pytest

from portal.adoption.bring import UNDATED
from portal.adoption.run import alone
from portal.errors import Conflict, Unavailable
from portal.record.read import read
from portal.record.verify import verify
from tests.builders import a_consent, a_contact_point, a_customer
from tests.integration.adoption.offices import Office
from tests.integration.adoption.test_doubts import rows_of
from tests.integration.web.counting import counting
from tests.standins.server import Break, Fault


async def test_a_contact_becomes_a_customer_with_all_that_the_crm_knows(office: Office) -> None:
    contact = office.add("K1", email="Ann.Berg@Example.com", account_tier="home")

    done = await office.adopts()

    assert (done.through, done.new, done.matched, done.doubtful, done.refused) == (1, 1, 0, 0, 0)
    stored = await office.stage.stored(await office.customer("K1"))
    record = stored.record
    assert (record.name, record.profile["account_tier"]) == ("Ann Berg", "home")
    assert [(point.system, point.value) for point in record.contact_points] == [("email", "Ann.Berg@example.com")]
    [change] = stored.recent
    said = record.said["account_tier"]
    assert (said.actor_kind, said.via, change.entry.action) == ("system", "crm:crm", "customer:adopted")
    assert change.entry.evidence.facts == {"crm": "crm", "contact": contact}


async def test_both_sides_rest_and_then_go_on_as_ever(office: Office) -> None:
    """Nothing is pushed that the CRM has: the contact only says whose it is."""
    contact = office.add("K1", email="ann@example.com", account_tier="home")
    before = dict(office.contact(contact))
    await office.adopts()
    customer = await office.customer("K1")
    state = await office.stage.state(customer)
    assert (state["status"], state["remote_id"], state["synced_seq"]) == ("synced", contact, 1)
    after = office.contact(contact)
    assert {name for name in after if after[name] != before.get(name)} >= {office._id}
    assert all(
        value == after[name] for name, value in before.items() if value and not name.startswith(("Sys", "write"))
    )

    calls = office.calls
    assert await office.stage.settle() == 0, "nothing is due"
    assert office.calls - calls <= 1, "the feed is read, and nothing else"

    await office.subject.promote(customer)
    await office.stage.settle()
    assert (await office.stage.record(customer)).profile["account_tier"] == "business"
    await office.stage.says(customer, {"profile/good_to_know": "Ring twice."})
    await office.stage.settle()
    assert office.contact(contact)[office.subject.names["good_to_know"]] == "Ring twice."
    assert await office.subject.count(customer) == 1


async def test_a_customer_who_was_there_gets_what_is_missing_and_keeps_their_word(office: Office) -> None:
    """Nothing that a customer said is overwritten: neither a value, nor what they removed, nor their addresses."""
    stored = await a_customer(
        office.stage.stores.worker, number="K1", values=a_contact_point(value="mine@example.com"), language="de",
        good_to_know="Knock.", family_name="Berg",
    )  # fmt: skip
    customer = stored.record.id
    await office.stage.says(customer, {"profile/given_name": "Anna", "profile/good_to_know": None})
    contact = office.add("K1", email="old@example.com", good_to_know="Bell.", account_tier="home_plus", pronouns="they")

    done = await office.adopts()

    assert (done.new, done.matched, done.doubtful) == (0, 1, 0)
    record = await office.stage.record(customer)
    assert record.profile["pronouns"] == "they", "it was missing"
    assert record.profile["given_name"] == "Anna"
    assert "good_to_know" not in record.profile, "what was removed does not come back"
    assert [point.value for point in record.contact_points] == ["mine@example.com"]

    await office.stage.settle()
    there, record = office.contact(contact), await office.stage.record(customer)
    assert record.profile["account_tier"] == "home_plus", "the agents' field"
    assert there[office.subject.names["given_name"]] == "Anna"
    assert "mine@example.com" in there.values()
    assert not there[office.subject.names["good_to_know"]]
    state = await office.stage.state(customer)
    assert (state["status"], state["remote_id"]) == ("synced", contact)
    assert await office.subject.count(customer) == 1


async def test_who_was_imported_before_is_only_tied(office: Office) -> None:
    """The same people from a file and then from the CRM: nobody is pushed for it."""
    for number in range(20):
        values = a_contact_point(value=f"p{number}@example.com")
        await a_customer(
            office.stage.stores.worker, number=f"K{number}", values=values, given_name="Ann", family_name="Berg"
        )
        office.add(f"K{number}", email=f"p{number}@example.com")

    done = await office.adopts()

    assert (done.matched, done.doubtful) == (20, 0)
    rows = await office.stage.all("SELECT status, push_due_at, pull_due_at FROM portal.sync_state")
    assert [tuple(row.values()) for row in rows] == [("synced", None, None)] * 20
    changes = await office.stage.one("SELECT max(seq) AS most FROM portal.customer")
    assert changes["most"] == 1, "nothing was missing"


async def test_only_a_word_counts_as_a_consent(salesforce: Office) -> None:
    """A flag that forbids is one; an empty flag never is, and certainly no opt-in."""
    salesforce.add("K1")
    salesforce.subject.salesforce.change("Contact", salesforce.add("K2"), {"HasOptedOutOfEmail": True})  # type: ignore[attr-defined]
    salesforce.subject.salesforce.change("Contact", salesforce.add("K3"), {"Offers_by_email__c": "opt_out"})  # type: ignore[attr-defined]

    await salesforce.adopts()

    silent, out, refused = [await salesforce.stage.record(await salesforce.customer(f"K{n}")) for n in (1, 2, 3)]
    assert silent.consents == ()
    [said] = out.consents
    assert (said.purpose, said.channel, said.status, said.capture_source) == (
        "surveys",
        "email",
        "opt_out",
        "crm:crm",
    )
    [said] = refused.consents
    assert (said.purpose, said.status, said.notice_version) == ("offers", "opt_out", "unknown")
    await salesforce.stage.settle()
    assert (await salesforce.stage.record(out.id)).consents == out.consents


@pytest.mark.parametrize("there", [False, True], ids=["new", "matched"])
async def test_an_opt_in_that_nobody_can_date_is_left_out_and_told(
    salesforce: Office, tmp_path: Path, there: bool
) -> None:
    """Neither then nor when the sync reads the contact does it get a day that somebody made up."""
    if there:
        await a_customer(salesforce.stage.stores.worker, number="K1", values={}, given_name="Anna", family_name="Berg")
    contact, report = salesforce.add("K1"), tmp_path / "report.csv"
    salesforce.subject.salesforce.change("Contact", contact, {"Offers_by_email__c": "opt_in"})  # type: ignore[attr-defined]

    dry = await salesforce.adopts(dry=True)
    done = await salesforce.adopts(report=report)

    assert (done.new, done.matched, done.doubtful) == (not there, there, 0)
    assert dict(done.reasons) == dict(dry.reasons) == {UNDATED: 1}
    [told] = rows_of(report)
    assert (told["where"], told["result"], told["detail"]) == (contact, "left out", "consents/offers/email")
    customer = await salesforce.customer("K1")
    await salesforce.subject.promote(customer)
    await salesforce.stage.settle()
    record = await salesforce.stage.record(customer)
    assert (record.profile["account_tier"], record.consents) == ("business", ())
    assert (await salesforce.adopts()).reasons == {}, "the contact is theirs now, and the sync's"

    await salesforce.stage.imports(customer, a_consent("offers", "email", "opt_in"))
    await salesforce.stage.settle()
    assert salesforce.contact(contact)["Offers_by_email__c"] == "opt_in", "with its day, from a file"
    salesforce.subject.salesforce.change("Contact", contact, {"Offers_by_email__c": "opt_out"})  # type: ignore[attr-defined]
    await salesforce.stage.settle()
    [said] = (await salesforce.stage.record(customer)).consents
    assert said.status == "opt_out", "a new word is a word"


async def test_what_it_costs(office: Office) -> None:
    """Three calls for a page of contacts, and statements by the page and not by the contact."""
    people = 300
    for number in range(people):
        office.add(f"K{number}", email=f"p{number}@example.com")
    before = office.calls
    with counting() as counted:
        done = await office.adopts()

    assert done.new == people
    pages = -(-people // office.stage.line.connector.caps.batch_max) + 1  # some CRMs tell only by an empty page
    assert office.calls - before <= 3 * pages + 1, "looked through, brought in, tied; and a login"
    assert len(counted.statements) <= 16 * pages + 8
    assert len(counted.statements) / people < 0.25


async def test_twice_changes_nothing(salesforce: Office) -> None:
    salesforce.add("K1", email="ann@example.com")
    salesforce.add("K2")
    await salesforce.adopts()
    before, contacts = await salesforce.counts(), salesforce.contacts()

    done = await salesforce.adopts()

    assert (done.new, done.matched) == (0, 2)
    after = await salesforce.counts()
    assert {**after, "runs": 0} == {**before, "runs": 0}
    assert salesforce.contacts() == contacts


async def test_a_dry_run_writes_nothing_anywhere(office: Office) -> None:
    await a_customer(office.stage.stores.worker, number="K2", family_name="Berg")
    for number in ("K1", "K2", None):
        office.add(number, pronouns="they")
    before, contacts = await office.counts(), office.contacts()

    dry = await office.adopts(dry=True)

    assert (dry.new, dry.matched, dry.doubtful) == (1, 1, 1)
    assert (await office.counts(), office.contacts()) == (before, contacts)
    done = await office.adopts()
    assert (done.new, done.matched, done.doubtful) == (1, 1, 1)


async def test_a_line_that_breaks_is_gone_on_with_where_it_broke(office: Office) -> None:
    """The customers of a page were made, and nobody could tell the CRM: they count as new all the same, once."""
    for number in range(250):
        office.add(f"K{number}")
    assert office.subject.standin is not None
    office.subject.standin.fail(Fault(breaks=Break.RESET, repeat=6), office.links)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.adoption.asking.backoff", lambda _attempt: 0.0)
        with pytest.raises(Unavailable, match="does not answer"):
            await office.adopts()
    size = office.stage.line.connector.caps.batch_max
    assert (await office.counts())["customers"] == min(size, 250)
    await office.stage.later(minutes=10)  # the breaker

    done = await office.adopts()

    assert (done.through, done.new, done.matched, done.doubtful) == (250, 250, 0, 0)
    rows = await office.stage.all("SELECT DISTINCT status, push_due_at FROM portal.sync_state")
    assert [tuple(row.values()) for row in rows] == [("synced", None)]
    assert (await office.counts())["runs"] == 1


async def test_what_a_customer_said_before_the_run_went_on_is_not_taken_for_what_the_contact_says(
    salesforce: Office,
) -> None:
    contact = salesforce.add("K1")
    assert salesforce.subject.standin is not None
    salesforce.subject.standin.fail(Fault(breaks=Break.RESET, repeat=5), salesforce.links)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("portal.adoption.asking.backoff", lambda _attempt: 0.0)
        with pytest.raises(Unavailable):
            await salesforce.adopts()
    customer = await salesforce.customer("K1")
    await salesforce.stage.says(customer, {"profile/given_name": "Anna"})
    await salesforce.stage.later(minutes=10)

    done = await salesforce.adopts()
    await salesforce.stage.settle()

    assert (done.new, done.matched) == (1, 0)
    assert salesforce.contact(contact)["FirstName"] == "Anna"
    assert (await salesforce.stage.record(customer)).profile["given_name"] == "Anna"


async def test_one_whom_the_crm_refuses_is_told_and_parked_with_its_words(salesforce: Office) -> None:
    salesforce.add("K1")
    bad = salesforce.add("K2")
    salesforce.subject.salesforce.rows["Contact"][bad]["LastName"] = "Berg"  # type: ignore[attr-defined]
    original = salesforce.subject.salesforce._update_one  # type: ignore[attr-defined]

    def refusing(values: dict[str, object]) -> object:
        if values["id"] == bad:
            error = {"statusCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "A phone number is needed."}
            return {"success": False, "errors": [error]}
        return original(values)

    salesforce.subject.salesforce._update_one = refusing  # type: ignore[attr-defined]
    done = await salesforce.adopts()

    assert (done.new, done.refused) == (2, 1)
    state = await salesforce.stage.state(await salesforce.customer("K2"))
    assert state["status"] == "parked" and "A phone number is needed." in state["last_error"]


async def test_a_break_that_the_crm_wants_is_waited_for(salesforce: Office) -> None:
    salesforce.add("K1")
    assert salesforce.subject.standin is not None
    headers = (("retry-after", "1"),)
    salesforce.subject.standin.fail(Fault(status=429, headers=headers, body=b"{}"), lambda _call: True)

    done = await salesforce.adopts()

    assert done.new == 1
    assert salesforce.waits and 0 < salesforce.waits[0] <= 1


async def test_a_crm_that_is_paused_is_not_called(salesforce: Office) -> None:
    await salesforce.stage.all("UPDATE portal.connector SET paused_at = now()")
    with pytest.raises(Unavailable, match="crm is paused"):
        await salesforce.adopts()
    assert salesforce.calls == 0


async def test_who_was_parked_for_their_contact_is_mended(office: Office) -> None:
    """They were here before the CRM was connected: a contact with their number is never taken over unasked."""
    stored = await a_customer(office.stage.stores.worker, number="K1", values={}, given_name="Anna", family_name="Berg")
    contact = office.add("K1", given_name="Ann")
    await office.stage.settle()
    assert (await office.stage.state(stored.record.id))["status"] == "parked"

    await office.adopts()
    await office.stage.settle()

    state = await office.stage.state(stored.record.id)
    assert (state["status"], state["remote_id"], state["last_error"]) == ("synced", contact, None)
    assert office.contact(contact)[office.subject.names["given_name"]] == "Anna"
    assert len(office.contacts()) == 1


async def test_workers_go_on_meanwhile_and_push_nobody_for_it(office: Office) -> None:
    people = 250
    for number in range(people):
        office.add(f"K{number}", email=f"p{number}@example.com")
    over = asyncio.Event()

    async def working() -> int:
        pushed = 0
        while not over.is_set():
            pushed += await office.stage.drain()
            await asyncio.sleep(0)
        return pushed

    async with asyncio.TaskGroup() as tasks:
        worker = tasks.create_task(working())
        done = await office.adopts()
        over.set()

    assert done.new == people
    assert worker.result() == 0, "nobody was due"
    statuses = await office.stage.all("SELECT DISTINCT status, push_due_at FROM portal.sync_state")
    assert [tuple(row.values()) for row in statuses] == [("synced", None)]
    assert len(office.contacts()) == people


async def test_only_one_brings_in_customers(salesforce: Office) -> None:
    async with alone(salesforce.stage.stores.worker.database):
        with pytest.raises(Conflict, match="already"):
            await salesforce.adopts()
    await salesforce.adopts()


async def test_every_chain_holds_afterwards(salesforce: Office) -> None:
    store = salesforce.stage.stores.worker
    touched = await a_customer(store, number="K1", values={}, family_name="Berg")
    await salesforce.stage.says(touched.record.id, a_consent("offers", "email", "opt_out"), action="consent:given")
    for number in range(60):
        salesforce.add(f"K{number}", email=f"p{number}@example.com", pronouns="they")
    await salesforce.adopts()
    await salesforce.stage.settle()

    report = await verify(store.database, store.keys)

    assert report.holds, report.findings
    assert report.chains == 60
    assert await read(store.database, store.keys, touched.record.id)
