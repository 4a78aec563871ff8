"""Whom a person has to look at: no two people are made one by a guess, and the report says why."""

import csv
from pathlib import Path
from uuid import uuid4

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from sqlalchemy import URL

from portal.adoption.judge import Doubt
from portal.errors import Invalid
from portal.record.verify import verify
from tests.builders import a_contact_point, a_customer
from tests.conftest import Stores
from tests.integration.adoption.offices import Office, an_office


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


async def test_everybody_who_is_doubtful_is_told_with_the_reason_and_who_else_it_may_be(
    salesforce: Office, tmp_path: Path
) -> None:
    store = salesforce.stage.stores.worker
    bob = await a_customer(store, number="K9", values=a_contact_point(value="bob@example.com"))
    none = salesforce.add(None, email="BOB@example.com", given_name="=HYPERLINK(1)")
    first, second = salesforce.add("K1"), salesforce.add("K1")
    like_bob = salesforce.add("K2", email="Bob@example.com")
    couple = salesforce.add("K3", email="both@example.com"), salesforce.add("K4", email="both@example.com")
    strange = salesforce.add("K5", portal_id=str(uuid4()))
    bad = salesforce.add("K6", email="no address")
    other = salesforce.add("K7", portal_id=str(bob.record.id))
    sure = salesforce.add("K8", email="ok@example.com")

    done = await salesforce.adopts(report=tmp_path / "report.csv")

    assert (done.new, done.matched, done.doubtful) == (1, 0, 9)
    told = {row["where"]: row for row in rows_of(tmp_path / "report.csv")}
    assert {where: (row["reason"], row["others"]) for where, row in told.items()} == {
        none: (Doubt.NO_NUMBER, "K9"),
        first: (Doubt.SAME_NUMBER, second),
        second: (Doubt.SAME_NUMBER, first),
        like_bob: (Doubt.SAME_MAILBOX, "K9 " + none),
        couple[0]: (Doubt.SAME_MAILBOX, couple[1]),
        couple[1]: (Doubt.SAME_MAILBOX, couple[0]),
        strange: (Doubt.STRANGE_ID, salesforce.contact(strange)["Portal_Id__c"]),
        bad: (Doubt.UNACCEPTABLE, ""),
        other: (Doubt.OTHER_NUMBER, "K9"),
    }
    assert told[bad]["detail"] == "Email: 'no address' is no e-mail address"
    assert told[none]["name"].startswith("'="), "no spreadsheet runs it"
    assert (tmp_path / "report.csv").stat().st_mode & 0o077 == 0
    assert done.reasons[Doubt.SAME_MAILBOX] == 3
    assert salesforce.contact(sure)["Portal_Id__c"]

    settled = await salesforce.adopts(shared=True, report=tmp_path / "report.csv")
    assert settled.new == 3, "a couple may share a mailbox, where the operator says so"
    assert len(rows_of(tmp_path / "report.csv")) == settled.doubtful


@pytest.mark.parametrize(
    ("given", "family", "doubtful"),
    [("Berit", "Stone", True), ("ANN-MARIE", "Stone", False), ("Berit", "berg", False)],
    ids=["another", "married", "called otherwise"],
)
async def test_a_number_whose_customer_has_quite_another_name_is_told(
    salesforce: Office, tmp_path: Path, given: str, family: str, doubtful: bool
) -> None:
    """A slip in a number would give somebody another person's addresses. Who married is still told by half a name."""
    await a_customer(salesforce.stage.stores.worker, number="K1", given_name=given, family_name=family)
    contact = salesforce.add("K1", email="ann@example.com", given_name="Ann")

    done = await salesforce.adopts(report=tmp_path / "report.csv")

    assert (done.matched, done.doubtful) == (not doubtful, doubtful)
    assert bool(salesforce.contact(contact).get("Portal_Id__c")) is not doubtful
    if doubtful:
        [told] = rows_of(tmp_path / "report.csv")
        assert (told["reason"], told["name"], told["detail"]) == (
            Doubt.OTHER_NAME, "Ann Berg", "the record is Berit Stone's"
        )  # fmt: skip


async def test_letters_beyond_ascii_are_compared_as_the_database_does(salesforce: Office) -> None:
    await a_customer(salesforce.stage.stores.worker, number="K9", values=a_contact_point(value="ÄRGER@example.com"))
    salesforce.add("K1", email="ÄRGER@Example.com")

    assert (await salesforce.adopts()).reasons == {Doubt.SAME_MAILBOX: 1}


async def test_a_customer_has_one_contact(salesforce: Office) -> None:
    """A second contact with their number, or with a copy of their id, is somebody's to look at."""
    salesforce.add("K1")
    await salesforce.adopts()
    customer = await salesforce.customer("K1")
    salesforce.add(None, portal_id=str(customer))
    salesforce.add("K1")

    done = await salesforce.adopts()

    assert (done.matched, done.doubtful) == (1, 2)
    assert set(done.reasons) == {Doubt.OTHER_CONTACT, Doubt.SAME_NUMBER}


async def test_a_contact_that_lost_its_mark_is_nobody_elses(salesforce: Office) -> None:
    """Somebody emptied the field that says whose it is, and gave it another number: the sync remembers."""
    contact = salesforce.add("K1")
    await salesforce.adopts()
    salesforce.subject.salesforce.change("Contact", contact, {"Portal_Id__c": None, "Number__c": "K2"})  # type: ignore[attr-defined]

    done = await salesforce.adopts()

    assert (done.new, dict(done.reasons)) == (0, {Doubt.OTHER_NUMBER: 1})


async def test_who_was_erased_does_not_come_back(salesforce: Office) -> None:
    stored = await a_customer(salesforce.stage.stores.worker, number="K1")
    await salesforce.stage.all(
        "UPDATE portal.sync_state SET wanted = 'erased' WHERE customer_id = %s", stored.record.id
    )
    salesforce.add("K1")

    done = await salesforce.adopts()

    assert (done.matched, dict(done.reasons)) == (0, {Doubt.ERASED: 1})


async def test_a_file_that_is_something_else_is_never_written_over(salesforce: Office, tmp_path: Path) -> None:
    precious = tmp_path / "precious.csv"
    precious.write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(Invalid, match="no report of this kind"):
        await salesforce.adopts(report=precious)
    assert precious.read_text(encoding="utf-8") == "a,b\n1,2\n"


numbers = st.sampled_from(["K1", "K2", "K3", "K4", None, " ", "K" * 65])
mailboxes = st.sampled_from([None, None, "a@example.com", "A@example.com", "b@example.com", "no address"])
contacts = st.lists(
    st.fixed_dictionaries(
        {
            "number": numbers,
            "email": mailboxes,
            "pronouns": st.sampled_from([None, "they", "nonsense"]),
            "owner": st.sampled_from([None, None, None, "K1", "K2", "stranger"]),
        }
    ),
    max_size=9,
)
customers = st.dictionaries(st.sampled_from(["K1", "K2", "K3"]), mailboxes.filter(lambda one: one != "no address"))


@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=contacts, there=customers, shared=st.booleans())
async def test_a_dry_run_says_what_a_real_one_does(
    own_stores: Stores,
    own_url: URL,
    people: list[dict[str, str | None]],
    there: dict[str, str | None],
    shared: bool,
) -> None:
    async with an_office("salesforce", own_stores, own_url) as office:
        store = office.stage.stores.worker
        ids = {"stranger": str(uuid4())}
        for number, mailbox in there.items():
            values = a_contact_point(value=mailbox) if mailbox else {}
            ids[number] = str((await a_customer(store, number=number, values=values, family_name="Berg")).record.id)
        for one in people:
            owner = ids.get(one["owner"] or "")
            office.add(one["number"], email=one["email"], portal_id=owner, pronouns=one["pronouns"])
        before, untouched = await office.counts(), office.contacts()

        dry = await office.adopts(dry=True, shared=shared)
        assert (await office.counts(), office.contacts()) == (before, untouched)
        real = await office.adopts(shared=shared)

        said = [(one.through, one.new, one.matched, one.doubtful, one.reasons) for one in (dry, real)]
        assert said[0] == said[1]
        assert real.new + real.matched + real.doubtful == real.through == len(people)
        assert real.refused == 0
        after = await office.counts()
        assert after["customers"] == before["customers"] + real.new
        again = await office.adopts(shared=shared)
        assert (again.new, again.doubtful) == (0, real.doubtful)
        assert (await office.counts())["changes"] == after["changes"]
        report = await verify(store.database, store.keys)
        assert report.holds, report.findings
