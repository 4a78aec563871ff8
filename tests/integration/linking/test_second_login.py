"""A customer's ways to log in: one more only by saying so from inside, one less at once, and never none."""

import asyncio
from uuid import uuid4

import psycopg
import pytest

from portal.identity.links import NotLinked, unlink
from portal.record.change import change
from portal.record.read import StoredRecord
from tests.builders import SYSTEM, a_customer, a_login, an_intention, the_customer
from tests.conftest import Stores
from tests.integration.desk.reading import text
from tests.integration.linking.conftest import Enter, Person, actions_of, connect, in_the_crm, record_of


async def inside(person: Person, customer: StoredRecord, name: str = "Alice") -> str:
    """Log in as a customer, by the number that the provider gives; gives the login."""
    login = await person.an_account(name, customer_number=customer.record.number)
    assert (await person.log_in(login)).status_code == 200
    return login


async def test_she_adds_another_account(stores: Stores, somebody: Enter, alice: StoredRecord) -> None:
    hers, elsewhere = await somebody(), await somebody()
    await inside(hers, alice)
    ways = await hers.get("/record/logins")
    assert "in use now" in ways.text and "the only way into your record" in text(ways.text)
    mail = await hers.an_account("Alice at mail", email="alice@mail.example")
    session = {cookie.value for cookie in hers.here.cookies.jar}

    asked = await hers.log_in(mail, "/record/logins/add/other")
    assert "Alice at mail (alice@mail.example)" in text(asked.text) and "Mail account" in asked.text
    assert len((await record_of(stores, alice)).logins) == 1, "nothing is connected by logging in"
    done = await connect(hers, asked)

    assert "The account is connected." in done.text
    assert len((await record_of(stores, alice)).logins) == 2
    assert await actions_of(stores, alice) == ["login:linked", "login:linked"]
    assert not session & {cookie.value for cookie in hers.here.cookies.jar}, "the session has another token"
    assert "Alice" in (await elsewhere.log_in(mail, "/login/start/customer/other")).text


@pytest.mark.asvs("10.2.1")
async def test_a_link_from_somebody_elses_session_connects_nothing(
    stores: Stores, somebody: Enter, alice: StoredRecord, bob: StoredRecord
) -> None:
    """Mallory's answer from the provider, in the browser of Alice: not begun there."""
    hers, mallory = await somebody(), await somebody()
    await inside(hers, alice)
    await inside(mallory, bob, "Bob")
    away = await mallory.here.get("/record/logins/add/other")
    evil = await mallory.an_account("Evil")
    back = await mallory.there.post(away.headers["location"], data={"sub": evil})

    answer = await hers.get(back.headers["location"])

    assert answer.status_code == 400
    assert len((await record_of(stores, alice)).logins) == 1


async def test_the_question_is_good_in_the_session_that_began_it(
    stores: Stores, somebody: Enter, alice: StoredRecord
) -> None:
    hers = await somebody()
    login = await inside(hers, alice)
    asked = await hers.log_in(await hers.an_account("Other"), "/record/logins/add/other")
    await hers.log_in(login)  # another session now

    answer = await connect(hers, asked)

    assert answer.status_code == 400
    assert len((await record_of(stores, alice)).logins) == 1


async def test_an_account_of_another_record_is_not_told_to_be_one(
    stores: Stores, somebody: Enter, alice: StoredRecord, bob: StoredRecord
) -> None:
    hers, his = await somebody(), await somebody()
    await inside(hers, alice)
    taken = await inside(his, bob, "Bob")

    answer = await connect(hers, await hers.log_in(taken, "/record/logins/add/main"))

    assert answer.status_code == 403
    assert "This account cannot be connected to your record." in answer.text
    assert "Keller" not in answer.text
    assert (await actions_of(stores, alice))[-1] == "login:refused"
    assert len((await record_of(stores, bob)).logins) == 1


async def test_a_provider_that_names_another_customer_is_believed(
    stores: Stores, somebody: Enter, alice: StoredRecord, bob: StoredRecord
) -> None:
    hers = await somebody()
    await inside(hers, alice)
    his = await hers.an_account("Bob", customer_number=bob.record.number)

    answer = await connect(hers, await hers.log_in(his, "/record/logins/add/main"))

    assert answer.status_code == 403
    assert len((await record_of(stores, alice)).logins) == 1
    assert (await record_of(stores, bob)).logins == ()


@pytest.mark.asvs("6.8.4")
async def test_an_old_login_has_to_be_proved_anew(
    stores: Stores, mallory: Person, alice: StoredRecord, owner: psycopg.Connection
) -> None:
    await inside(mallory, alice)
    owner.execute(
        "UPDATE portal.session SET authenticated_at = now() - interval '1 hour' WHERE customer_id = %s",
        [alice.record.id],
    )
    (login,) = (await record_of(stores, alice)).logins

    for path in ("/record/logins/add/other", f"/record/logins/{login.id}"):
        answer = await mallory.here.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/login/fresh?next=")
    assert (await mallory.here.get("/record/logins")).status_code == 200


@pytest.mark.asvs("7.4.1", "7.4.2")
async def test_a_removed_account_is_out_at_once(stores: Stores, somebody: Enter, alice: StoredRecord) -> None:
    hers, lost = await somebody(), await somebody()
    await inside(hers, alice)
    old = await hers.an_account("Old phone")
    await connect(hers, await hers.log_in(old, "/record/logins/add/other"))
    assert "Alice" in (await lost.log_in(old, "/login/start/customer/other")).text
    way = next(login for login in (await record_of(stores, alice)).logins if login.subject == old)
    address = f"/record/logins/{way.id}"

    done = await hers.send(await hers.get(address), address)

    assert "Removed." in done.text
    assert (await lost.here.get("/record")).status_code == 303, "logged out"
    assert (await hers.here.get("/record")).status_code == 200
    assert (await lost.log_in(old, "/login/start/customer/other")).status_code == 403
    assert (await actions_of(stores, alice))[-1] == "login:unlinked"


async def test_the_last_one_stays(stores: Stores, mallory: Person, alice: StoredRecord) -> None:
    await inside(mallory, alice)
    (login,) = (await record_of(stores, alice)).logins
    address = f"/record/logins/{login.id}"

    answer = await mallory.send(await mallory.get(address), address)

    assert answer.status_code == 403
    assert "This is the only way into the record." in answer.text
    assert len((await record_of(stores, alice)).logins) == 1


@pytest.mark.asvs("15.4.2")
async def test_removing_both_at_once_leaves_one(stores: Stores) -> None:
    for _ in range(6):
        customer = await a_customer(stores.worker, values=a_login() | a_login())
        me = the_customer(customer.record.id)

        outcomes = await asyncio.gather(
            *(
                unlink(stores.staff, customer.record.id, an_intention("login:unlinked", me), login.id)
                for login in customer.record.logins
            ),
            return_exceptions=True,
        )

        assert [isinstance(outcome, NotLinked) for outcome in outcomes].count(True) == 1
        assert len((await record_of(stores, customer)).logins) == 1


async def test_merged_or_imported_nothing_moves_a_login(stores: Stores, alice: StoredRecord, bob: StoredRecord) -> None:
    """The same account cannot be given to a second record, whoever asks."""
    subject = uuid4().hex
    await change(stores.worker, alice.record.id, an_intention("login:linked", SYSTEM), a_login(subject))

    with pytest.raises(psycopg.errors.UniqueViolation):
        await change(stores.worker, bob.record.id, an_intention("record:merged", SYSTEM), a_login(subject))

    assert (await record_of(stores, bob)).logins == ()


async def test_grace_disconnects_a_stolen_account_even_the_last(
    stores: Stores, grace: Person, mallory: Person, alice: StoredRecord
) -> None:
    await in_the_crm(stores, alice)
    await inside(mallory, alice)
    (login,) = (await record_of(stores, alice)).logins
    address = f"/desk/customers/{alice.record.id}/logins/{login.id}"

    done = await grace.send(await grace.get(address), address)

    assert "Disconnected." in done.text
    assert (await mallory.here.get("/record")).status_code == 303
    assert (await record_of(stores, alice)).logins == ()
    assert (await actions_of(stores, alice))[-1] == "login:unlinked"


@pytest.mark.asvs("6.3.7")
async def test_the_old_channels_are_told_of_what_came_and_went(
    stores: Stores, somebody: Enter, alice: StoredRecord
) -> None:
    hers = await somebody()
    await inside(hers, alice)
    other = await hers.an_account("Other")
    await connect(hers, await hers.log_in(other, "/record/logins/add/other"))
    way = next(login for login in (await record_of(stores, alice)).logins if login.subject == other)
    address = f"/record/logins/{way.id}"
    await hers.send(await hers.get(address), address)

    jobs = await stores.worker.database.fetch_all(
        "SELECT args->>'kind' AS kind FROM jobs.procrastinate_jobs"
        " WHERE args->>'customer' = %s AND args->>'point' = %s ORDER BY id",
        [str(alice.record.id), str(next(p.id for p in alice.record.contact_points if p.system == "email"))],
    )
    assert [job["kind"] for job in jobs] == ["login_linked", "login_linked", "login_unlinked"]


async def test_the_question_is_asked_in_her_language_and_inside_her_pages(
    somebody: Enter, alice: StoredRecord, owner: psycopg.Connection
) -> None:
    hers = await somebody()
    await inside(hers, alice)
    owner.execute("UPDATE portal.session SET language = 'de' WHERE customer_id = %s", [alice.record.id])

    asked = await hers.log_in(await hers.an_account("Other"), "/record/logins/add/other")

    assert str(asked.url).endswith("/login/connect") and 'lang="de"' in asked.text
    assert 'action="/logout"' in asked.text


@pytest.mark.asvs("7.4.3")
async def test_where_an_account_was_added_or_removed_she_can_log_out_everywhere_else(
    somebody: Enter, alice: StoredRecord
) -> None:
    hers, left_behind = await somebody(), await somebody()
    login = await inside(hers, alice)
    await left_behind.log_in(login)
    assert "Log out everywhere else" not in (await hers.get("/record/logins")).text
    added = await connect(hers, await hers.log_in(await hers.an_account("Other"), "/record/logins/add/other"))
    assert "The account is connected." in added.text

    done = await hers.send(added, "/record/devices", action="others")

    assert "Logged out on 1 device." in done.text and 'href="/record/logins"' in done.text
    assert (await left_behind.here.get("/record")).status_code == 303
    assert (await hers.here.get("/record")).status_code == 200
