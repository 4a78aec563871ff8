"""An invitation connects one account with one record, once, and only after its owner has said so."""

import asyncio
from datetime import timedelta
from uuid import uuid4

import psycopg
import pytest

from portal import clock
from portal.audit.entry import Evidence
from portal.desk.changed_addresses import changed_lately
from portal.errors import Conflict
from portal.identity import codes, invitations
from portal.identity.accounts import Account
from portal.identity.arrivals import Waiting
from portal.identity.connecting import connect as connect_waiting
from portal.identity.lifecycle import Proof
from portal.identity.links import NotLinked
from portal.record.change import change
from portal.record.read import StoredRecord
from tests.builders import GRACE, SYSTEM, a_customer, an_intention, the_customer
from tests.conftest import Stores
from tests.integration.desk.reading import text
from tests.integration.identity.browser import a_subject
from tests.integration.linking.conftest import (
    Enter,
    Person,
    actions_of,
    connect,
    in_the_crm,
    invited,
    record_of,
    say_code,
)

ENDED = "The account was not connected: the invitation has ended, or the account cannot be used for it."


async def test_from_the_desk_to_the_record(stores: Stores, grace: Person, mallory: Person, alice: StoredRecord) -> None:
    code = await invited(stores, grace, alice)
    login = await mallory.an_account("Ally at home", email="ally@home.example")

    good = await say_code(mallory, code.lower().replace("-", " "))
    assert "The code is good" in good.text
    asked = await mallory.log_in(login, "/invitation/main")

    told = text(asked.text)
    assert "Northwind account" in told and "Ally at home (ally@home.example)" in told
    assert not any(said in told for said in ("Alice", "Marsh", alice.record.number)), "nothing before the answer"
    assert (await record_of(stores, alice)).logins == (), "nothing is connected by logging in"

    inside = await connect(mallory, asked)

    assert inside.status_code == 200
    assert "Alice" in inside.text
    assert [login_.subject for login_ in (await record_of(stores, alice)).logins] == [login]
    assert await actions_of(stores, alice) == ["login:invited", "login:linked"]
    again = await mallory.log_in(login)
    assert "Alice" in again.text, "the next login goes in by itself"


@pytest.mark.asvs("14.2.1")
async def test_the_code_is_kept_nowhere(
    stores: Stores, grace: Person, mallory: Person, alice: StoredRecord, owner: psycopg.Connection,
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    code = await invited(stores, grace, alice)
    await say_code(mallory, code)
    login = await mallory.an_account()
    asked = await mallory.log_in(login, "/invitation/main")

    assert code not in str(asked.url)
    stored = "".join(str(row) for row in owner.execute("SELECT i::text FROM portal.invitation i"))
    stored += "".join(str(row) for row in owner.execute("SELECT t::text FROM portal.login_transaction t"))
    stored += "".join(str(row) for row in owner.execute("SELECT encode(entry, 'escape') FROM portal.change_record"))
    assert code not in stored and code.replace("-", "") not in stored
    written = capsys.readouterr()
    assert code not in written.out + written.err


@pytest.mark.asvs("6.6.2")
async def test_it_is_good_once(stores: Stores, grace: Person, somebody: Enter, alice: StoredRecord) -> None:
    code = await invited(stores, grace, alice)
    first, second = await somebody(), await somebody()
    await say_code(first, code)
    await say_code(second, code)
    asked = await first.log_in(await first.an_account("First"), "/invitation/main")
    asked_too = await second.log_in(await second.an_account("Second"), "/invitation/main")

    assert (await connect(first, asked)).status_code == 200
    refused = await connect(second, asked_too)

    assert refused.status_code == 403
    assert ENDED in refused.text
    assert "Alice" not in refused.text
    assert len((await record_of(stores, alice)).logins) == 1
    assert await actions_of(stores, alice) == ["login:invited", "login:linked", "login:refused"]
    third = await somebody()
    assert "cannot be used any more" in (await say_code(third, code)).text


async def test_of_two_at_once_one_wins(stores: Stores) -> None:
    for _ in range(6):
        customer = await a_customer(stores.worker)
        invitation = await an_invitation(stores, customer)
        both = [waiting(customer, invitation, a_subject("racer")) for _ in range(2)]

        outcomes = await asyncio.gather(
            *(connect_waiting(stores.staff, one, {}) for one in both), return_exceptions=True
        )

        assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NoneType", "NotLinked"]
        assert len((await record_of(stores, customer)).logins) == 1


async def test_taking_it_back_and_using_it_at_once_ends_in_one_of_them(stores: Stores) -> None:
    for _ in range(6):
        customer = await a_customer(stores.worker)
        invitation = await an_invitation(stores, customer)

        taken_back, used = await asyncio.gather(
            invitations.uninvite(stores.staff, invitation, GRACE, Evidence()),
            connect_waiting(stores.staff, waiting(customer, invitation, a_subject("racer")), {}),
            return_exceptions=True,
        )

        logins = (await record_of(stores, customer)).logins
        assert (taken_back is True, isinstance(used, NotLinked), len(logins)) in ((True, True, 0), (False, False, 1))


async def test_whoever_is_linked_meanwhile_makes_it_worthless(stores: Stores, alice: StoredRecord) -> None:
    """As by the number that a provider gives: the letter with the code lies about no longer."""
    invitation = await an_invitation(stores, alice)
    login = f"logins/{uuid4()}"
    values = {f"{login}/issuer": "https://login.example", f"{login}/subject": a_subject("meanwhile")}
    await change(stores.worker, alice.record.id, an_intention("login:linked", SYSTEM), values)

    assert await invitations.of_customer(stores.staff.database, alice.record.id) is None
    with pytest.raises(NotLinked):
        await connect_waiting(stores.staff, waiting(alice, invitation, a_subject("late")), {})
    with pytest.raises(NotLinked):
        await invitations.accept(stores.staff, invitation, an_account(a_subject("late")), None, {})
    assert len((await record_of(stores, alice)).logins) == 1


async def test_a_later_one_replaces_it(stores: Stores, alice: StoredRecord) -> None:
    earlier, later = await an_invitation(stores, alice), await an_invitation(stores, alice)

    found = await invitations.of_customer(stores.staff.database, alice.record.id)

    assert found is not None and found.id == later.id
    assert await invitations.with_id(stores.staff.database, alice.record.id, earlier.id) is None


@pytest.mark.asvs("6.6.2")
async def test_it_ends_by_itself(
    stores: Stores, grace: Person, mallory: Person, alice: StoredRecord, owner: psycopg.Connection
) -> None:
    code = await invited(stores, grace, alice)
    lasts = "SELECT extract(epoch FROM expires_at - made_at) / 86400 FROM portal.invitation WHERE customer_id = %s"
    (days,) = owner.execute(lasts, [alice.record.id]).fetchone() or (0,)
    assert round(float(days), 3) == 7
    owner.execute("UPDATE portal.invitation SET expires_at = now() WHERE customer_id = %s", [alice.record.id])

    assert "cannot be used any more" in (await say_code(mallory, code)).text


async def test_a_row_without_its_change_is_worth_nothing(stores: Stores, alice: StoredRecord) -> None:
    """As if the process had died in between."""
    code = codes.new()
    await stores.staff.database.fetch_all(
        invitations.KEEP,
        {
            "customer": alice.record.id, "id": uuid4(), "closing": uuid4(), "code_hash": codes.digest(code),
            "made_by": "Grace", "sent_to": None, "lasts": timedelta(days=7),
        },
    )  # fmt: skip

    assert await invitations.with_hash(stores.staff.database, codes.digest(code)) is None


async def test_grace_takes_it_back(stores: Stores, grace: Person, mallory: Person, alice: StoredRecord) -> None:
    code = await invited(stores, grace, alice)
    address = f"/desk/customers/{alice.record.id}/logins"
    shown = await grace.get(address)
    assert "Made by Grace Okafor" in text(shown.text)
    assert code not in shown.text

    done = await grace.send(shown, f"/desk/customers/{alice.record.id}/invitation/end")

    assert "The invitation is taken back." in done.text
    assert "cannot be used any more" in (await say_code(mallory, code)).text
    assert await actions_of(stores, alice) == ["login:invited", "login:uninvited"]


@pytest.mark.parametrize("typed", ["", "7K3M", "x" * 500, "7" * 28, "<script>", "７" * 28])
async def test_what_cannot_be_a_code_is_told_at_once(mallory: Person, typed: str) -> None:
    answer = await say_code(mallory, typed)

    assert answer.status_code == 422
    assert "There is a problem" in answer.text


@pytest.mark.asvs("6.3.8")
async def test_a_code_that_never_was_is_answered_like_one_that_was(
    stores: Stores, grace: Person, somebody: Enter, alice: StoredRecord
) -> None:
    was = await invited(stores, grace, alice)
    user = await somebody()
    await say_code(user, was)
    await connect(user, await user.log_in(await user.an_account(), "/invitation/main"))
    stranger = await somebody()

    used, never = [await say_code(stranger, code) for code in (was, codes.new())]

    assert used.status_code == never.status_code == 422
    assert text(used.text) == text(never.text)


async def test_without_a_code_there_is_no_way_to_the_question(mallory: Person) -> None:
    assert "You have an invitation" in (await mallory.get("/invitation/main")).text
    assert (await mallory.get("/invitation/nowhere")).status_code == 404
    lost = await mallory.get("/login/connect")
    assert lost.status_code == 400
    assert "Nothing was connected" in lost.text


@pytest.mark.asvs("10.2.1")
async def test_the_question_is_for_the_browser_that_arrived(
    stores: Stores, grace: Person, somebody: Enter, alice: StoredRecord
) -> None:
    code = await invited(stores, grace, alice)
    user, thief = await somebody(), await somebody()
    await say_code(user, code)
    asked = await user.log_in(await user.an_account(), "/invitation/main")

    stolen = await thief.here.post("/login/connect", data={"action": "connect"})
    assert stolen.status_code == 403
    for token in ("", "x", "A" * 86):
        forged = await user.here.post("/login/connect", data={"form_token": token, "action": "connect"})
        assert forged.status_code == 403
    elsewhere = await user.here.post(
        "/login/connect", data={"action": "connect"}, headers={"sec-fetch-site": "cross-site"}
    )
    assert elsewhere.status_code == 403
    assert (await record_of(stores, alice)).logins == ()
    assert (await connect(user, asked)).status_code == 200


async def test_who_says_no_connects_nothing(
    stores: Stores, grace: Person, mallory: Person, alice: StoredRecord
) -> None:
    code = await invited(stores, grace, alice)
    await say_code(mallory, code)
    asked = await mallory.log_in(await mallory.an_account(), "/invitation/main")

    await connect(mallory, asked, "leave")

    assert (await record_of(stores, alice)).logins == ()
    assert (await mallory.get("/login/connect")).status_code == 400
    assert "The code is good" in (await say_code(mallory, code)).text, "the invitation is still there"


async def test_an_account_that_opens_a_record_already_does_not_open_a_second(
    stores: Stores, grace: Person, mallory: Person, alice: StoredRecord, bob: StoredRecord
) -> None:
    login = await mallory.an_account("Bob Keller", customer_number=bob.record.number)
    await mallory.log_in(login)
    code = await invited(stores, grace, alice)
    await say_code(mallory, code)

    answer = await mallory.log_in(login, "/invitation/main")

    assert answer.status_code == 409
    assert "this account opens a record already" in text(answer.text)
    assert "Alice" not in answer.text
    assert (await record_of(stores, alice)).logins == ()


async def test_a_provider_that_names_another_customer_is_believed(stores: Stores, alice: StoredRecord) -> None:
    invitation = await an_invitation(stores, alice)

    with pytest.raises(NotLinked):
        await connect_waiting(stores.staff, waiting(alice, invitation, a_subject("x"), number="another"), {})

    assert await actions_of(stores, alice) == ["login:invited", "login:refused"]


async def test_a_refusal_is_told_once_for_each_account(stores: Stores, alice: StoredRecord) -> None:
    invitation = await an_invitation(stores, alice)
    subject = a_subject("x")
    for _ in range(3):
        with pytest.raises(NotLinked):
            await connect_waiting(stores.staff, waiting(alice, invitation, subject, number="another"), {})

    assert await actions_of(stores, alice) == ["login:invited", "login:refused"]


async def test_the_same_form_does_not_make_a_second_one(stores: Stores, grace: Person, alice: StoredRecord) -> None:
    await in_the_crm(stores, alice)
    path = f"/desk/customers/{alice.record.id}/invitation"
    page = await grace.get(path)
    await grace.send(page, path, how="show")

    again = await grace.send(page, path, how="show")

    assert again.status_code == 409
    assert "its code was shown then" in again.text
    assert await actions_of(stores, alice) == ["login:invited"]


async def test_it_is_mailed_and_then_not_shown(stores: Stores, grace: Person, alice: StoredRecord) -> None:
    await in_the_crm(stores, alice)
    point = next(p for p in alice.record.contact_points if p.system == "email")
    path = f"/desk/customers/{alice.record.id}/invitation"

    made = await grace.send(await grace.get(path), path, how=f"{point.id} {point.value}")

    assert f"The code is on its way to {point.value}" in text(made.text)
    assert "invitation-code" not in made.text
    jobs = await stores.worker.database.fetch_all(
        "SELECT args::text AS args FROM jobs.procrastinate_jobs WHERE args::text LIKE %s", [f"%{alice.record.id}%"]
    )
    assert len(jobs) == 1


async def test_an_address_that_was_changed_since_grace_read_it_is_no_choice(
    stores: Stores, grace: Person, alice: StoredRecord
) -> None:
    await in_the_crm(stores, alice)
    point = next(p for p in alice.record.contact_points if p.system == "email")
    path = f"/desk/customers/{alice.record.id}/invitation"
    page = await grace.get(path)
    theirs = {f"contact_points/{point.id}/value": "mallory@example.com"}
    await change(stores.worker, alice.record.id, an_intention("contact_point:changed", SYSTEM), theirs)

    answer = await grace.send(page, path, how=f"{point.id} {point.value}")

    assert answer.status_code == 422 and "Not a valid choice" in answer.text
    assert await actions_of(stores, alice) == []


async def test_grace_sees_that_an_address_was_changed_by_the_customer_a_few_days_ago(
    stores: Stores, grace: Person, alice: StoredRecord, monkeypatch: pytest.MonkeyPatch
) -> None:
    await in_the_crm(stores, alice)
    path = f"/desk/customers/{alice.record.id}/invitation"
    warning = "An e-mail address was changed in the profile only a few days ago."
    point = next(p for p in alice.record.contact_points if p.system == "email")
    by_others = {f"contact_points/{point.id}/value": "alice@example.org"}
    await change(stores.worker, alice.record.id, an_intention("contact_point:changed", SYSTEM), by_others)
    assert warning not in text((await grace.get(path)).text)

    herself = an_intention("contact_point:changed", the_customer(alice.record.id))
    theirs = {f"contact_points/{point.id}/value": "mallory@example.com"}
    await change(stores.customer, alice.record.id, herself, theirs)
    shown = text((await grace.get(path)).text)
    assert warning in shown and "mallory@example.com (changed by the customer on " in shown

    # Another change of it takes the mark not away, time does
    ranked = {f"contact_points/{point.id}/rank": 9}
    await change(stores.worker, alice.record.id, an_intention("contact_point:ranked", SYSTEM), ranked)
    assert warning in text((await grace.get(path)).text)
    lately = await changed_lately(stores.staff.database, alice.record.id)
    assert list(lately) == [point.id]
    real = clock.now()
    monkeypatch.setattr(clock, "now", lambda: real + timedelta(days=8))
    assert await changed_lately(stores.staff.database, alice.record.id) == {}


async def test_no_invitation_is_made_for_an_address_that_is_changed_at_that_moment(
    stores: Stores, alice: StoredRecord
) -> None:
    point = next(p for p in alice.record.contact_points if p.system == "email")
    before = (point.id, "alice.marsh@example.com")

    with pytest.raises(Conflict, match="changed or removed a moment ago"):
        await invitations.invite(
            stores.staff, alice.record.id, GRACE, uuid4(), Evidence(), made_by="Grace Okafor", send_to=before
        )

    assert await actions_of(stores, alice) == []
    assert await invitations.of_customer(stores.staff.database, alice.record.id) is None


async def an_invitation(stores: Stores, customer: StoredRecord) -> invitations.Invitation:
    """As Grace makes one."""
    request = uuid4()
    await invitations.invite(stores.staff, customer.record.id, GRACE, request, Evidence(), made_by="Grace Okafor")
    found = await invitations.with_id(stores.staff.database, customer.record.id, request)
    assert found is not None
    return found


def an_account(subject: str) -> Account:
    return Account("main", "https://login.example", subject, subject)


def waiting(
    customer: StoredRecord, invitation: invitations.Invitation, subject: str, *, number: str | None = None
) -> Waiting:
    """Somebody who was asked, and says yes."""
    proof = Proof("main", "", clock.now(), None)
    return Waiting(customer.record.id, invitation.id, None, an_account(subject), number, proof)


@pytest.mark.asvs("10.2.1")
@pytest.mark.parametrize("site", ["cross-site", "same-site"])
async def test_another_sites_page_does_not_begin_the_login_by_itself(
    stores: Stores, grace: Person, mallory: Person, alice: StoredRecord, site: str
) -> None:
    await say_code(mallory, await invited(stores, grace, alice))

    led = await mallory.here.get("/invitation/main", headers={"sec-fetch-site": site, "sec-fetch-mode": "navigate"})
    clicked = await mallory.here.get(
        "/invitation/main",
        headers={"sec-fetch-site": site, "sec-fetch-user": "?1", "sec-fetch-dest": "document"},
    )

    assert led.status_code == 200 and 'href="/invitation/main"' in led.text
    assert clicked.status_code == 303
