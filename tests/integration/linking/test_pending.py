"""Whoever is not recognised sees nothing, and waits until an agent has looked."""

from uuid import uuid4

import psycopg
import pytest

from portal.identity import pending
from portal.identity.accounts import Account
from portal.record.change import change
from portal.record.read import StoredRecord
from portal.sync.housekeeping import purge
from tests.builders import SYSTEM, a_login, an_intention
from tests.conftest import Stores
from tests.integration.desk.reading import text
from tests.integration.linking.conftest import Enter, Person, actions_of, in_the_crm, record_of

PENDING = "Your login is not connected to a record yet"


async def waiting_for(stores: Stores, login: str) -> pending.PendingLogin:
    rows = await stores.staff.database.fetch_all("SELECT id FROM portal.pending_login WHERE subject = %s", [login])
    found = await pending.one(stores.staff.database, rows[0]["id"])
    assert found is not None
    return found


async def test_nothing_is_shown_and_each_try_is_counted(stores: Stores, mallory: Person) -> None:
    login = await mallory.an_account("Mallory", email="mallory@web.example", email_verified=True)

    first = await mallory.log_in(login)
    second = await mallory.log_in(login)

    assert first.status_code == second.status_code == 403
    assert PENDING in first.text and PENDING in second.text
    found = await waiting_for(stores, login)
    assert (found.tries, found.account.email, found.account.email_verified) == (2, "mallory@web.example", True)
    assert found.account.provider == "main"
    events = await stores.staff.database.fetch_all(
        "SELECT action, facts FROM portal.security_event WHERE facts->>'pending' = %s", [str(found.id)]
    )
    assert [event["action"] for event in events] == ["login:pending"], "once"
    assert "mallory" not in str(events).casefold()


async def test_grace_sees_who_waits_and_connects(
    stores: Stores, grace: Person, mallory: Person, alice: StoredRecord
) -> None:
    await in_the_crm(stores, alice)
    login = await mallory.an_account("Ally Marsh", email="ally@web.example")
    await mallory.log_in(login)
    found = await waiting_for(stores, login)

    queue = await grace.get("/desk/logins")
    assert f"/desk/logins/{found.id}" in queue.text
    one = await grace.get(f"/desk/logins/{found.id}?q={alice.record.number}")
    told = text(one.text)
    assert "Ally Marsh" in told and "ally@web.example not verified" in told and "Northwind account" in told
    address = f"/desk/logins/{found.id}/customers/{alice.record.id}"
    assert address in one.text
    compared = await grace.get(address)
    assert f"sees the record of {alice.record.number}" in text(compared.text)

    done = await grace.send(compared, address)

    assert "Connected. The next login with that account opens this record." in done.text
    assert "Alice" in (await mallory.log_in(login)).text
    assert await actions_of(stores, alice) == ["login:linked"]
    assert await pending.one(stores.staff.database, found.id) is None, "nobody waits any more"
    assert (await grace.get(address)).status_code == 404


async def test_grace_refuses_and_the_page_stays_the_same(stores: Stores, grace: Person, mallory: Person) -> None:
    login = await mallory.an_account()
    before = await mallory.log_in(login)
    found = await waiting_for(stores, login)
    address = f"/desk/logins/{found.id}"

    done = await grace.send(await grace.get(address), address)

    assert "Refused." in done.text
    after = await mallory.log_in(login)
    assert text(after.text) == text(before.text)
    assert address not in (await grace.get("/desk/logins")).text
    assert address in (await grace.get("/desk/logins?refused=1")).text
    assert "Grace Okafor" in text((await grace.get(address)).text)


async def test_who_claims_a_number_whose_owner_has_a_login_waits(
    stores: Stores, grace: Person, somebody: Enter, bob: StoredRecord
) -> None:
    number = bob.record.number
    await in_the_crm(stores, bob)
    own, other = await somebody(), await somebody()
    assert "Bob" in (await own.log_in(await own.an_account("Bob", customer_number=number))).text
    login = await other.an_account("Bobby", customer_number=number)

    answer = await other.log_in(login)

    assert PENDING in answer.text and "Keller" not in answer.text and number not in answer.text
    assert await actions_of(stores, bob) == ["login:linked", "login:refused"]
    found = await waiting_for(stores, login)
    assert (found.claimed_number, found.customer_id) == (number, bob.record.id)
    one = await grace.get(f"/desk/logins/{found.id}")
    assert number in text(one.text) and "Bob Keller" in text(one.text), "the customer is found without a search"
    await grace.send(one, f"/desk/logins/{found.id}")
    assert (await actions_of(stores, bob))[-1] == "login:refused", "and that she refused it is in his chain"


async def test_two_agents_decide_once(stores: Stores, grace: Person, mallory: Person) -> None:
    login = await mallory.an_account()
    await mallory.log_in(login)
    address = f"/desk/logins/{(await waiting_for(stores, login)).id}"
    page = await grace.get(address)
    await grace.send(page, address)

    again = await grace.send(page, address)

    assert "Somebody else has decided about this account a moment ago." in again.text


async def test_an_account_that_was_connected_meanwhile_is_not_connected_twice(
    stores: Stores, grace: Person, mallory: Person, alice: StoredRecord, bob: StoredRecord, owner: psycopg.Connection
) -> None:
    await in_the_crm(stores, alice)
    login = await mallory.an_account()
    await mallory.log_in(login)
    found = await waiting_for(stores, login)
    address = f"/desk/logins/{found.id}/customers/{alice.record.id}"
    page = await grace.get(address)
    row = "INSERT INTO portal.login (customer_id, id, issuer, subject) VALUES (%s, %s, %s, %s)"
    owner.execute(row, [bob.record.id, uuid4(), found.account.issuer, login])

    answer = await grace.send(page, address)

    assert answer.status_code == 404, "it waits no more"
    assert (await record_of(stores, alice)).logins == ()


@pytest.mark.parametrize("path", ["/desk/logins", "/desk/logins/{id}", "/desk/logins/{id}/customers/{customer}"])
async def test_the_queue_is_for_agents(stores: Stores, somebody: Enter, alice: StoredRecord, path: str) -> None:
    mallory, oscar = await somebody(), await somebody()
    login = await mallory.an_account("Mallory", email="mallory@web.example")
    await mallory.log_in(login)
    await oscar.log_in(await oscar.an_account("Oscar", roles=["crm-audit"]), "/login/start/staff/main")
    found = await waiting_for(stores, login)
    address = path.format(id=found.id, customer=alice.record.id)

    assert (await mallory.here.get(address)).headers["location"].startswith("/login?as=staff")
    refused = await oscar.get(address)
    assert refused.status_code == 403
    assert "mallory@web.example" not in refused.text


async def test_who_does_not_come_back_is_forgotten(stores: Stores, owner: psycopg.Connection) -> None:
    account = Account("main", "https://id.example", uuid4().hex, "Somebody")
    gone = await pending.note(stores.staff.database, account, None)
    there = await pending.note(stores.staff.database, Account("main", "https://id.example", uuid4().hex, "X"), None)
    assert gone and there
    owner.execute("UPDATE portal.pending_login SET last_seen_at = now() - interval '31 days' WHERE id = %s", [gone.id])

    await purge(stores.worker.database)

    assert await pending.one(stores.staff.database, gone.id) is None
    assert await pending.one(stores.staff.database, there.id) is not None


async def test_a_login_that_is_linked_waits_no_more(stores: Stores, alice: StoredRecord) -> None:
    subject = uuid4().hex
    account = Account("main", "https://id.example", subject, "Somebody")
    assert await pending.note(stores.staff.database, account, None) is not None
    await change(stores.worker, alice.record.id, an_intention("login:linked", SYSTEM), a_login(subject))

    assert await pending.note(stores.staff.database, account, None) is None


@pytest.mark.asvs("16.3.1")
async def test_a_login_that_is_refused_is_a_security_event(stores: Stores, mallory: Person) -> None:
    refused = """
        SELECT coalesce(sum(count), 0) AS count FROM portal.security_event WHERE action = 'login:failed'
            AND facts = '{"audience": "customer", "provider": "main", "why": "callback: no such login is under way"}'"""
    [before] = await stores.staff.database.fetch_all(refused)

    await mallory.get("/login/callback/customer/main?state=" + "A" * 43)

    [after] = await stores.staff.database.fetch_all(refused)
    assert after["count"] == before["count"] + 1
