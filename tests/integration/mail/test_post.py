"""From the change to the mailbox: who gets which letter, where, and in which language; whatever happens on the way."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from email.message import EmailMessage
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import URL

from portal.contact_points.actions import change_contact_point, remove_contact_point
from portal.jobs import worker
from portal.jobs.status import again, status
from portal.mail import MailKind, addresses, invitation_mail, mails
from portal.mail.kinds import TASK
from portal.mail.post import Post
from portal.record.change import Changed, Intention, change
from portal.record.job import Jobs
from portal.record.read import StoredRecord
from portal.web.brand import colours
from tests.builders import SYSTEM, a_contact_point, a_customer, an_intention, the_customer
from tests.conftest import Stores, make_settings
from tests.integration.jobs.looking import jobs_of, until, until_none_waits
from tests.integration.mail.mail_server import MailServer, a_mail_server

CODE = "7F3K-XQ2M-9RTB-4HWD"
PROVIDER = {"issuer": "https://login.example.com", "client_id": "portal", "label": "Account", "label_de": "Kundenkonto"}


@asynccontextmanager
async def posting(own: Stores, empty_database: URL, server: MailServer, **more: Any) -> AsyncIterator[None]:
    """A worker that sends mail for the length of the block."""
    values: dict[str, Any] = {
        "smtp_host": "127.0.0.1",
        "smtp_port": server.port,
        "smtp_tls": "none",
        "mail_from": "service@example.com",
        "customer_oidc": {"main": PROVIDER},
    }
    settings = make_settings(empty_database, **values | more)
    stop = asyncio.Event()
    post = Post(settings, own.worker, colours(settings))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(worker.run({TASK: post}, own.worker.database, stop, look=0.05))
        try:
            yield
        finally:
            stop.set()


async def changed_with(own: Stores, whose: UUID, jobs: Jobs) -> Changed:
    intention = Intention("login:linked", SYSTEM, uuid4(), notable=True, jobs=jobs)
    outcome = await change(own.staff, whose, intention, {})
    assert isinstance(outcome, Changed)
    return outcome


def text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return " ".join(str(body.get_content()).split())


@pytest.mark.asvs("6.3.7")
async def test_a_new_login_is_told_to_every_address(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord
) -> None:
    second = a_contact_point("email", "alice@work.example", use="work", rank=3)
    await change(own.worker, alice.record.id, an_intention("contact_point:added", SYSTEM), second)
    await changed_with(own, alice.record.id, mails(MailKind.LOGIN_LINKED, provider="main"))

    async with posting(own, empty_database, server):
        await until_none_waits(own.worker.database)

    assert sorted(server.addressed) == ["alice@example.com", "alice@work.example"]
    assert all(len(message["To"].addresses) == 1 for message in server.taken), "nobody learns of the other address"
    [told] = {text(message) for message in server.taken}
    assert "Hello Alice Marsh," in told
    assert "was added to your customer record with Northwind" in told
    assert "Account" in told


async def test_in_the_language_and_time_zone_of_the_customer(
    own: Stores, empty_database: URL, server: MailServer
) -> None:
    bob = await a_customer(own.worker, given_name="Bob", family_name="Keller", language="de", time_zone="Europe/Berlin")
    await changed_with(own, bob.record.id, mails(MailKind.LOGIN_UNLINKED, provider="main"))

    async with posting(own, empty_database, server):
        await until_none_waits(own.worker.database)

    [message] = server.taken
    assert message["Content-Language"] == "de"
    assert "Guten Tag Bob Keller," in text(message)
    assert "(Europe/Berlin)" in text(message)
    assert "Kundenkonto" in text(message)


@pytest.mark.asvs("6.3.7")
async def test_whoever_came_in_cannot_keep_it_quiet_by_taking_the_address_away(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord
) -> None:
    await changed_with(own, alice.record.id, mails(MailKind.LOGIN_LINKED, provider="main"))
    [point] = addresses(alice.record)
    gone = dict.fromkeys(f"contact_points/{point.id}/{name}" for name in ("system", "value", "use", "rank"))
    mallory = an_intention("contact_point:removed", the_customer(alice.record.id))
    await change(own.customer, alice.record.id, mallory, gone)

    async with posting(own, empty_database, server):
        await until_none_waits(own.worker.database)

    assert server.addressed == [point.value]


@pytest.mark.asvs("6.3.7")
@pytest.mark.parametrize("becomes", ["mallory@example.com", None], ids=["changed", "removed"])
async def test_an_address_that_is_taken_out_is_told(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord, becomes: str | None
) -> None:
    [point] = addresses(alice.record)
    intention = an_intention("contact_point:changed", the_customer(alice.record.id))
    if becomes:
        await change_contact_point(own.customer, alice.record.id, intention, point.id, {"value": becomes})
    else:
        await remove_contact_point(own.customer, alice.record.id, intention, point.id)

    async with posting(own, empty_database, server):
        await until_none_waits(own.worker.database)

    assert server.addressed == [point.value]
    told = text(server.taken[0])
    assert "your address was in your customer record" in told and "your address is in" not in told
    assert "mallory" not in told


@pytest.mark.asvs("6.3.7")
async def test_what_a_provider_vouches_for_is_told_too_and_nobody_twice(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord
) -> None:
    for subject, email in (("1", "Alice@Example.com"), ("2", "alice@login.example"), ("3", "alice@login.example")):
        login = f"logins/{uuid4()}"
        values = {f"{login}/issuer": "https://login.example.com", f"{login}/subject": subject}
        await change(own.staff, alice.record.id, an_intention("login:linked", SYSTEM), values)
        await own.staff.database.fetch_all(
            "INSERT INTO portal.login_account (customer_id, login_id, provider, account, verified_email)"
            " SELECT customer_id, id, 'main', '', %s FROM portal.login WHERE customer_id = %s AND subject = %s",
            [email, alice.record.id, subject],
        )
    jobs = mails(MailKind.LOGIN_UNLINKED, provider="main", also="alice@removed.example")
    await changed_with(own, alice.record.id, jobs)
    assert "removed.example" not in str(await jobs_of(own.worker.database))

    async with posting(own, empty_database, server):
        await until_none_waits(own.worker.database)

    assert sorted(server.addressed) == ["alice@example.com", "alice@login.example", "alice@removed.example"]


@pytest.mark.asvs("6.3.7")
@pytest.mark.parametrize("vouched", [True, False], ids=["for the customer's", "for the other one"])
@pytest.mark.parametrize(
    ("real", "alike"),
    [
        ("rose@gro\u00df.example", "rose@gross.example"),
        ("fish@example.com", "\ufb01sh@example.com"),
        ("sam@example.com", "\u017fam@example.com"),
    ],
    ids=["sharp s", "ligature", "long s"],
)
async def test_an_address_that_looks_alike_takes_no_letter_away(
    own: Stores, empty_database: URL, real: str, alike: str, vouched: bool
) -> None:
    """One of the two is in the record, and for the other a provider vouches."""
    kept, said = (alike, real) if vouched else (real, alike)
    dora = await a_customer(own.worker, given_name="Dora", values=a_contact_point("email", kept))
    login = f"logins/{uuid4()}"
    values = {f"{login}/issuer": "https://login.example.com", f"{login}/subject": "1"}
    await change(own.staff, dora.record.id, an_intention("login:linked", SYSTEM), values)
    await own.staff.database.fetch_all(
        "INSERT INTO portal.login_account (customer_id, login_id, provider, account, verified_email)"
        " SELECT customer_id, id, 'main', '', %s FROM portal.login WHERE customer_id = %s",
        [said, dora.record.id],
    )
    await changed_with(own, dora.record.id, mails(MailKind.LOGIN_UNLINKED, provider="main"))

    async with a_mail_server(alphabets=True) as server, posting(own, empty_database, server):
        await until_none_waits(own.worker.database)

    assert len(set(server.addressed)) == 2


async def test_an_invitation_goes_to_the_first_address(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord
) -> None:
    [point] = addresses(alice.record)
    expires_at = datetime(2026, 12, 1, 9, 30, tzinfo=UTC)
    await changed_with(own, alice.record.id, invitation_mail(CODE, expires_at))
    waiting = str(await jobs_of(own.worker.database))
    assert CODE not in waiting and point.value not in waiting

    async with posting(own, empty_database, server):
        await until_none_waits(own.worker.database)

    assert server.addressed == [point.value]
    assert f"http://localhost:8000/invitation#{CODE}" in text(server.taken[0])
    assert await jobs_of(own.worker.database) == [], "the code is nowhere any more"


async def test_an_invitation_follows_no_address_that_is_changed_after_it_was_made(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord
) -> None:
    [point] = addresses(alice.record)
    to = (point.id, point.value)
    await changed_with(own, alice.record.id, invitation_mail(CODE, datetime.now(UTC), to=to))
    theirs = {f"contact_points/{point.id}/value": "mallory@example.com"}
    await change(
        own.customer, alice.record.id, an_intention("contact_point:changed", the_customer(alice.record.id)), theirs
    )

    async with posting(own, empty_database, server):
        await until_none_waits(own.worker.database)
        told = (await status(own.staff.database))[TASK]

    assert server.taken == []
    assert [failed.why for failed in told.failures] == ["the address was changed after the letter was asked for"]


async def test_an_invitation_to_an_address_that_is_gone_is_not_sent(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord
) -> None:
    [point] = addresses(alice.record)
    await changed_with(own, alice.record.id, invitation_mail(CODE, datetime.now(UTC), to=(point.id, point.value)))
    gone = dict.fromkeys(f"contact_points/{point.id}/{name}" for name in ("system", "value", "use", "rank"))
    await change(own.staff, alice.record.id, an_intention("contact_point:removed", SYSTEM), gone)

    async with posting(own, empty_database, server):
        await until_none_waits(own.worker.database)

    assert server.taken == []
    assert await jobs_of(own.worker.database) == []


async def test_a_record_without_an_address_has_nobody_to_tell(own: Stores) -> None:
    carol = await a_customer(own.worker, given_name="Carol", values={})
    assert addresses(carol.record) == []

    await changed_with(own, carol.record.id, mails(MailKind.LOGIN_LINKED))

    assert await jobs_of(own.worker.database) == []


async def test_a_refused_address_is_kept_for_a_person_and_can_be_tried_again(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord
) -> None:
    server.refuse_address = "550 5.1.1 <alice@example.com> unknown"
    await changed_with(own, alice.record.id, mails(MailKind.LOGIN_LINKED))

    async with posting(own, empty_database, server):
        await until_none_waits(own.worker.database)
        told = (await status(own.staff.database))[TASK]
        assert (told.waiting, told.failed) == (0, 1)
        [failed] = told.failures
        assert (failed.number, failed.kind, failed.attempts) == (alice.record.number, "login_linked", 1)
        assert failed.why == "the mail server refuses the address: 550 5.1.1"

        server.refuse_address = ""
        assert await again(own.worker.database, TASK, [failed.id]) == 1
        await until_none_waits(own.worker.database)

    assert server.addressed == ["alice@example.com"]
    assert await jobs_of(own.worker.database) == []


async def test_a_server_that_is_busy_is_asked_again_with_the_same_message_id(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord
) -> None:
    server.drop = True
    await changed_with(own, alice.record.id, mails(MailKind.LOGIN_LINKED))

    async with posting(own, empty_database, server):
        await until(lambda: len(server.taken) == 1)
        while not (await jobs_of(own.worker.database))[0]["why"]:
            await asyncio.sleep(0.02)
        server.drop = False
        await own.worker.database.fetch_all("UPDATE jobs.procrastinate_jobs SET scheduled_at = NULL")
        await until_none_waits(own.worker.database)

    first, second = server.taken
    assert first["Message-ID"] == second["Message-ID"], "so that whoever got both can tell"


async def test_without_a_mail_server_nothing_piles_up(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord
) -> None:
    await changed_with(own, alice.record.id, mails(MailKind.LOGIN_LINKED))

    async with posting(own, empty_database, server, smtp_host=""):
        await until_none_waits(own.worker.database)

    assert server.connections == 0
    assert await jobs_of(own.worker.database) == []
