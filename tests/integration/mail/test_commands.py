"""`portal work`, `portal mail` and `portal doctor` as an operator runs them: processes of their own."""

import asyncio
import signal
import sys
from pathlib import Path
from uuid import uuid4

from sqlalchemy import URL

from portal.mail import MailKind, mails
from portal.record.change import Intention, change
from portal.record.read import StoredRecord
from tests import commands
from tests.builders import SYSTEM
from tests.commands import environment
from tests.conftest import Stores
from tests.integration.jobs.looking import jobs_of, until, until_none_waits
from tests.integration.mail.mail_server import MailServer


def with_mail(url: URL, server: MailServer) -> dict[str, str]:
    mail = {"SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(server.port), "SMTP_TLS": "none", "MAIL_FROM": "us@example.com"}
    return environment(url, **mail)


async def begin(*arguments: str, env: dict[str, str], folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "portal", *arguments),
        env=env,
        cwd=folder,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def portal(*arguments: str, env: dict[str, str], folder: Path) -> tuple[int, str]:
    ended = await asyncio.to_thread(commands.portal, *arguments, env=env, folder=folder)
    return ended.returncode, ended.stdout + ended.stderr


async def a_letter(own: Stores, alice: StoredRecord) -> None:
    intention = Intention("login:linked", SYSTEM, uuid4(), notable=True, jobs=mails(MailKind.LOGIN_LINKED))
    await change(own.staff, alice.record.id, intention, {})


async def test_a_worker_that_is_killed_while_it_sends_leaves_the_letter_to_the_next(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord, tmp_path: Path
) -> None:
    env, database = with_mail(empty_database, server), own.worker.database
    server.late = 600
    await a_letter(own, alice)
    killed = await begin("work", env=env, folder=tmp_path)
    await until(lambda: len(server.taken) == 1)
    killed.send_signal(signal.SIGKILL)
    await killed.communicate()
    assert [job["status"] for job in await jobs_of(database)] == ["doing"]

    server.late = 0
    # A minute later.
    await database.fetch_all("UPDATE jobs.procrastinate_workers SET last_heartbeat = now() - interval '1 minute'")
    worker = await begin("work", env=env, folder=tmp_path)
    await until_none_waits(database)
    worker.send_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        said, _ = await worker.communicate()

    assert worker.returncode == 0, said.decode()
    first, second = server.taken
    assert first["Message-ID"] == second["Message-ID"]
    assert "alice@example.com" not in said.decode()
    assert await database.fetch_all("SELECT id FROM jobs.procrastinate_workers") == []


async def test_a_worker_that_is_told_to_stop_while_it_sends_gives_the_letter_back(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord, tmp_path: Path
) -> None:
    server.late = 600
    await a_letter(own, alice)
    worker = await begin("work", env=with_mail(empty_database, server), folder=tmp_path)
    await until(lambda: len(server.taken) == 1)

    worker.send_signal(signal.SIGTERM)
    async with asyncio.timeout(30):
        await worker.communicate()

    assert worker.returncode == 0
    assert [job["status"] for job in await jobs_of(own.worker.database)] == ["todo"]


async def test_a_trial(empty_database: URL, server: MailServer, tmp_path: Path) -> None:
    code, said = await portal(
        "mail", "test", "grace@example.com", env=with_mail(empty_database, server), folder=tmp_path
    )

    assert (code, said.strip()) == (0, "The mail server took it for grace@example.com.")
    assert server.addressed == ["grace@example.com"]


async def test_a_trial_that_fails_says_why(empty_database: URL, server: MailServer, tmp_path: Path) -> None:
    env = with_mail(empty_database, server)
    server.refuse_address = "550 5.1.1 no such user"
    refused = await portal("mail", "test", "grace@example.com", env=env, folder=tmp_path)
    wrong = await portal("mail", "test", "grace", env=env, folder=tmp_path)
    none = await portal("mail", "test", "grace@example.com", env=environment(empty_database), folder=tmp_path)

    assert refused == (1, "It was not sent: the mail server refuses the address: 550 5.1.1.\n")
    assert wrong == (1, "grace is no e-mail address.\n")
    assert none == (1, "No mail is sent: SMTP_HOST is empty.\nSet SMTP_HOST and MAIL_FROM.\n")


async def test_what_could_not_be_sent_is_listed_and_tried_again(
    own: Stores, empty_database: URL, server: MailServer, alice: StoredRecord, tmp_path: Path
) -> None:
    env, database = with_mail(empty_database, server), own.worker.database
    await a_letter(own, alice)
    await database.fetch_all("UPDATE jobs.procrastinate_jobs SET status = 'doing'")
    await database.fetch_all("UPDATE jobs.procrastinate_jobs SET status = 'failed', attempts = 1")
    await database.fetch_all(
        "INSERT INTO jobs.failure (job_id, why) SELECT id, 'refused: 550' FROM jobs.procrastinate_jobs"
    )

    code, said = await portal("mail", "status", env=env, folder=tmp_path)
    assert code == 0
    assert "0 waiting; 1 not sent." in said
    assert alice.record.number in said and "refused: 550" in said and "login_linked" in said

    assert await portal("mail", "retry", env=env, folder=tmp_path) == (0, "1 to be tried again.\n")
    assert [job["status"] for job in await jobs_of(database)] == ["todo"]


async def test_the_doctor_goes_to_the_mail_server(empty_database: URL, server: MailServer, tmp_path: Path) -> None:
    env = with_mail(empty_database, server)
    name = f"mail server 127.0.0.1:{server.port} (none), from us@example.com"
    _, well = await portal("doctor", env=env, folder=tmp_path)
    _, wrong = await portal("doctor", env={**env, "SMTP_TLS": "starttls"}, folder=tmp_path)
    _, none = await portal("doctor", env=environment(empty_database), folder=tmp_path)

    assert f"✓ {name}" in well
    assert f"✗ {name.replace('none', 'starttls')}" in wrong
    assert "offers no STARTTLS" in wrong
    assert "✓ mail: none is sent" in none
    assert server.taken == []
