"""Handing a message to a mail server, whatever the server does."""

from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from portal import clock
from portal.i18n import using
from portal.jobs.task import Hopeless, NotDone, NotNow
from portal.mail import smtp
from portal.mail.compose import Stationery, compose
from portal.mail.letters import trial
from portal.settings import Settings
from portal.web.brand import colours
from tests.integration.mail.certificates import issue
from tests.integration.mail.mail_server import MailServer, a_mail_server

ALICE = "alice@example.com"


def mail_settings(port: int, **more: Any) -> Settings:
    values = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_tls": "none", "mail_from": "service@example.com"}
    return Settings(_env_file=None, environment="development", **values | more)  # type: ignore[arg-type]


def a_message(settings: Settings, to: str = ALICE) -> tuple[EmailMessage, str]:
    stationery = Stationery.configured(settings, colours(settings))
    with using("en"):
        return compose(stationery, trial(stationery.sender), to=to, name="Alice", id=uuid4(), at=clock.now())


async def deliver(server: MailServer, *, to: str = ALICE, **more: Any) -> None:
    settings = mail_settings(server.port, **more)
    await smtp.deliver(settings, *a_message(settings, to))


async def test_a_server_takes_a_message() -> None:
    async with a_mail_server() as server:
        await deliver(server)

    [message] = server.taken
    assert server.addressed == [ALICE]
    assert message["To"] == ALICE
    assert message["From"] == "Customer profile <service@example.com>"


async def test_starttls_with_a_certificate_that_is_trusted(tmp_path: Path) -> None:
    ca_file, context = issue(tmp_path)
    async with a_mail_server(tls=context, starttls=True, password="secret") as server:
        await deliver(server, smtp_tls="starttls", smtp_ca_file=ca_file, smtp_username="portal", smtp_password="secret")

    assert len(server.taken) == 1


async def test_tls_from_the_first_byte(tmp_path: Path) -> None:
    ca_file, context = issue(tmp_path)
    async with a_mail_server(tls=context) as server:
        await deliver(server, smtp_tls="tls", smtp_ca_file=ca_file)

    assert len(server.taken) == 1


@pytest.mark.parametrize("tls", ["starttls", "tls"])
async def test_a_certificate_that_nobody_vouches_for_gets_no_mail(tmp_path: Path, tls: str) -> None:
    _, context = issue(tmp_path)
    async with a_mail_server(tls=context, starttls=tls == "starttls") as server:
        with pytest.raises(NotNow, match="certificate is not trusted"):
            await deliver(server, smtp_tls=tls)

    assert server.taken == []


async def test_a_server_without_starttls_gets_no_mail() -> None:
    async with a_mail_server() as server:
        with pytest.raises(NotNow, match="STARTTLS"):
            await deliver(server, smtp_tls="starttls")

    assert server.taken == []


async def test_a_wrong_password_is_the_settings_fault_and_not_the_messages(tmp_path: Path) -> None:
    ca_file, context = issue(tmp_path)
    async with a_mail_server(tls=context, starttls=True, password="secret") as server:
        with pytest.raises(NotNow, match="SMTP_PASSWORD: 535"):
            await deliver(
                server, smtp_tls="starttls", smtp_ca_file=ca_file, smtp_username="portal", smtp_password="guess"
            )


@pytest.mark.parametrize(
    ("answer", "kind", "told"),
    [
        ("550 5.1.1 <alice@example.com> unknown", Hopeless, "the mail server refuses the address: 550 5.1.1"),
        ("554 no", Hopeless, "the mail server refuses the address: 554"),
        ("450 4.2.1 <alice@example.com> busy", NotNow, "the mail server refuses the address: 450 4.2.1"),
        ("451 greylisted, come back", NotNow, "the mail server refuses the address: 451"),
    ],
)
async def test_a_refused_address(answer: str, kind: type[NotDone], told: str) -> None:
    async with a_mail_server() as server:
        server.refuse_address = answer
        with pytest.raises(kind) as refused:
            await deliver(server)

    assert str(refused.value) == told
    assert refused.value.__cause__ is None, "whose message may have the address in it"


@pytest.mark.parametrize(
    ("answer", "kind"), [("554 5.7.1 looks like spam to alice@example.com", Hopeless), ("452 4.3.1 disk full", NotNow)]
)
async def test_a_refused_message(answer: str, kind: type[NotDone]) -> None:
    async with a_mail_server() as server:
        server.refuse_message = answer
        with pytest.raises(kind, match=answer[:9]) as refused:
            await deliver(server)

    assert "alice" not in str(refused.value)


async def test_a_server_that_hangs_up_may_have_taken_it() -> None:
    async with a_mail_server() as server:
        server.drop = True
        with pytest.raises(NotNow, match="hung up"):
            await deliver(server)


async def test_a_server_that_answers_late_is_waited_for_but_not_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "ALL_SECONDS", 0.5)
    async with a_mail_server() as server:
        server.late = 0.1
        await deliver(server)
        server.late = 5
        with pytest.raises(NotNow, match="in time"):
            await deliver(server)


async def test_what_was_taken_stays_so_without_a_goodbye(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(smtp, "GOODBYE_SECONDS", 0.1)
    async with a_mail_server() as server:
        server.rude = True
        await deliver(server)

    assert len(server.taken) == 1


async def test_nobody_listens_there() -> None:
    async with a_mail_server() as server:
        port = server.port
    with pytest.raises(NotNow, match="cannot be reached"):
        await smtp.knock(mail_settings(port))


async def test_a_knock_hands_over_nothing() -> None:
    async with a_mail_server() as server:
        await smtp.knock(mail_settings(server.port))

    assert server.connections == 1
    assert server.taken == []


async def test_addresses_in_other_alphabets() -> None:
    async with a_mail_server() as server:
        await deliver(server, to="alice@münchen.example")
        with pytest.raises(Hopeless, match="alphabets"):
            await deliver(server, to="jürgen@example.com")
    async with a_mail_server(alphabets=True) as server_with:
        await deliver(server_with, to="jürgen@example.com")

    assert server.addressed == ["alice@xn--mnchen-3ya.example"]
    assert server_with.addressed == ["jürgen@example.com"]
